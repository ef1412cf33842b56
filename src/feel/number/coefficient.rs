//! The digits of a number without their scale, in 128 bits while they fit.

use std::borrow::Cow;
use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use super::{Error, MAX_DIGITS, round::RoundingMode};

/// A whole number. `Big` is only used for what does not fit `Small`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coefficient {
    Small(i128),
    Big(BigInt),
}

/// The powers of ten that fit 128 bits.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this and would reject a bad index")]
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// `10^exponent`, if it fits.
pub(super) fn small_power(exponent: u32) -> Option<i128> {
    POWERS.get(exponent as usize).copied()
}

fn big_power(exponent: u32) -> BigInt {
    small_power(exponent).map_or_else(|| BigInt::from(10).pow(exponent), BigInt::from)
}

pub(super) fn digits_of_small(value: i128) -> u32 {
    value.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1)
}

pub(super) fn digits_of_big(value: &BigInt) -> u32 {
    // The bits give the digits but for one; log10(2) lies between the two fractions.
    let bits = value.bits();
    let least = (bits.saturating_sub(1)).saturating_mul(30_102) / 100_000 + 1;
    let most = bits.saturating_mul(30_103) / 100_000 + 1;
    let (least, most) = (saturated(least), saturated(most));
    if least > MAX_DIGITS.saturating_mul(2) {
        return least;
    }
    let mut digits = least;
    while digits < most && value.magnitude() >= big_power(digits).magnitude() {
        digits += 1;
    }
    digits
}

fn saturated(digits: u64) -> u32 {
    u32::try_from(digits).unwrap_or(u32::MAX)
}

impl From<BigInt> for Coefficient {
    fn from(value: BigInt) -> Coefficient {
        match i128::try_from(&value) {
            Ok(small) => Coefficient::Small(small),
            Err(_) => Coefficient::Big(value),
        }
    }
}

