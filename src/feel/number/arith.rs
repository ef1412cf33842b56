//! Arithmetic as `BigDecimal` does it with a `MathContext`: the precision of the left operand, rounding half to even,
//! and a preferred scale for exact results.

use std::cmp::Ordering;

use super::{
    Error, Number, Repr, checked_scale,
    coefficient::{Coefficient, small_power},
    round::{RoundingMode, to_precision},
    saturated_scale,
};

/// Java's bounds for the exponent of a power.
const MAX_POWER: i32 = 999_999_999;

impl Number {
    /// The sum.
    pub fn add(&self, other: &Number) -> Result<Number, Error> {
        if let (
            Repr::Small { unscaled: a, scale, precision },
            Repr::Small { unscaled: b, scale: other_scale, .. },
        ) = (&self.0, &other.0)
            && scale == other_scale
            && let Some(sum) = a.checked_add(*b)
            && fits(sum, *precision)
        {
            return Ok(Number::small(sum, *scale, *precision));
        }
        self.add_aligned(other.coefficient(), i64::from(other.scale()))
    }

    /// The difference.
    pub fn sub(&self, other: &Number) -> Result<Number, Error> {
        if let (
            Repr::Small { unscaled: a, scale, precision },
            Repr::Small { unscaled: b, scale: other_scale, .. },
        ) = (&self.0, &other.0)
            && scale == other_scale
            && let Some(difference) = a.checked_sub(*b)
            && fits(difference, *precision)
        {
            return Ok(Number::small(difference, *scale, *precision));
        }
        self.add_aligned(other.coefficient().neg(), i64::from(other.scale()))
    }

    fn add_aligned(&self, other: Coefficient, other_scale: i64) -> Result<Number, Error> {
        let precision = self.precision();
        let (one, one_scale) = (self.coefficient(), i64::from(self.scale()));
        if one.is_zero() || other.is_zero() {
            let preferred = one_scale.max(other_scale);
            let (other, scale) = if other.is_zero() { (one, one_scale) } else { (other, other_scale) };
            return extended(other, scale, preferred, precision);
        }
        // The finer operand may be so small that it only decides the rounding. A single digit just below the last one
        // that can show has the same effect, and spares the zeros between the two.
        let (coarse, coarse_scale, mut fine, mut fine_scale) = if one_scale <= other_scale {
            (one, one_scale, other, other_scale)
        } else {
            (other, other_scale, one, one_scale)
        };
        let last_shown = coarse_scale - i64::from(coarse.digits()) + i64::from(precision);
        let fine_highest = fine_scale - i64::from(fine.digits()) + 1;
        if fine_scale > coarse_scale && fine_highest > coarse_scale.max(last_shown) + 2 {
            fine = Coefficient::Small(if fine.is_negative() { -1 } else { 1 });
            fine_scale = i64::from(checked_scale(coarse_scale.max(last_shown) + 3, &fine)?);
        }
        let sum = coarse.shift_left(fine_scale - coarse_scale)?.add(&fine);
        rounded(sum, fine_scale, precision)
    }

    /// The product.
    pub fn mul(&self, other: &Number) -> Result<Number, Error> {
        if let (
            Repr::Small { unscaled: a, scale, precision },
            Repr::Small { unscaled: b, scale: other_scale, .. },
        ) = (&self.0, &other.0)
            && let Some(product) = a.checked_mul(*b)
            && fits(product, *precision)
            && let Some(scale) = scale.checked_add(*other_scale)
        {
            return Ok(Number::small(product, scale, *precision));
        }
        let precision = self.precision();
        let one = (&self.coefficient(), i64::from(self.scale()));
        let two = (&other.coefficient(), i64::from(other.scale()));
        let (product, scale) = multiplied(one, two, precision)?;
        Number::build(product, scale, precision)
    }

    /// The quotient. [`Error::DivisionByZero`] is the caller's to turn into null.
    pub fn div(&self, other: &Number) -> Result<Number, Error> {
        if let (
            Repr::Small { unscaled: a, scale, precision },
            Repr::Small { unscaled: b, scale: other_scale, .. },
        ) = (&self.0, &other.0)
            && *b != 0
            && let Some(scale) = scale.checked_sub(*other_scale)
            && a.checked_rem(*b) == Some(0)
            && let Some(quotient) = a.checked_div(*b)
            && fits(quotient, *precision)
        {
            return Ok(Number::small(quotient, scale, *precision));
        }
        self.div_context(other, self.precision(), RoundingMode::HalfEven)
    }

