//! FEEL numbers: decimals with the rules of `java.math.BigDecimal` under a precision of 34 digits.
//!
//! A value is `unscaled × 10^-scale` and keeps its scale, because `string(1.10)` shows it. It also carries the precision
//! that operations take from their left operand: 34 digits, unless it was written with more.

mod arith;
mod coefficient;
mod compare;
mod double;
mod format;
mod parse;
mod round;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use num_bigint::BigInt;

use self::coefficient::Coefficient;
pub use self::{double::java_double_text, round::RoundingMode};

/// The digits an operation keeps unless its left operand was written with more of them (IEEE decimal128).
const DECIMAL128: u32 = 34;

/// No number has more digits than this. The reference has no limit and can be made to fill the memory.
pub const MAX_DIGITS: u32 = 10_000;

/// Why an operation on numbers has no result. In the reference each is a Java exception, which ends the evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A divisor is zero. The operator `/` answers null; `modulo` and `**` let the evaluation fail.
    #[error("division by zero")]
    DivisionByZero,
    /// The whole-number quotient of a remainder has more digits than the precision.
    #[error("division impossible: the quotient has more digits than the precision holds")]
    DivisionImpossible,
    /// The exponent of the result is beyond 32 bits.
    #[error("the exponent of the number is out of range")]
    ExponentOutOfRange,
    /// The exponent of a power is not between -999999999 and 999999999.
    #[error("invalid exponent for a power, expected -999999999 to 999999999")]
    InvalidPower,
    /// A function computed in binary has no finite result, such as the logarithm of zero.
    #[error("the result is not a finite number")]
    NotFinite,
    /// The rounding mode forbids rounding, but digits would be lost.
    #[error("rounding necessary")]
    RoundingNecessary,
    /// The result would have more digits than [`MAX_DIGITS`].
    #[error("the number would have more than {MAX_DIGITS} digits")]
    TooManyDigits,
}

/// A decimal number. Cloning is cheap; equality, order and hash go by value, so `1.0` equals `1.00`.
#[derive(Clone)]
pub struct Number(Repr);

/// Every number whose unscaled value fits is `Small`, so that equal digits have one representation.
#[derive(Clone)]
enum Repr {
    Small { unscaled: i128, scale: i32, precision: u32 },
    Big(Arc<Big>),
}

struct Big {
    unscaled: BigInt,
    scale: i32,
    precision: u32,
}

impl Number {
    /// Zero with scale 0.
    pub const ZERO: Number = Number::small(0, 0, DECIMAL128);
    /// One with scale 0.
    pub const ONE: Number = Number::small(1, 0, DECIMAL128);

    const fn small(unscaled: i128, scale: i32, precision: u32) -> Number {
        Number(Repr::Small { unscaled, scale, precision })
    }

    /// Puts the parts together; the exponent check comes from Java, the size check from us.
    fn build(coefficient: Coefficient, scale: i64, precision: u32) -> Result<Number, Error> {
        let scale = checked_scale(scale, &coefficient)?;
        match coefficient {
            Coefficient::Small(unscaled) => Ok(Number::small(unscaled, scale, precision)),
            Coefficient::Big(unscaled) => {
                if coefficient::digits_of_big(&unscaled) > MAX_DIGITS {
                    return Err(Error::TooManyDigits);
                }
                Ok(Number(Repr::Big(Arc::new(Big { unscaled, scale, precision }))))
            }
        }
    }

    /// The digits after the point; negative for a number written with a positive exponent.
    pub fn scale(&self) -> i32 {
        match &self.0 {
            Repr::Small { scale, .. } => *scale,
            Repr::Big(big) => big.scale,
        }
    }

    fn precision(&self) -> u32 {
        match &self.0 {
            Repr::Small { precision, .. } => *precision,
            Repr::Big(big) => big.precision,
        }
    }

    fn coefficient(&self) -> Coefficient {
        match &self.0 {
            Repr::Small { unscaled, .. } => Coefficient::Small(*unscaled),
            Repr::Big(big) => Coefficient::Big(big.unscaled.clone()),
        }
    }

    /// The number of digits of the unscaled value, 1 for zero. What an operation costs grows with its square.
    pub fn digits(&self) -> u32 {
        match &self.0 {
            Repr::Small { unscaled, .. } => coefficient::digits_of_small(*unscaled),
            Repr::Big(big) => coefficient::digits_of_big(&big.unscaled),
        }
    }

    /// -1, 0 or 1.
    pub fn signum(&self) -> i32 {
        match &self.0 {
            Repr::Small { unscaled, .. } => unscaled.signum() as i32,
            Repr::Big(big) => match big.unscaled.sign() {
                num_bigint::Sign::Minus => -1,
                num_bigint::Sign::NoSign => 0,
                num_bigint::Sign::Plus => 1,
            },
        }
    }

    /// Whether the value is zero, whatever its scale.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small { unscaled: 0, .. })
    }

    /// Whether the value has no fraction; `1.00` has none.
    pub fn is_integer(&self) -> bool {
        if self.scale() <= 0 || self.is_zero() {
            return true;
        }
        self.coefficient().stripped(i64::from(self.scale()), 0).1 <= 0
    }

    /// The value, if it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        if let Repr::Small { unscaled, scale: 0, .. } = self.0 {
            return i64::try_from(unscaled).ok();
        }
        if self.is_zero() {
            return Some(0);
        }
        if !self.is_integer() || i64::from(self.digits()) - i64::from(self.scale()) > 19 {
            return None;
        }
        i64::try_from(self.whole_part()?).ok()
    }

    /// Java's `intValue`: the fraction is cut off and of the rest the low 32 bits remain.
    pub fn int_value(&self) -> i32 {
        self.long_value() as i32
    }

    /// Java's `longValue`: the fraction is cut off and of the rest the low 64 bits remain.
    pub fn long_value(&self) -> i64 {
        // A multiple of 10^64 is a multiple of 2^64, too.
        if self.scale() <= -64 || i64::from(self.digits()) <= i64::from(self.scale()) {
            return 0;
        }
        match self.whole_part() {
            Some(whole) => whole as i64,
            None => self.set_scale(0, RoundingMode::Down).map_or(0, |whole| whole.coefficient().low_bits()),
        }
    }

    /// The value without its fraction, if that fits.
    fn whole_part(&self) -> Option<i128> {
        match self.set_scale(0, RoundingMode::Down).ok()?.0 {
            Repr::Small { unscaled, .. } => Some(unscaled),
            Repr::Big(_) => None,
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number::small(i128::from(value), 0, DECIMAL128)
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Number {
        Number::from(i64::from(value))
    }
}

/// Zero takes any exponent; Java then keeps the nearest one that fits.
fn checked_scale(scale: i64, coefficient: &Coefficient) -> Result<i32, Error> {
    match i32::try_from(scale) {
        Ok(scale) => Ok(scale),
        Err(_) if coefficient.is_zero() => Ok(saturated_scale(scale)),
        Err(_) => Err(Error::ExponentOutOfRange),
    }
}

fn saturated_scale(scale: i64) -> i32 {
    scale.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}