impl Coefficient {
    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Coefficient::Small(0))
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Coefficient::Small(value) => *value < 0,
            Coefficient::Big(value) => value.sign() == Sign::Minus,
        }
    }

    pub(super) fn digits(&self) -> u32 {
        match self {
            Coefficient::Small(value) => digits_of_small(*value),
            Coefficient::Big(value) => digits_of_big(value),
        }
    }

    /// The low 64 bits in two's complement.
    pub(super) fn low_bits(&self) -> i64 {
        match self {
            Coefficient::Small(value) => *value as i64,
            Coefficient::Big(value) => {
                let low = value.iter_u64_digits().next().unwrap_or(0);
                if value.sign() == Sign::Minus { low.wrapping_neg() as i64 } else { low as i64 }
            }
        }
    }

    pub(super) fn big(&self) -> Cow<'_, BigInt> {
        match self {
            Coefficient::Small(value) => Cow::Owned(BigInt::from(*value)),
            Coefficient::Big(value) => Cow::Borrowed(value),
        }
    }

    pub(super) fn neg(self) -> Coefficient {
        match self {
            Coefficient::Small(value) => match value.checked_neg() {
                Some(negated) => Coefficient::Small(negated),
                None => Coefficient::Big(-BigInt::from(value)),
            },
            Coefficient::Big(value) => Coefficient::from(-value),
        }
    }

    pub(super) fn add(&self, other: &Coefficient) -> Coefficient {
        if let (Coefficient::Small(a), Coefficient::Small(b)) = (self, other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Coefficient::Small(sum);
        }
        Coefficient::from(self.big().as_ref() + other.big().as_ref())
    }

    pub(super) fn mul(&self, other: &Coefficient) -> Coefficient {
        if let (Coefficient::Small(a), Coefficient::Small(b)) = (self, other)
            && let Some(product) = a.checked_mul(*b)
        {
            return Coefficient::Small(product);
        }
        Coefficient::from(self.big().as_ref() * other.big().as_ref())
    }

    pub(super) fn cmp_magnitude(&self, other: &Coefficient) -> Ordering {
        match (self, other) {
            (Coefficient::Small(a), Coefficient::Small(b)) => a.unsigned_abs().cmp(&b.unsigned_abs()),
            _ => self.big().magnitude().cmp(other.big().magnitude()),
        }
    }

    /// Appends zeros.
    pub(super) fn shift_left(&self, zeros: i64) -> Result<Coefficient, Error> {
        if self.is_zero() {
            return Ok(Coefficient::Small(0));
        }
        let zeros = u32::try_from(zeros).map_err(|_| Error::TooManyDigits)?;
        if zeros > MAX_DIGITS.saturating_mul(2) {
            return Err(Error::TooManyDigits);
        }
        if let (Coefficient::Small(value), Some(power)) = (self, small_power(zeros))
            && let Some(product) = value.checked_mul(power)
        {
            return Ok(Coefficient::Small(product));
        }
        Ok(Coefficient::from(self.big().as_ref() * big_power(zeros)))
    }

    /// Drops digits on the right, rounding.
    pub(super) fn shift_right(&self, digits: i64, mode: RoundingMode) -> Result<Coefficient, Error> {
        // With one digit more dropped than there are, the result only depends on the sign.
        let digits = u32::try_from(digits).unwrap_or(u32::MAX).min(self.digits() + 1);
        match small_power(digits) {
            Some(power) => self.div_round(&Coefficient::Small(power), mode),
            None => self.div_round(&Coefficient::Big(big_power(digits)), mode),
        }
        .map(|(quotient, _)| quotient)
    }

    /// The rounded quotient and whether it is exact. The divisor is not zero.
    pub(super) fn div_round(
        &self,
        divisor: &Coefficient,
        mode: RoundingMode,
    ) -> Result<(Coefficient, bool), Error> {
        let negative = self.is_negative() != divisor.is_negative();
        if let (Coefficient::Small(a), Coefficient::Small(b)) = (self, divisor)
            && let (Some(quotient), Some(rest)) = (a.checked_div(*b), a.checked_rem(*b))
        {
            if rest == 0 {
                return Ok((Coefficient::Small(quotient), true));
            }
            let rest = rest.unsigned_abs();
            let half = rest.cmp(&(b.unsigned_abs() - rest));
            let away = mode.rounds_away(negative, quotient & 1 == 1, half)?;
            let step = if negative { -1 } else { 1 };
            // A quotient with a remainder is smaller than the dividend, so one more cannot overflow.
            return Ok((Coefficient::Small(if away { quotient + step } else { quotient }), false));
        }
        let (dividend, divisor) = (self.big(), divisor.big());
        if divisor.sign() == Sign::NoSign {
            return Err(Error::DivisionByZero);
        }
        let quotient = dividend.as_ref() / divisor.as_ref();
        let rest = dividend.as_ref() - &quotient * divisor.as_ref();
        if rest.sign() == Sign::NoSign {
            return Ok((Coefficient::from(quotient), true));
        }
        let half = (rest.magnitude() * 2u32).cmp(divisor.magnitude());
        let away = mode.rounds_away(negative, quotient.bit(0), half)?;
        let step = if negative { -1 } else { 1 };
        Ok((Coefficient::from(if away { quotient + step } else { quotient }), false))
    }

    /// Removes trailing zeros while the scale is above `preferred`; returns the new scale with the digits.
    pub(super) fn stripped(self, mut scale: i64, preferred: i64) -> (Coefficient, i64) {
        if self.is_zero() {
            return (self, scale.min(preferred));
        }
        let mut value = self;
        // Large steps first keep this cheap for numbers with many digits.
        let mut step: u32 = match &value {
            Coefficient::Small(small) if small % 10 != 0 => return (value, scale),
            Coefficient::Small(_) => 16,
            Coefficient::Big(_) => 4096,
        };
        while scale > preferred && step > 0 {
            if i64::from(step) <= scale - preferred && step < value.digits() {
                let power =
                    small_power(step).map_or_else(|| Coefficient::Big(big_power(step)), Coefficient::Small);
                if let Ok((quotient, true)) = value.div_round(&power, RoundingMode::Down) {
                    value = quotient;
                    scale -= i64::from(step);
                    continue;
                }
            }
            step /= 2;
        }
        (value, scale)
    }
}
