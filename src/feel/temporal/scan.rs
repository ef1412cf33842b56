//! Reading dates, times and offsets from the front of a text, as the formatters of the reference do.

use super::{Date, LocalTime, Offset};

/// A text and how far it is read.
pub(super) struct Scanner<'a> {
    rest: &'a str,
}

/// The parts of a time as written.
pub(super) struct Clock {
    hour: i32,
    minute: i32,
    second: Option<i32>,
    /// How many digits the fraction has and what they are in nanoseconds.
    fraction: Option<(usize, i32)>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { rest: text }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.eat(text).then_some(())
    }

    /// As many digits as there are, up to a maximum.
    fn digits(&mut self, max: usize) -> &'a str {
        let count = self.rest.bytes().take(max).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at_checked(count).unwrap_or(("", self.rest));
        self.rest = rest;
        digits
    }

    fn two_digits(&mut self) -> Option<i32> {
        let digits = self.digits(2);
        if digits.len() == 2 { digits.parse().ok() } else { None }
    }

    /// A date, where a year of more than four digits has no leading zero.
    pub(super) fn date(&mut self) -> Option<Date> {
        let year = self.rest.strip_prefix('-').unwrap_or(self.rest);
        let digits = year.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 4 && year.starts_with('0') { None } else { self.date_of_any_year() }
    }

    /// A date as the bare formatter reads it.
    pub(super) fn date_of_any_year(&mut self) -> Option<Date> {
        let negative = self.eat("-");
        let digits = self.digits(9);
        let year: i32 = digits.parse().ok()?;
        if digits.len() < 4 || (negative && year == 0) {
            return None;
        }
        self.expect("-")?;
        let month = self.two_digits()?;
        self.expect("-")?;
        let day = self.two_digits()?;
        Date::new(if negative { -year } else { year }, month, day)
    }

    /// A time; whether its parts are complete is for the caller to see.
    pub(super) fn clock(&mut self) -> Option<Clock> {
        let hour = self.two_digits()?;
        self.expect(":")?;
        let minute = self.two_digits()?;
        let second = if self.eat(":") { Some(self.two_digits()?) } else { None };
        let fraction = if self.eat(".") {
            let digits = self.digits(9);
            Some((digits.len(), format!("{digits:0<9}").parse().ok()?))
        } else {
            None
        };
        Some(Clock { hour, minute, second, fraction })
    }

    /// `Z` or `+01:00`, and with seconds where those are asked for.
    pub(super) fn offset(&mut self, with_seconds: bool) -> Option<Offset> {
        if self.eat("Z") {
            return Some(Offset::UTC);
        }
        let negative = self.eat("-");
        if !negative {
            self.expect("+")?;
        }
        let hours = self.two_digits()?;
        self.expect(":")?;
        let minutes = self.two_digits()?;
        let seconds = if with_seconds && self.eat(":") { self.two_digits()? } else { 0 };
        if minutes > 59 || seconds > 59 {
            return None;
        }
        let seconds = hours * 3_600 + minutes * 60 + seconds;
        Offset::from_seconds(if negative { -seconds } else { seconds })
    }

    /// A sign and digits, as durations have them before each unit.
    pub(super) fn signed(&mut self) -> Option<(bool, &'a str)> {
        let negative = self.eat("-");
        if !negative {
            self.eat("+");
        }
        let digits = self.digits(usize::MAX);
        (!digits.is_empty()).then_some((negative, digits))
    }

    pub(super) fn fraction_digits(&mut self) -> &'a str {
        self.digits(9)
    }

    /// The next character, in upper case.
    pub(super) fn letter(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = self.rest.strip_prefix(letter)?;
        Some(letter.to_ascii_uppercase())
    }
}

impl Clock {
    pub(super) fn has_seconds(&self) -> bool {
        self.second.is_some()
    }

    /// Whether the point, if there is one, has digits after it.
    pub(super) fn is_fraction_complete(&self) -> bool {
        self.fraction.is_none_or(|(digits, _)| digits > 0)
    }

    /// The time, if these parts are one.
    pub(super) fn time(&self) -> Option<LocalTime> {
        if self.second.is_none() && self.fraction.is_some() {
            return None;
        }
        let nanos = self.fraction.map_or(0, |(_, nanos)| nanos);
        LocalTime::new(self.hour, self.minute, self.second.unwrap_or(0), nanos)
    }

    /// The time, where the end of the day may be called 24:00.
    pub(super) fn time_or_end_of_day(&self) -> Option<LocalTime> {
        if self.hour == 24 {
            Clock { hour: 0, ..*self }.time().filter(|time| *time == LocalTime::MIDNIGHT)
        } else {
            self.time()
        }
    }
}