    fn div_context(&self, other: &Number, precision: u32, mode: RoundingMode) -> Result<Number, Error> {
        if other.is_zero() {
            return Err(Error::DivisionByZero);
        }
        let preferred = i64::from(self.scale()) - i64::from(other.scale());
        if self.is_zero() {
            return Ok(Number::small(0, saturated_scale(preferred), self.precision()));
        }
        let (dividend, divisor) = (self.coefficient(), other.coefficient());
        // Both are taken as fractions between 0.1 and 1, the divisor ten times that if it is the smaller one. Then the
        // quotient has its first digit just behind the point, and the shift gives it `precision` digits.
        let dividend_digits = i64::from(dividend.digits());
        let mut divisor_digits = i64::from(divisor.digits());
        if cmp_normalized(&dividend, dividend_digits, &divisor, divisor_digits)? == Ordering::Greater {
            divisor_digits -= 1;
        }
        let shift = i64::from(precision) + divisor_digits - dividend_digits;
        let scale = i64::from(java_scale(preferred + shift)?);
        java_scale(preferred)?;
        let (quotient, exact) = if shift > 0 {
            dividend.shift_left(shift)?.div_round(&divisor, mode)?
        } else {
            dividend.div_round(&divisor.shift_left(-shift)?, mode)?
        };
        let (quotient, scale) = if exact { quotient.stripped(scale, preferred) } else { (quotient, scale) };
        let (quotient, scale) = to_precision(quotient, scale, precision, mode)?;
        Number::build(quotient, scale, self.precision())
    }

    /// Java's remainder, which takes the sign of the dividend.
    pub fn remainder(&self, other: &Number) -> Result<Number, Error> {
        if let (Repr::Small { unscaled: a, scale: 0, precision }, Repr::Small { unscaled: b, scale: 0, .. }) =
            (&self.0, &other.0)
            && fits(*a, *precision)
            && let Some(rest) = a.checked_rem(*b)
        {
            return Ok(Number::small(rest, 0, *precision));
        }
        let quotient = self.integral_quotient(other)?;
        let product = exact_product(&quotient, other)?;
        exact_difference(self, &product)
    }

    /// The whole-number part of the quotient, which must fit the precision.
    fn integral_quotient(&self, other: &Number) -> Result<Number, Error> {
        let preferred = i64::from(self.scale()) - i64::from(other.scale());
        if self.cmp_magnitude(other) == Ordering::Less {
            return Ok(Number::small(0, saturated_scale(preferred), self.precision()));
        }
        let precision = self.precision();
        let quotient = self.div_context(other, precision, RoundingMode::Down)?;
        let quotient = match quotient.scale().cmp(&0) {
            Ordering::Less => {
                let rest = exact_difference(self, &exact_product(&quotient, other)?)?;
                if rest.cmp_magnitude(other) != Ordering::Less {
                    return Err(Error::DivisionImpossible);
                }
                quotient
            }
            Ordering::Equal => quotient,
            Ordering::Greater => quotient.set_scale(0, RoundingMode::Down)?,
        };
        let (scale, digits) = (i64::from(quotient.scale()), quotient.digits());
        if preferred > scale && precision > digits {
            let added = i64::from(precision - digits).min(preferred - scale);
            return Number::build(quotient.coefficient().shift_left(added)?, scale + added, precision);
        }
        let (coefficient, scale) = quotient.coefficient().stripped(scale, preferred);
        Number::build(coefficient, scale, precision)
    }

    /// The built-in `modulo`: the result takes the sign of the divisor.
    pub fn modulo(&self, other: &Number) -> Result<Number, Error> {
        self.remainder(other)?.add(other)?.remainder(other)
    }

    /// Whether the whole value is odd, as the built-in `odd` sees it; false for fractions.
    pub fn is_odd(&self) -> Result<bool, Error> {
        Ok(self.abs().remainder(&Number::from(2))? == Number::ONE)
    }

    /// Whether the whole value is even, as the built-in `even` sees it; false for fractions.
    pub fn is_even(&self) -> Result<bool, Error> {
        Ok(self.remainder(&Number::from(2))?.is_zero())
    }

    /// The number with the other sign, rounded to its precision.
    #[must_use]
    pub fn neg(&self) -> Number {
        match &self.0 {
            Repr::Small { unscaled, scale, precision } if fits(*unscaled, *precision) => {
                Number::small(-unscaled, *scale, *precision)
            }
            Repr::Small { .. } | Repr::Big(_) => {
                let precision = self.precision();
                let negated = self.coefficient().neg();
                // Rounding can only fail at the very end of the exponent's range; Java fails there, too late to matter.
                rounded(negated, i64::from(self.scale()), precision).unwrap_or_else(|_| self.clone())
            }
        }
    }

    /// The distance from zero. Only a negative number is rounded to its precision, as in the reference.
    #[must_use]
    pub fn abs(&self) -> Number {
        if self.signum() < 0 { self.neg() } else { self.clone() }
    }

