//! Equality, order and hash by value.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::{Number, Repr};

impl Number {
    pub(super) fn cmp_magnitude(&self, other: &Number) -> Ordering {
        if let (Repr::Small { unscaled: a, scale, .. }, Repr::Small { unscaled: b, scale: other_scale, .. }) =
            (&self.0, &other.0)
            && scale == other_scale
        {
            return a.unsigned_abs().cmp(&b.unsigned_abs());
        }
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let (scale, other_scale) = (i64::from(self.scale()), i64::from(other.scale()));
        let (leading, other_leading) =
            (i64::from(self.digits()) - scale, i64::from(other.digits()) - other_scale);
        leading.cmp(&other_leading).then_with(|| {
            // With their first digits at the same place, the scales differ by no more than the digits do.
            let finest = scale.max(other_scale);
            let one = self.coefficient().shift_left(finest - scale);
            let two = other.coefficient().shift_left(finest - other_scale);
            match (one, two) {
                (Ok(one), Ok(two)) => one.cmp_magnitude(&two),
                _ => scale.cmp(&other_scale),
            }
        })
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        if let (Repr::Small { unscaled: a, scale, .. }, Repr::Small { unscaled: b, scale: other_scale, .. }) =
            (&self.0, &other.0)
            && scale == other_scale
        {
            return a.cmp(b);
        }
        let sign = self.signum();
        sign.cmp(&other.signum()).then_with(|| {
            let magnitude = self.cmp_magnitude(other);
            if sign < 0 { magnitude.reverse() } else { magnitude }
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.is_zero() {
            return 0i64.hash(state);
        }
        let (digits, scale) = self.coefficient().stripped(i64::from(self.scale()), i64::MIN / 2);
        scale.hash(state);
        digits.big().hash(state);
    }
}
