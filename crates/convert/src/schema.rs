//! The columns of a table: what Parquet stores of them, and the names by which the sidecar of a text file keeps them.

use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit as ParquetUnit, Type as Physical};
use parquet::schema::types::{Type, TypePtr};

use crate::error::What;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int {
        bits: u8,
        signed: bool,
    },
    Float,
    Double,
    Text,
    Binary,
    /// Days since 1970-01-01.
    Date,
    /// Since 1970, in UTC or in a local time that the file does not name.
    Time {
        unit: Unit,
        utc: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    /// A list of `kind`.
    pub(crate) list: Option<List>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) nullable_elements: bool,
}

const NAMES: [(&str, Kind); 20] = [
    ("boolean", Kind::Bool),
    ("int8", Kind::Int { bits: 8, signed: true }),
    ("int16", Kind::Int { bits: 16, signed: true }),
    ("int32", Kind::Int { bits: 32, signed: true }),
    ("int64", Kind::Int { bits: 64, signed: true }),
    ("uint8", Kind::Int { bits: 8, signed: false }),
    ("uint16", Kind::Int { bits: 16, signed: false }),
    ("uint32", Kind::Int { bits: 32, signed: false }),
    ("uint64", Kind::Int { bits: 64, signed: false }),
    ("float", Kind::Float),
    ("double", Kind::Double),
    ("string", Kind::Text),
    ("binary", Kind::Binary),
    ("date", Kind::Date),
    ("timestamp_ms", Kind::Time { unit: Unit::Millis, utc: false }),
    ("timestamp_us", Kind::Time { unit: Unit::Micros, utc: false }),
    ("timestamp_ns", Kind::Time { unit: Unit::Nanos, utc: false }),
    ("timestamp_ms_utc", Kind::Time { unit: Unit::Millis, utc: true }),
    ("timestamp_us_utc", Kind::Time { unit: Unit::Micros, utc: true }),
    ("timestamp_ns_utc", Kind::Time { unit: Unit::Nanos, utc: true }),
];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|&&(_, kind)| kind == self).map_or("", |&(name, _)| name)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|&&(known, _)| known == name).map(|&(_, kind)| kind)
    }

    /// How Parquet stores it.
    pub(crate) fn physical(self) -> Physical {
        match self {
            Self::Bool => Physical::BOOLEAN,
            Self::Int { bits: 64, .. } | Self::Time { .. } => Physical::INT64,
            Self::Int { .. } | Self::Date => Physical::INT32,
            Self::Float => Physical::FLOAT,
            Self::Double => Physical::DOUBLE,
            Self::Text | Self::Binary => Physical::BYTE_ARRAY,
        }
    }

    fn logical(self) -> Option<LogicalType> {
        match self {
            // What Parquet takes a bare INT32 or INT64 for.
            Self::Int { bits: 32 | 64, signed: true } | Self::Bool | Self::Float | Self::Double | Self::Binary => None,
            Self::Int { bits, signed } => Some(LogicalType::integer(bits.cast_signed(), signed)),
            Self::Text => Some(LogicalType::String),
            Self::Date => Some(LogicalType::Date),
            Self::Time { unit, utc } => Some(LogicalType::timestamp(
                utc,
                match unit {
                    Unit::Millis => ParquetUnit::MILLIS,
                    Unit::Micros => ParquetUnit::MICROS,
                    Unit::Nanos => ParquetUnit::NANOS,
                },
            )),
        }
    }

    /// Nothing is guessed: a type that is not here would come out as another one.
    fn of(leaf: &Type) -> What<Self> {
        let info = leaf.get_basic_info();
        let unknown = || {
            let annotation = info.logical_type_ref().map_or_else(|| format!("{}", info.converted_type()), |logical| format!("{logical:?}"));
            format!(
                "column {} has the type {} ({annotation}), which has no form in all of csv, json and parquet",
                leaf.name(),
                leaf.get_physical_type()
            )
        };
        let plain = match leaf.get_physical_type() {
            Physical::BOOLEAN => Self::Bool,
            Physical::INT32 => Self::Int { bits: 32, signed: true },
            Physical::INT64 => Self::Int { bits: 64, signed: true },
            Physical::FLOAT => Self::Float,
            Physical::DOUBLE => Self::Double,
            Physical::BYTE_ARRAY => Self::Binary,
            Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY => return Err(unknown()),
        };
        let kind = match (info.logical_type_ref(), info.converted_type()) {
            (Some(LogicalType::Integer(int)), _) => Self::Int { bits: int.bit_width.cast_unsigned(), signed: int.is_signed },
            (Some(LogicalType::String | LogicalType::Json | LogicalType::Enum), _) => Self::Text,
            (Some(LogicalType::Date), _) => Self::Date,
            (Some(LogicalType::Timestamp(time)), _) => Self::Time {
                utc: time.is_adjusted_to_u_t_c,
                unit: match time.unit {
                    ParquetUnit::MILLIS => Unit::Millis,
                    ParquetUnit::MICROS => Unit::Micros,
                    ParquetUnit::NANOS => Unit::Nanos,
                },
            },
            (None, converted) => match converted {
                ConvertedType::NONE => plain,
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Self::Text,
                ConvertedType::DATE => Self::Date,
                ConvertedType::TIMESTAMP_MILLIS => Self::Time { unit: Unit::Millis, utc: true },
                ConvertedType::TIMESTAMP_MICROS => Self::Time { unit: Unit::Micros, utc: true },
                ConvertedType::INT_8 => Self::Int { bits: 8, signed: true },
                ConvertedType::INT_16 => Self::Int { bits: 16, signed: true },
                ConvertedType::INT_32 => Self::Int { bits: 32, signed: true },
                ConvertedType::INT_64 => Self::Int { bits: 64, signed: true },
                ConvertedType::UINT_8 => Self::Int { bits: 8, signed: false },
                ConvertedType::UINT_16 => Self::Int { bits: 16, signed: false },
                ConvertedType::UINT_32 => Self::Int { bits: 32, signed: false },
                ConvertedType::UINT_64 => Self::Int { bits: 64, signed: false },
                _ => return Err(unknown()),
            },
            _ => return Err(unknown()),
        };
        if kind.physical() == leaf.get_physical_type() { Ok(kind) } else { Err(unknown()) }
    }
}

