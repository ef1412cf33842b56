//! The text of a number, which is `BigDecimal.toString`.

use std::fmt;

use super::{Number, Repr};

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Repr::Small { unscaled, scale: 0, .. } = self.0 {
            return write!(f, "{unscaled}");
        }
        if self.signum() < 0 {
            f.write_str("-")?;
        }
        let digits = match &self.0 {
            Repr::Small { unscaled, .. } => unscaled.unsigned_abs().to_string(),
            Repr::Big(big) => big.unscaled.magnitude().to_string(),
        };
        let scale = i64::from(self.scale());
        let exponent = digits.len() as i64 - 1 - scale;
        if scale == 0 {
            return f.write_str(&digits);
        }
        if scale > 0 && exponent >= -6 {
            let whole_digits = usize::try_from(exponent + 1).unwrap_or(0);
            return match digits.split_at_checked(whole_digits) {
                Some((whole, fraction)) if !whole.is_empty() => write!(f, "{whole}.{fraction}"),
                _ => write!(f, "0.{}{digits}", "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0))),
            };
        }
        match digits.split_at_checked(1) {
            Some((first, rest)) if !rest.is_empty() => write!(f, "{first}.{rest}")?,
            _ => f.write_str(&digits)?,
        }
        if exponent == 0 { Ok(()) } else { write!(f, "E{exponent:+}") }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
