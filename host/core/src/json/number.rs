//! Comparing JSON numbers by value, with every digit.

use std::cmp::Ordering;

/// The largest exponent that is told from larger ones. Nobody writes a number with more digits in its exponent.
const MAX_EXPONENT: i128 = 10_i128.pow(36);

/// The value of a JSON number, in a form in which equal values are equal: `1.10`, `1.1` and `11e-1`.
///
/// The number is `0.DIGITS` times ten to the power of `exponent`. Memory is that of its digits, whatever its exponent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    sign: Ordering,
    /// 0 if the number is zero.
    exponent: i128,
    /// Without leading and trailing zeros.
    digits: Box<str>,
}

impl Number {
    /// Reads a JSON number; none if the text is not one.
    pub fn parse(text: &str) -> Option<Number> {
        let text = text.trim();
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (Ordering::Less, unsigned),
            None => (Ordering::Greater, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let leading_zeros = i128::try_from(all.len() - significant.len()).ok()?;
        let digits: Box<str> = significant.trim_end_matches('0').into();
        if digits.is_empty() {
            return Some(Number { sign: Ordering::Equal, exponent: 0, digits });
        }
        let exponent = exponent + i128::try_from(whole.len()).ok()? - leading_zeros;
        Some(Number { sign, exponent, digits })
    }
}

/// Reads the digits behind `e`, which may have a sign.
fn read_exponent(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent = match digits.trim_start_matches('0') {
        "" => 0,
        // One that does not fit is beyond the largest.
        digits => digits.parse().unwrap_or(MAX_EXPONENT),
    };
    Some(sign * exponent.min(MAX_EXPONENT))
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        self.sign.cmp(&other.sign).then_with(|| match self.sign {
            Ordering::Less => size().reverse(),
            Ordering::Equal => Ordering::Equal,
            Ordering::Greater => size(),
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    /// The number times 10^80, for numbers with at most 80 digits behind the point.
    fn reference(text: &str) -> BigInt {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unscaled: BigInt = format!("{whole}{fraction}").parse().unwrap();
        let power = 80 + exponent.parse::<i64>().unwrap() - fraction.len() as i64;
        unscaled * BigInt::from(10).pow(u32::try_from(power).unwrap())
    }

    #[test]
    fn spellings_of_one_value_are_equal() {
        for spelling in ["1.10", "1.1", "11e-1", "0.11E+1", "1100e-3", "1.10000000000000000000000", "0.0011e3"] {
            assert_eq!(number(spelling), number("1.1"), "{spelling}");
        }
        for zero in ["0", "-0", "0.0", "-0.00e7", "0e99999999999999999999999999999999999999999999"] {
            assert_eq!(number(zero), number("0"), "{zero}");
        }
    }

    #[test]
    fn digits_beyond_a_64_bit_float_count() {
        assert!(number("9007199254740993") > number("9007199254740992"));
        assert!(number("0.1000000000000000000000000000001") > number("0.1"));
        assert!(number("-9007199254740993") < number("-9007199254740992"));
        assert!(number("1e400") > number("1e399"));
        assert!(number("1e400") > number(&"9".repeat(400)));
        assert!(number("-1e400") < number("1e-400"));
        assert!(number("1e-400") > number("0"));
        assert!(number("1e99999999999999999999999999999999999999999999") > number("9e999999999999"));
        assert!(number("1e-99999999999999999999999999999999999999999999") < number("1e-999999999999"));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", "e1", ".5", "1e", "1e+", "1.2.3", "abc", "1e1e1", "NaN", "--1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_big_numbers(
            a in r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?(e-?[0-4]?[0-9])?",
            b in r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?(e-?[0-4]?[0-9])?",
        ) {
            prop_assert_eq!(number(&a).cmp(&number(&b)), reference(&a).cmp(&reference(&b)), "{} {}", a, b);
        }

        #[test]
        fn near_numbers_are_told_apart(base in "[1-9][0-9]{15,40}", shift in 0_usize..40) {
            let other: BigInt = base.parse::<BigInt>().unwrap() + 1;
            let spelled = format!("{other}{}e-{shift}", "0".repeat(shift));
            prop_assert!(number(&base) < number(&spelled));
            prop_assert_eq!(number(&other.to_string()), number(&spelled));
        }

        #[test]
        fn nothing_panics(text in "[-+0-9.eE ]{0,12}") {
            let _ = Number::parse(&text);
        }
    }
}
