//! The rows of a table, by the column names that the versions of the Python `MyMonitor` used, in any case.

use chrono::{DateTime, NaiveDateTime};

use crate::column::{Batch, Cell, Cursor};
use crate::error::What;
use crate::schema::{Field, Unit};
use crate::value::Value;

/// The names of each part, the better one first.
const NAMES: [(Part, &[&str]); 9] = [
    (Part::Time, &["epoch", "timestamp_epoch", "timestamp"]),
    (Part::Pid, &["pid"]),
    (Part::Name, &["command_name", "process_name", "name", "command"]),
    (Part::Command, &["full_command", "command_line", "cmdline", "command"]),
    (Part::Major, &["major_category"]),
    (Part::Minor, &["minor_category"]),
    (Part::Pss, &["pss_kb"]),
    (Part::Uss, &["uss_kb"]),
    (Part::Rss, &["rss_kb"]),
];
/// In versions that stored sums, too, what a row is.
const RECORD_TYPE: &str = "record_type";
const PROCESS: &str = "process";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Time,
    Pid,
    Name,
    Command,
    Major,
    Minor,
    Pss,
    Uss,
    Rss,
}

/// Where the parts stand.
pub(super) struct Columns {
    /// By [`Part`].
    index: [Option<usize>; NAMES.len()],
    record_type: Option<usize>,
}

/// A sample of a process.
pub(super) struct Row<'a> {
    pub(super) time_us: i64,
    pub(super) pid: u32,
    name: Option<&'a str>,
    command: Option<&'a str>,
    pub(super) category: Option<(&'a str, &'a str)>,
    pub(super) pss_kb: Option<u64>,
    pub(super) uss_kb: Option<u64>,
    pub(super) rss_kb: Option<u64>,
}

impl Columns {
    pub(super) fn find(fields: &[Field]) -> What<Self> {
        let position = |name: &str| fields.iter().position(|field| field.name.eq_ignore_ascii_case(name) && field.list.is_none());
        let columns = Self { index: NAMES.map(|(_, names)| names.iter().copied().find_map(position)), record_type: position(RECORD_TYPE) };
        let lacks = |what: &str| {
            Err(format!(
                "it is no table of the Python MyMonitor: it has no column {what}; to convert it as it is, give OUT the ending .csv, .json or .parquet"
            ))
        };
        if columns.of(Part::Time).is_none() {
            return lacks("timestamp or epoch");
        }
        if columns.of(Part::Pid).is_none() {
            return lacks("pid");
        }
        if columns.of(Part::Pss).or(columns.of(Part::Rss)).is_none() {
            return lacks("PSS_KB or RSS_KB");
        }
        Ok(columns)
    }

    fn of(&self, part: Part) -> Option<usize> {
        self.index[part as usize]
    }

    pub(super) fn has(&self, part: Part) -> bool {
        self.of(part).is_some()
    }

    /// Hands over each row, `None` for one that is no sample of a process.
    pub(super) fn rows(&self, batch: &Batch, mut take: impl FnMut(Option<Row<'_>>) -> What<()>) -> What<()> {
        let mut cursors: Vec<_> = batch.columns.iter().map(Cursor::new).collect();
        let mut values = Vec::with_capacity(cursors.len());
        for _ in 0..batch.rows {
            values.clear();
            for cursor in &mut cursors {
                values.push(match cursor.next()? {
                    Cell::One(value) => Some(value),
                    Cell::Null | Cell::List(_) => None,
                });
            }
            take(self.row(&values)?)?;
        }
        Ok(())
    }

    fn row<'a>(&self, values: &[Option<Value<'a>>]) -> What<Option<Row<'a>>> {
        let value = |part| self.of(part).and_then(|index| values[index].as_ref());
        let kind = self.record_type.and_then(|index| values[index].as_ref()).and_then(text);
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case(PROCESS)) {
            return Ok(None);
        }
        let size = |part: Part| value(part).map(|value| whole(value).ok_or_else(|| unfit(part, value))).transpose();
        let time = value(Part::Time).map(|value| time_us(value).ok_or_else(|| unfit(Part::Time, value))).transpose()?;
        let pid = size(Part::Pid)?.and_then(|pid| u32::try_from(pid).ok());
        let (pss_kb, uss_kb, rss_kb) = (size(Part::Pss)?, size(Part::Uss)?, size(Part::Rss)?);
        let (Some(time_us), Some(pid), Some(_)) = (time, pid, pss_kb.or(rss_kb)) else { return Ok(None) };
        let words = |part| value(part).and_then(text);
        let category = words(Part::Major).map(|major| (major, words(Part::Minor).unwrap_or(major)));
        Ok(Some(Row { time_us, pid, name: words(Part::Name), command: words(Part::Command), category, pss_kb, uss_kb, rss_kb }))
    }
}

impl<'a> Row<'a> {
    /// The whole command line, as far as the table has it.
    pub(super) fn command(&self) -> &'a str {
        self.command.or(self.name).unwrap_or("")
    }

    /// The base name of the program.
    pub(super) fn name(&self) -> &'a str {
        let name = self.name.or(self.command).unwrap_or("");
        let program = name.split_whitespace().next().unwrap_or("");
        program.rsplit('/').next().unwrap_or(program)
    }
}

fn unfit(part: Part, value: &Value<'_>) -> String {
    let (name, expected) = match part {
        Part::Time => ("the time", "seconds since 1970 or a date and time"),
        Part::Pid => ("the pid", "a whole number"),
        _ => ("a size", "a number of KiB"),
    };
    format!("{name} is {value:?}, expected {expected}")
}

fn text<'a>(value: &Value<'a>) -> Option<&'a str> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

/// Sizes were stored as whole numbers and as floating ones.
fn whole(value: &Value<'_>) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    let rounded = |value: f64| (0.0..9e15).contains(&value).then(|| value.round() as u64);
    match value {
        Value::Int(value) => u64::try_from(*value).ok(),
        Value::Unsigned(value) => Some(*value),
        Value::Float(value) => rounded((*value).into()),
        Value::Double(value) => rounded(*value),
        Value::Text(text) => rounded(text.parse().ok()?),
        _ => None,
    }
}

/// Microseconds since 1970.
fn time_us(value: &Value<'_>) -> Option<i64> {
    // As seconds these would be beyond the year 5000, so they are smaller units.
    const UNITS: [(f64, f64); 4] = [(1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (f64::INFINITY, 1e-3)];
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    let scaled = |value: f64| {
        let (_, factor) = UNITS.into_iter().find(|&(limit, _)| value < limit)?;
        (0.0..9e18).contains(&(value * factor)).then(|| (value * factor).round() as i64)
    };
    match value {
        #[expect(clippy::cast_precision_loss, reason = "below 2^53 in any unit but nanoseconds, where microseconds are what is wanted")]
        Value::Int(value) => scaled(*value as f64),
        Value::Double(value) => scaled(*value),
        Value::Time { value, unit, .. } => Some(match unit {
            Unit::Millis => value.checked_mul(1000)?,
            Unit::Micros => *value,
            Unit::Nanos => value / 1000,
        }),
        Value::Text(text) => text.parse().ok().and_then(scaled).or_else(|| calendar_us(text)),
        _ => None,
    }
}

fn calendar_us(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Some(time.timestamp_micros());
    }
    let time = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"].iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(time.and_utc().timestamp_micros())
}
