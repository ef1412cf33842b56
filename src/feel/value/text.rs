//! Values as text: what `string()` gives, and how messages show them.

use std::fmt::{self, Write};

use super::{Bound, Range, Value};

impl Value {
    /// What `string()` gives: a string as it is, inside lists and contexts in quotes, but not escaped.
    pub fn to_text(&self) -> String {
        if let Value::String(text) = self { text.to_string() } else { self.to_string() }
    }

    fn write(&self, out: &mut impl Write) -> fmt::Result {
        match self {
            Value::Null => out.write_str("null"),
            Value::Boolean(value) => write!(out, "{value}"),
            Value::Number(value) => write!(out, "{value}"),
            Value::String(text) => write!(out, "\"{text}\""),
            Value::Date(value) => write!(out, "{value}"),
            Value::LocalTime(value) => write!(out, "{value}"),
            Value::Time(value) => write!(out, "{value}"),
            Value::LocalDateTime(value) => write!(out, "{value}"),
            Value::DateTime(value) => write!(out, "{value}"),
            Value::YearMonthDuration(value) => write!(out, "{value}"),
            Value::DayTimeDuration(value) => write!(out, "{value}"),
            Value::List(list) => {
                out.write_char('[')?;
                for (index, item) in list.iter().enumerate() {
                    out.write_str(if index > 0 { ", " } else { "" })?;
                    item.write(out)?;
                }
                out.write_char(']')
            }
            Value::Context(entries) => {
                out.write_char('{')?;
                for (index, (key, value)) in entries.in_reference_order().into_iter().enumerate() {
                    write!(out, "{}{key}:", if index > 0 { ", " } else { "" })?;
                    value.write(out)?;
                }
                out.write_char('}')
            }
            Value::Range(range) => range.write(out),
            Value::Function(function) => {
                write!(out, "function({})", function.parameters().collect::<Vec<_>>().join(", "))
            }
            Value::Error(message) => write!(out, "error(\"{message}\")"),
        }
    }

    /// For messages: like [`fmt::Display`], but never long.
    pub(in crate::feel) fn shown(&self) -> String {
        const LONGEST: usize = 60;
        let mut text = Limited { text: String::new(), left: LONGEST };
        if self.write(&mut text).is_err() {
            text.text.push('…');
        }
        text.text
    }
}

/// Refuses more than a number of characters.
struct Limited {
    text: String,
    left: usize,
}

impl Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(char);
        }
        Ok(())
    }
}

impl Range {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        let bracket = |bound: &Bound, closed, open| if bound.closed { closed } else { open };
        out.write_char(bracket(&self.start, '[', '('))?;
        self.start.value.write(out)?;
        out.write_str("..")?;
        self.end.value.write(out)?;
        out.write_char(bracket(&self.end, ']', ')'))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter)
    }
}
