//! The way to and from binary floating point, with Java's text for doubles.

use super::{Error, Number, Repr};

impl Number {
    /// The number Java makes of a double: the digits of its shortest text. Fails unless it is finite.
    pub fn from_f64(value: f64) -> Result<Number, Error> {
        if !value.is_finite() {
            return Err(Error::NotFinite);
        }
        Number::parse(&java_double_text(value)).ok_or(Error::NotFinite)
    }

    /// The nearest double; infinite beyond its range.
    pub fn to_f64(&self) -> f64 {
        // Both are exact in binary here, so the quotient is rounded once.
        if let Repr::Small { unscaled, scale, .. } = self.0
            && (0..=22).contains(&scale)
            && unscaled.unsigned_abs() < 1 << 53
        {
            return unscaled as f64 / 10f64.powi(scale);
        }
        format!("{}e{}", self.coefficient().big(), -i64::from(self.scale())).parse().unwrap_or(f64::NAN)
    }

    /// The built-in `sqrt`, computed in double. Fails for negative numbers, for which the built-in answers null.
    pub fn sqrt(&self) -> Result<Number, Error> {
        Number::from_f64(self.to_f64().sqrt())
    }

    /// The built-in `log`, computed in double. Fails unless the number is positive.
    pub fn log(&self) -> Result<Number, Error> {
        Number::from_f64(self.to_f64().ln())
    }

    /// The built-in `exp`, computed in double. Fails if the result is out of range.
    pub fn exp(&self) -> Result<Number, Error> {
        Number::from_f64(self.to_f64().exp())
    }

    /// The value as the engine hands it on: an integer if it is whole and within 64 bits, else a double. A number
    /// beyond the range of doubles becomes a string.
    pub fn to_json(&self) -> serde_json::Value {
        if let Some(whole) = self.to_i64() {
            return serde_json::Value::from(whole);
        }
        let text = java_double_text(self.to_f64());
        if text.ends_with("Infinity") {
            return serde_json::Value::String(text);
        }
        // Reading the text as JSON would rewrite its exponent to `e+30`, where the reference has `E30`.
        serde_json::Value::Number(serde_json::Number::from_string_unchecked(text))
    }
}

/// Java's `Double.toString`: the shortest digits that identify the double, at least two of them, in plain notation
/// between 10^-3 and 10^7.
pub fn java_double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        return format!("{sign}Infinity");
    }
    if magnitude == 0.0 {
        return format!("{sign}0.0");
    }
    // The shortest digits tell how many are needed. Of that many, and at least two, Java takes the nearest, which is
    // 4.9E-324 rather than 5.0E-324, and of two as near the even one, which is what formatting to a width does.
    let shortest = format!("{magnitude:e}");
    let mantissa_length = shortest.find('e').unwrap_or(shortest.len());
    let fraction_digits = mantissa_length.saturating_sub(2).max(1);
    let nearest = format!("{magnitude:.fraction_digits$e}");
    // Below a power of two the doubles lie closer, and the even one may be another double.
    let text = if nearest.parse() == Ok(magnitude) { nearest } else { shortest };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    match exponent {
        0..7 => {
            let split = exponent.unsigned_abs() as usize;
            let whole: String = rest.chars().chain(std::iter::repeat('0')).take(split).collect();
            let fraction: String = rest.chars().skip(split).collect();
            let fraction = if fraction.is_empty() { "0" } else { &fraction };
            format!("{sign}{first}{whole}.{fraction}")
        }
        -3..0 => {
            let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
            let rest = if rest == "0" { "" } else { rest };
            format!("{sign}0.{zeros}{first}{rest}")
        }
        _ => format!("{sign}{mantissa}E{exponent}"),
    }
}
