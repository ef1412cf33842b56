//! Rounding to a scale and to a precision.

use std::cmp::Ordering;

use super::{Error, MAX_DIGITS, Number, coefficient::Coefficient};

/// How digits are dropped; the names are those of Java.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundingMode {
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards positive infinity.
    Ceiling,
    /// Towards negative infinity.
    Floor,
    /// To the nearest, a half away from zero.
    HalfUp,
    /// To the nearest, a half towards zero.
    HalfDown,
    /// To the nearest, a half to the even neighbour.
    HalfEven,
    /// Fails where a digit would be lost.
    Unnecessary,
}

impl RoundingMode {
    /// The mode with this name in any case, as the third argument of `decimal` names it.
    pub fn from_name(name: &str) -> Option<RoundingMode> {
        match name.to_uppercase().as_str() {
            "UP" => Some(RoundingMode::Up),
            "DOWN" => Some(RoundingMode::Down),
            "CEILING" => Some(RoundingMode::Ceiling),
            "FLOOR" => Some(RoundingMode::Floor),
            "HALF_UP" => Some(RoundingMode::HalfUp),
            "HALF_DOWN" => Some(RoundingMode::HalfDown),
            "HALF_EVEN" => Some(RoundingMode::HalfEven),
            "UNNECESSARY" => Some(RoundingMode::Unnecessary),
            _ => None,
        }
    }

    /// Whether a quotient with a remainder moves away from zero; `half` compares the remainder with half the divisor.
    pub(super) fn rounds_away(self, negative: bool, odd: bool, half: Ordering) -> Result<bool, Error> {
        Ok(match self {
            RoundingMode::Up => true,
            RoundingMode::Down => false,
            RoundingMode::Ceiling => !negative,
            RoundingMode::Floor => negative,
            RoundingMode::HalfUp => half != Ordering::Less,
            RoundingMode::HalfDown => half == Ordering::Greater,
            RoundingMode::HalfEven => half == Ordering::Greater || (half == Ordering::Equal && odd),
            RoundingMode::Unnecessary => return Err(Error::RoundingNecessary),
        })
    }
}

/// Rounds to at most `precision` digits. A carry may need a second pass: 9.99 becomes 10.0, then 10.
pub(super) fn to_precision(
    coefficient: Coefficient,
    scale: i64,
    precision: u32,
    mode: RoundingMode,
) -> Result<(Coefficient, i64), Error> {
    let (mut coefficient, mut scale) = (coefficient, scale);
    loop {
        let digits = coefficient.digits();
        if digits <= precision {
            return Ok((coefficient, scale));
        }
        let dropped = i64::from(digits - precision);
        coefficient = coefficient.shift_right(dropped, mode)?;
        scale -= dropped;
    }
}

impl Number {
    /// The number with exactly this many digits after the point.
    pub fn set_scale(&self, scale: i32, mode: RoundingMode) -> Result<Number, Error> {
        let current = self.scale();
        if scale == current {
            return Ok(self.clone());
        }
        let precision = self.precision();
        let coefficient = self.coefficient();
        if coefficient.is_zero() {
            return Ok(Number::small(0, scale, precision));
        }
        let added = i64::from(scale) - i64::from(current);
        if i32::try_from(added.abs()).is_err() {
            return Err(Error::ExponentOutOfRange);
        }
        let coefficient = if added > 0 {
            if added > i64::from(MAX_DIGITS) {
                return Err(Error::TooManyDigits);
            }
            coefficient.shift_left(added)?
        } else {
            coefficient.shift_right(-added, mode)?
        };
        Number::build(coefficient, i64::from(scale), precision)
    }
}
