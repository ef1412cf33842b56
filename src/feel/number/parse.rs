//! Numbers from text.

use num_bigint::BigInt;

use super::{DECIMAL128, MAX_DIGITS, Number, coefficient::Coefficient};

/// Where each decimal digit zero of the basic plane stands; Java reads them all.
const ZEROS: [u32; 37] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

impl Number {
    /// A number literal: digits with an optional fraction and an optional minus, no exponent. All digits and the scale
    /// are kept. None also beyond [`MAX_DIGITS`].
    pub fn parse_literal(text: &str) -> Option<Number> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction),
            None if digits.is_empty() => return None,
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if all_digits(whole) && all_digits(fraction) { Number::parse(text) } else { None }
    }

    /// What Java's `new BigDecimal(text)` reads, which is what the built-in `number` takes: a sign, digits with a point
    /// anywhere, an exponent. None also beyond [`MAX_DIGITS`].
    pub fn parse(text: &str) -> Option<Number> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let mut collected = Collected::default();
        for char in digits.chars() {
            collected.push(char)?;
        }
        let (coefficient, fraction_digits) = collected.finish()?;
        let coefficient = if negative { coefficient.neg() } else { coefficient };
        let precision = coefficient.digits().max(DECIMAL128);
        let scale = i32::try_from(fraction_digits - exponent).ok()?;
        Number::build(coefficient, i64::from(scale), precision).ok()
    }

    /// A number of a JSON document: integers exactly, anything with a fraction or an exponent through double. None if
    /// the double is infinite; the reference makes it null.
    pub fn from_json(text: &str) -> Option<Number> {
        if let Ok(value) = text.parse::<i64>() {
            return Some(Number::from(value));
        }
        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return Number::parse(text);
        }
        text.parse::<f64>().ok().and_then(|value| Number::from_f64(value).ok())
    }
}

/// At most ten digits after leading zeros, as in Java; more could not be a valid scale.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for char in digits.chars() {
        value = value.checked_mul(10)?.checked_add(i64::from(digit(char)?))?;
        if value > 9_999_999_999 {
            return None;
        }
    }
    Some(if negative { -value } else { value })
}

fn digit(char: char) -> Option<u32> {
    let code = u32::from(char);
    if char.is_ascii() {
        return char.to_digit(10);
    }
    ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|digit| *digit < 10))
}

/// Digits on their way in: the first ones in 128 bits, the text of all of them should they not fit.
#[derive(Default)]
struct Collected {
    small: Option<u128>,
    overflown: bool,
    text: String,
    fraction_digits: i64,
    after_point: bool,
}

impl Collected {
    fn push(&mut self, char: char) -> Option<()> {
        if char == '.' {
            return if std::mem::replace(&mut self.after_point, true) { None } else { Some(()) };
        }
        let digit = digit(char)?;
        self.fraction_digits += i64::from(self.after_point);
        let longer =
            self.small.unwrap_or(0).checked_mul(10).and_then(|value| value.checked_add(u128::from(digit)));
        if !self.overflown
            && let Some(value) = longer.filter(|value| i128::try_from(*value).is_ok())
        {
            self.small = Some(value);
        } else {
            if !self.overflown {
                self.overflown = true;
                self.text = self.small.unwrap_or(0).to_string();
            }
            self.text.push(char::from_digit(digit, 10)?);
            if self.text.len() > MAX_DIGITS as usize {
                return None;
            }
        }
        Some(())
    }

    fn finish(self) -> Option<(Coefficient, i64)> {
        let coefficient = if self.overflown {
            Coefficient::from(self.text.parse::<BigInt>().ok()?)
        } else {
            Coefficient::Small(i128::try_from(self.small?).ok()?)
        };
        Some((coefficient, self.fraction_digits))
    }
}
