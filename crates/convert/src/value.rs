//! One value, and its text in CSV and JSON.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_core::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use crate::error::What;
use crate::schema::{Kind, Unit};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f32),
    Double(f64),
    Text(&'a str),
    Binary(Cow<'a, [u8]>),
    Date(i32),
    Time { value: i64, unit: Unit, utc: bool },
}

const TIME: &str = "%Y-%m-%dT%H:%M:%S%.f";

impl<'a> Value<'a> {
    /// The value of that kind which is written like this; `None` where there is none.
    pub(crate) fn parse(kind: Kind, text: &'a str) -> Option<Self> {
        Some(match kind {
            Kind::Bool => Self::Bool(match text {
                "true" => true,
                "false" => false,
                _ => return None,
            }),
            Kind::Int { bits, signed: true } => Self::Int(fits_signed(text.parse().ok()?, bits)?),
            Kind::Int { bits, signed: false } => Self::Unsigned(fits_unsigned(text.parse().ok()?, bits)?),
            Kind::Float => Self::Float(text.parse().ok()?),
            Kind::Double => Self::Double(text.parse().ok()?),
            Kind::Text => Self::Text(text),
            Kind::Binary => Self::Binary(STANDARD.decode(text).ok()?.into()),
            Kind::Date => {
                let days = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.signed_duration_since(NaiveDate::default()).num_days();
                Self::Date(i32::try_from(days).ok()?)
            }
            Kind::Time { unit, utc } => {
                let time = NaiveDateTime::parse_from_str(if utc { text.strip_suffix('Z')? } else { text }, TIME).ok()?.and_utc();
                let value = match unit {
                    Unit::Millis => time.timestamp_millis(),
                    Unit::Micros => time.timestamp_micros(),
                    Unit::Nanos => time.timestamp_nanos_opt()?,
                };
                Self::Time { value, unit, utc }
            }
        })
    }

    pub(crate) fn from_json(kind: Kind, json: &'a Json) -> Option<Self> {
        Some(match (kind, json) {
            (Kind::Bool, Json::Bool(value)) => Self::Bool(*value),
            (Kind::Int { bits, signed: true }, Json::Int(value)) => Self::Int(fits_signed(*value, bits)?),
            (Kind::Int { bits, signed: false }, Json::Int(value)) => Self::Unsigned(fits_unsigned(u64::try_from(*value).ok()?, bits)?),
            (Kind::Int { bits, signed: false }, Json::Unsigned(value)) => Self::Unsigned(fits_unsigned(*value, bits)?),
            #[expect(clippy::cast_possible_truncation, reason = "it was an f32 before it was written")]
            (Kind::Float, Json::Double(value)) => Self::Float(*value as f32),
            (Kind::Double, Json::Double(value)) => Self::Double(*value),
            // Beyond 2^53 a whole number may have no floating-point one.
            #[expect(clippy::cast_precision_loss, reason = "the range is checked")]
            (Kind::Double, Json::Int(value)) if value.unsigned_abs() <= 1 << 53 => Self::Double(*value as f64),
            #[expect(clippy::cast_precision_loss, reason = "the range is checked")]
            (Kind::Float, Json::Int(value)) if value.unsigned_abs() <= 1 << 24 => Self::Float(*value as f32),
            (Kind::Float | Kind::Double, Json::Text(text)) if NOT_FINITE.contains(&text.as_str()) => Self::parse(kind, text)?,
            (Kind::Text | Kind::Binary | Kind::Date | Kind::Time { .. }, Json::Text(text)) => Self::parse(kind, text)?,
            _ => return None,
        })
    }

    /// The text of it, without quotes. Every text reads back as the same value.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> What<()> {
        match self {
            Self::Bool(value) => append(out, value),
            Self::Int(value) => append(out, value),
            Self::Unsigned(value) => append(out, value),
            Self::Float(value) if value.is_finite() => append(out, format_args!("{value:?}")),
            Self::Double(value) if value.is_finite() => append(out, format_args!("{value:?}")),
            Self::Float(value) => append(out, not_finite((*value).into())),
            Self::Double(value) => append(out, not_finite(*value)),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Binary(bytes) => append(out, STANDARD.encode(bytes)),
            Self::Date(days) => {
                let date = NaiveDate::from_epoch_days(*days).ok_or_else(|| format!("{days} days since 1970 are no date"))?;
                append(out, date.format("%Y-%m-%d"));
            }
            Self::Time { value, unit, utc } => {
                let time = match unit {
                    Unit::Millis => DateTime::from_timestamp_millis(*value),
                    Unit::Micros => DateTime::from_timestamp_micros(*value),
                    Unit::Nanos => Some(DateTime::from_timestamp_nanos(*value)),
                };
                let time = time.ok_or_else(|| format!("{value} since 1970 is no time of a calendar"))?;
                append(out, time.naive_utc().format(TIME));
                if *utc {
                    out.push(b'Z');
                }
            }
        }
        Ok(())
    }

    /// Appends it as JSON.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) -> What<()> {
        match self {
            Self::Text(text) => serde_json::to_writer(&mut *out, text).map_err(|error| error.to_string()),
            Self::Bool(_) | Self::Int(_) | Self::Unsigned(_) => self.write(out),
            Self::Float(value) if value.is_finite() => self.write(out),
            Self::Double(value) if value.is_finite() => self.write(out),
            _ => {
                // Neither base64 nor a time has a character that JSON escapes.
                out.push(b'"');
                self.write(out)?;
                out.push(b'"');
                Ok(())
            }
        }
    }
}

const NOT_FINITE: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        NOT_FINITE[0]
    } else if value > 0.0 {
        NOT_FINITE[1]
    } else {
        NOT_FINITE[2]
    }
}

fn append(out: &mut Vec<u8>, text: impl fmt::Display) {
    // Writing to a `Vec` cannot fail.
    let _ = write!(out, "{text}");
}

fn fits_signed(value: i64, bits: u8) -> Option<i64> {
    let unused = 64 - u32::from(bits);
    (value << unused >> unused == value).then_some(value)
}

fn fits_unsigned(value: u64, bits: u8) -> Option<u64> {
    let unused = 64 - u32::from(bits);
    (value << unused >> unused == value).then_some(value)
}

/// A JSON value that a table can hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64::MAX`.
    Unsigned(u64),
    Double(f64),
    Text(String),
    List(Vec<Json>),
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Unsigned(value) => value.fmt(f),
            Self::Double(value) => value.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(elements) => write!(f, "a list of {}", elements.len()),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, true, false, a number, a text or a list of these")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Int(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(i64::try_from(value).map_or(Json::Unsigned(value), Json::Int))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Double(value))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = elements.next_element()? {
                    list.push(element);
                }
                Ok(Json::List(list))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