    /// The operator `**`. With a whole exponent the digits are exact to the precision, else both go through double.
    pub fn pow(&self, exponent: &Number) -> Result<Number, Error> {
        if exponent.is_integer() {
            self.pow_whole(exponent.int_value())
        } else {
            Number::from_f64(self.to_f64().powf(exponent.to_f64()))
        }
    }

    fn pow_whole(&self, exponent: i32) -> Result<Number, Error> {
        if !(-MAX_POWER..=MAX_POWER).contains(&exponent) {
            return Err(Error::InvalidPower);
        }
        let precision = self.precision();
        if exponent == 0 {
            return Ok(Number::small(1, 0, precision));
        }
        let magnitude = exponent.unsigned_abs();
        // Java works with as many spare digits as the exponent has, and one more.
        let working = precision + magnitude.ilog10() + 2;
        let base = self.coefficient();
        let base = (&base, i64::from(self.scale()));
        let (mut power, mut scale) = (Coefficient::Small(1), 0);
        for bit in (0..=magnitude.ilog2()).rev() {
            (power, scale) = multiplied((&power, scale), (&power, scale), working)?;
            if magnitude >> bit & 1 == 1 {
                (power, scale) = multiplied((&power, scale), base, working)?;
            }
        }
        if exponent < 0 {
            let divisor = Number::build(power, scale, precision)?;
            let inverse = Number::ONE.div_context(&divisor, working, RoundingMode::HalfEven)?;
            (power, scale) = (inverse.coefficient(), i64::from(inverse.scale()));
        }
        rounded(power, scale, precision)
    }
}

/// Whether a value has at most `precision` digits; above 38 every 128-bit value has.
fn fits(value: i128, precision: u32) -> bool {
    small_power(precision).is_none_or(|limit| -limit < value && value < limit)
}

fn rounded(coefficient: Coefficient, scale: i64, precision: u32) -> Result<Number, Error> {
    let (coefficient, scale) = to_precision(coefficient, scale, precision, RoundingMode::HalfEven)?;
    Number::build(coefficient, scale, precision)
}

/// Appends zeros up to the preferred scale, as far as the precision goes.
fn extended(coefficient: Coefficient, scale: i64, preferred: i64, precision: u32) -> Result<Number, Error> {
    if coefficient.is_zero() {
        return Number::build(coefficient, preferred, precision);
    }
    let (coefficient, scale) = to_precision(coefficient, scale, precision, RoundingMode::HalfEven)?;
    let added = i64::from(precision - coefficient.digits()).min(preferred - scale);
    Number::build(coefficient.shift_left(added)?, scale + added, precision)
}

/// Java checks the exponent before and after the rounding, first for the left operand, which may be zero.
fn multiplied(
    (one, one_scale): (&Coefficient, i64),
    (two, two_scale): (&Coefficient, i64),
    precision: u32,
) -> Result<(Coefficient, i64), Error> {
    let product = one.mul(two);
    let scale = i64::from(checked_scale(one_scale + two_scale, one)?);
    let (product, scale) = to_precision(product, scale, precision, RoundingMode::HalfEven)?;
    let scale = i64::from(checked_scale(scale, &product)?);
    Ok((product, scale))
}

fn exact_product(one: &Number, other: &Number) -> Result<Number, Error> {
    let scale = i64::from(one.scale()) + i64::from(other.scale());
    Number::build(one.coefficient().mul(&other.coefficient()), scale, one.precision())
}

fn exact_difference(one: &Number, other: &Number) -> Result<Number, Error> {
    let (one_scale, other_scale) = (i64::from(one.scale()), i64::from(other.scale()));
    let scale = one_scale.max(other_scale);
    let minuend = one.coefficient().shift_left(scale - one_scale)?;
    let subtrahend = other.coefficient().shift_left(scale - other_scale)?;
    Number::build(minuend.add(&subtrahend.neg()), scale, one.precision())
}

/// Compares two digit strings as if both began just behind the point.
fn cmp_normalized(
    one: &Coefficient,
    one_digits: i64,
    other: &Coefficient,
    other_digits: i64,
) -> Result<Ordering, Error> {
    Ok(match one_digits.cmp(&other_digits) {
        Ordering::Less => one.shift_left(other_digits - one_digits)?.cmp_magnitude(other),
        Ordering::Equal => one.cmp_magnitude(other),
        Ordering::Greater => one.cmp_magnitude(&other.shift_left(one_digits - other_digits)?),
    })
}

fn java_scale(scale: i64) -> Result<i32, Error> {
    i32::try_from(scale).map_err(|_| Error::ExponentOutOfRange)
}
