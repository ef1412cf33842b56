//! Values of the language.

mod compare;
mod context;
mod function;
mod json;
mod list;
mod range;
mod text;

use std::sync::Arc;

pub(super) use self::function::{Captured, Closure, Frame as CapturedFrame};
pub use self::{
    context::Entries,
    function::Function,
    list::List,
    range::{Bound, Range},
};
use super::{
    number::Number,
    temporal::{
        Date, DayTimeDuration, LocalDateTime, LocalTime, YearMonthDuration, ZonedDateTime, ZonedTime,
    },
};

/// A value. Cloning is cheap: text, lists and contexts are shared.
#[derive(Debug, Clone)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A decimal number.
    Number(Number),
    /// Text.
    String(Arc<str>),
    /// A day of the calendar.
    Date(Date),
    /// A time of day without a zone.
    LocalTime(LocalTime),
    /// A time of day with an offset or a zone.
    Time(ZonedTime),
    /// A date and time without a zone.
    LocalDateTime(LocalDateTime),
    /// A date and time with an offset or a zone.
    DateTime(ZonedDateTime),
    /// Years and months.
    YearMonthDuration(YearMonthDuration),
    /// Days, hours, minutes and seconds.
    DayTimeDuration(DayTimeDuration),
    /// Values in order.
    List(List),
    /// Values by key.
    Context(Arc<Entries>),
    /// All values between two.
    Range(Arc<Range>),
    /// A function of the expression.
    Function(Arc<Function>),
    /// A failure that `for` has put into its list, as the reference does. Taken out of the list, it fails again.
    Error(Arc<str>),
}

/// The kinds of values; two values compare only if they are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the variants of Value")]
pub enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Date,
    LocalTime,
    Time,
    LocalDateTime,
    DateTime,
    YearMonthDuration,
    DayTimeDuration,
    List,
    Context,
    Range,
    Function,
    Error,
}

impl Kind {
    /// As `instance of` and messages name it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Date => "date",
            Kind::LocalTime | Kind::Time => "time",
            Kind::LocalDateTime | Kind::DateTime => "date and time",
            Kind::YearMonthDuration => "years and months duration",
            Kind::DayTimeDuration => "days and time duration",
            Kind::List => "list",
            Kind::Context => "context",
            Kind::Range => "range",
            Kind::Function => "function",
            Kind::Error => "error",
        }
    }

    /// Whether values of this kind lie on a line, so that they can bound a range.
    pub(super) fn is_point(self) -> bool {
        match self {
            Kind::Number
            | Kind::Date
            | Kind::LocalTime
            | Kind::Time
            | Kind::LocalDateTime
            | Kind::DateTime
            | Kind::YearMonthDuration
            | Kind::DayTimeDuration => true,
            Kind::Null
            | Kind::Boolean
            | Kind::String
            | Kind::List
            | Kind::Context
            | Kind::Range
            | Kind::Function
            | Kind::Error => false,
        }
    }
}

impl Value {
    /// What kind of value this is.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null => Kind::Null,
            Value::Boolean(_) => Kind::Boolean,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Date(_) => Kind::Date,
            Value::LocalTime(_) => Kind::LocalTime,
            Value::Time(_) => Kind::Time,
            Value::LocalDateTime(_) => Kind::LocalDateTime,
            Value::DateTime(_) => Kind::DateTime,
            Value::YearMonthDuration(_) => Kind::YearMonthDuration,
            Value::DayTimeDuration(_) => Kind::DayTimeDuration,
            Value::List(_) => Kind::List,
            Value::Context(_) => Kind::Context,
            Value::Range(_) => Kind::Range,
            Value::Function(_) => Kind::Function,
            Value::Error(_) => Kind::Error,
        }
    }

    /// A list of values.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(List::new(items))
    }

    /// A string.
    pub fn string(text: impl Into<Arc<str>>) -> Value {
        Value::String(text.into())
    }

    /// How big the value is when every shared part is counted wherever it occurs.
    pub(super) fn extent(&self) -> Extent {
        match self {
            Value::List(list) => list.extent(),
            Value::Context(entries) => entries.extent(),
            Value::String(text) => Extent { depth: 0, weight: 1 + text.len() as u64 / 32 },
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::Date(_)
            | Value::LocalTime(_)
            | Value::Time(_)
            | Value::LocalDateTime(_)
            | Value::DateTime(_)
            | Value::YearMonthDuration(_)
            | Value::DayTimeDuration(_)
            | Value::Range(_)
            | Value::Function(_)
            | Value::Error(_) => Extent { depth: 0, weight: 1 },
        }
    }
}

/// How deep a value is nested and how much it holds. Both are bounded, so that comparing, printing and dropping a value
/// never takes more than its bounds, however often its parts are shared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) depth: u32,
    pub(super) weight: u64,
}

impl Extent {
    /// The extent of a container with these parts.
    pub(super) fn around<'a>(parts: impl Iterator<Item = &'a Value>) -> Extent {
        let mut extent = Extent { depth: 1, weight: 1 };
        for part in parts {
            extent.add(part.extent());
        }
        extent
    }

    pub(super) fn add(&mut self, part: Extent) {
        self.depth = self.depth.max(part.depth + 1);
        self.weight = self.weight.saturating_add(part.weight);
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Number(value.into())
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Value {
        Value::Number(i64::try_from(value).unwrap_or(i64::MAX).into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text.into())
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        Value::Number(number)
    }
}

impl From<Entries> for Value {
    fn from(entries: Entries) -> Value {
        Value::Context(Arc::new(entries))
    }
}