impl Field {
    /// Levels of definition: how many of the nested optional and repeated parts of a value are there.
    pub(crate) fn most_defined(&self) -> i16 {
        i16::from(self.nullable) + self.list.map_or(0, |list| 1 + i16::from(list.nullable_elements))
    }

    /// The definition level of an empty list.
    pub(crate) fn empty_list(&self) -> i16 {
        i16::from(self.nullable)
    }

    fn of(column: &Type) -> What<Self> {
        let nested = || format!("column {} is nested; only lists of plain values have a form in csv", column.name());
        let nullable = match column.get_basic_info().repetition() {
            Repetition::OPTIONAL => true,
            Repetition::REQUIRED => false,
            Repetition::REPEATED => return Err(nested()),
        };
        let name = column.name().to_owned();
        if column.is_primitive() {
            return Ok(Self { name, kind: Kind::of(column)?, nullable, list: None });
        }
        let info = column.get_basic_info();
        let is_list = matches!(info.logical_type_ref(), Some(LogicalType::List)) || info.converted_type() == ConvertedType::LIST;
        let [repeated] = column.get_fields() else { return Err(nested()) };
        if !is_list || repeated.get_basic_info().repetition() != Repetition::REPEATED || repeated.is_primitive() {
            return Err(nested());
        }
        let [element] = repeated.get_fields() else { return Err(nested()) };
        if !element.is_primitive() || element.get_basic_info().repetition() == Repetition::REPEATED {
            return Err(nested());
        }
        let nullable_elements = element.get_basic_info().repetition() == Repetition::OPTIONAL;
        let kind = Kind::of(element).map_err(|what| what.replacen(element.name(), &name, 1))?;
        Ok(Self { name, kind, nullable, list: Some(List { nullable_elements }) })
    }

    fn to_type(&self) -> What<TypePtr> {
        let repetition = |nullable| if nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let leaf = |name: &str, nullable| {
            Type::primitive_type_builder(name, self.kind.physical())
                .with_repetition(repetition(nullable))
                .with_logical_type(self.kind.logical())
                .build()
                .map(Arc::new)
        };
        let build = || match self.list {
            None => leaf(&self.name, self.nullable),
            Some(list) => {
                let element = leaf("element", list.nullable_elements)?;
                let repeated = Type::group_type_builder("list").with_repetition(Repetition::REPEATED).with_fields(vec![element]).build()?;
                Type::group_type_builder(&self.name)
                    .with_repetition(repetition(self.nullable))
                    .with_logical_type(Some(LogicalType::List))
                    .with_fields(vec![Arc::new(repeated)])
                    .build()
                    .map(Arc::new)
            }
        };
        build().map_err(|error| error.to_string())
    }
}

/// The columns of a Parquet file.
pub(crate) fn fields_of(root: &Type) -> What<Vec<Field>> {
    root.get_fields().iter().map(|column| Field::of(column)).collect()
}

/// The same the other way.
pub(crate) fn to_parquet(table: &str, fields: &[Field]) -> What<TypePtr> {
    let columns = fields.iter().map(Field::to_type).collect::<What<Vec<_>>>()?;
    let root = Type::group_type_builder(table).with_fields(columns).build();
    root.map(Arc::new).map_err(|error| error.to_string())
}
