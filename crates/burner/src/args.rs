//! `key=value` words, sizes and times.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use crate::Failure;
use crate::report::Report;

/// What stands after the scenario. Each key is taken once; [`Args::finish`] refuses what nobody took.
#[derive(Debug, Default)]
pub struct Args {
    values: Vec<(String, String)>,
    command: Vec<OsString>,
}

impl Args {
    /// Splits at the first `--`.
    pub fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let mut values = Vec::new();
        while let Some(word) = words.next() {
            if word == "--" {
                return Ok(Self { values, command: words.collect() });
            }
            let text = word.into_string().map_err(|word| format!("{} is not UTF-8", word.display()))?;
            let (key, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not key=value"))?;
            values.push((key.to_owned(), value.to_owned()));
        }
        Ok(Self { values, command: Vec::new() })
    }

    /// The text of `key`, if it was given.
    pub fn text(&mut self, key: &str) -> Option<String> {
        let index = self.values.iter().position(|(given, _)| given == key)?;
        Some(self.values.swap_remove(index).1)
    }

    /// A size in bytes that has to be given.
    pub fn size(&mut self, key: &str) -> Result<usize, Failure> {
        self.text(key).ok_or_else(|| format!("{key}= is missing"))?.parse_with(key, parse_size)
    }

    /// A size in bytes with a default.
    pub fn size_or(&mut self, key: &str, default: usize) -> Result<usize, Failure> {
        self.text(key).map_or(Ok(default), |text| text.parse_with(key, parse_size))
    }

    /// A comma-separated list of sizes in bytes that has to be given.
    pub fn sizes(&mut self, key: &str) -> Result<Vec<usize>, Failure> {
        let text = self.text(key).ok_or_else(|| format!("{key}= is missing"))?;
        text.split(',').map(|part| part.parse_with(key, parse_size)).collect()
    }

    /// A time with a default in milliseconds.
    pub fn time_or(&mut self, key: &str, default_ms: u64) -> Result<Duration, Failure> {
        self.text(key).map_or(Ok(Duration::from_millis(default_ms)), |text| text.parse_with(key, parse_time))
    }

    /// A number with a default.
    pub fn count_or(&mut self, key: &str, default: usize) -> Result<usize, Failure> {
        self.text(key).map_or(Ok(default), |text| text.parse_with(key, |text| text.parse().ok()))
    }

    /// The command after `--`, ready for exec; empty if there was none.
    pub fn command(&mut self) -> Result<Vec<CString>, Failure> {
        let words = std::mem::take(&mut self.command);
        words.into_iter().map(|word| CString::new(word.into_vec()).map_err(Failure::from)).collect()
    }

    /// Refuses keys and a command that the scenario did not take, and opens the report.
    pub fn finish(mut self, scenario: &'static str) -> Result<Report, Failure> {
        let target = self.text("report");
        if let Some((key, _)) = self.values.first() {
            return Err(format!("{scenario} does not know {key}=, or it was given twice; --help lists the keys").into());
        }
        if let Some(word) = self.command.first() {
            return Err(format!("{scenario} takes no command ({})", word.display()).into());
        }
        Report::new(scenario, target)
    }
}

trait ParseWith {
    fn parse_with<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Failure>;
}

impl ParseWith for str {
    fn parse_with<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
        parse(self).ok_or_else(|| format!("{key}={self} is not usable; --help shows what is").into())
    }
}

fn parse_size(text: &str) -> Option<usize> {
    let (digits, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let factor = match unit {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

fn parse_time(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let number: u64 = digits.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Args {
        Args::parse(words.iter().map(OsString::from)).expect("words parse")
    }

    #[test]
    fn sizes_and_times_carry_their_units() {
        let mut given = args(&["size=512K", "sizes=1M,2G", "hold=2s", "stagger=30ms"]);
        assert_eq!(given.size("size").unwrap(), 512 << 10);
        assert_eq!(given.sizes("sizes").unwrap(), [1 << 20, 2 << 30]);
        assert_eq!(given.time_or("hold", 1).unwrap(), Duration::from_secs(2));
        assert_eq!(given.time_or("stagger", 1).unwrap(), Duration::from_millis(30));
        assert_eq!(given.time_or("absent", 7).unwrap(), Duration::from_millis(7));
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        assert!(args(&["size=512"]).size("size").is_err());
        assert!(args(&["hold=5"]).time_or("hold", 1).is_err());
        assert!(args(&["size=M"]).size("size").is_err());
    }

    #[test]
    fn a_key_that_nobody_took_is_refused() {
        let error = args(&["sized=1M"]).finish("private").expect_err("refused");
        assert!(error.to_string().contains("sized="), "{error}");
    }

    #[test]
    fn what_follows_the_first_dashes_is_the_command() {
        let mut given = args(&["after=1s", "--", "sh", "-c", "a=b", "--"]);
        let command = given.command().unwrap();
        assert_eq!(command.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>(), ["sh", "-c", "a=b", "--"]);
    }
}
