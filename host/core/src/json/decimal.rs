//! Numbers in plain decimal digits.

use std::borrow::Cow;

/// The longest result, in characters. A short exponent can ask for gigabytes of zeros.
const MAX_CHARS: usize = 400;

/// Writes a JSON number in plain decimal digits: `42.0` as `42`, `1.661194e7` as `16611940`. A number that is not integral
/// keeps its digits and loses its exponent. One that would be too long stays as it is spelled.
pub fn decimal(number: &str) -> Cow<'_, str> {
    let number = number.trim();
    if number != "-0" && !number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return Cow::Borrowed(number);
    }
    expand(number).map_or(Cow::Borrowed(number), Cow::Owned)
}

/// Returns the plain digits; none if the text is no number, or too long.
fn expand(number: &str) -> Option<String> {
    let (sign, unsigned) = number.strip_prefix('-').map_or(("", number), |unsigned| ("-", unsigned));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, 0), |(mantissa, exponent)| {
        // One that does not fit is beyond every limit.
        (mantissa, exponent.parse().unwrap_or(i32::MAX))
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The decimal point stands before the digit with this index.
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    if point.unsigned_abs() > MAX_CHARS as u64 || digits.len() > MAX_CHARS {
        return None;
    }
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => (format!("{digits:0<point$}"), String::new()),
        Ok(point) => (digits[..point].to_owned(), digits[point..].to_owned()),
        Err(_) => (String::new(), format!("{}{digits}", "0".repeat(usize::try_from(-point).ok()?))),
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    match fraction.trim_end_matches('0') {
        "" if whole == "0" => Some("0".to_owned()),
        "" => Some(format!("{sign}{whole}")),
        // `1.10` stays as it was sent.
        _ => Some(format!("{sign}{whole}.{fraction}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_integral_number_has_one_spelling() {
        for spelling in ["42", "42.0", "4.2e1", "4.2E+1", "420e-1", "0.42e2", "42.000", " 42e0 ", "42000000e-6"] {
            assert_eq!(decimal(spelling), "42", "{spelling}");
        }
        assert_eq!(decimal("1.661194e7"), "16611940");
        assert_eq!(decimal("-4.2e1"), "-42");
        assert_eq!(decimal("9007199254740993.0"), "9007199254740993");
        for zero in ["0", "-0", "0.0", "-0.0", "0e5", "0.00e-3"] {
            assert_eq!(decimal(zero), "0", "{zero}");
        }
    }

    #[test]
    fn other_numbers_keep_their_digits() {
        for (spelling, plain) in [("1.10", "1.10"), ("1.5e-3", "0.0015"), ("-12.5E1", "-125"), ("12.34e1", "123.4")] {
            assert_eq!(decimal(spelling), plain, "{spelling}");
        }
    }

    #[test]
    fn what_would_be_too_long_or_is_no_number_stays() {
        for text in [
            "1e401",
            "1e-402",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "e",
            ".e1",
            "1.2.3",
            "1e1e1",
            "1ea",
        ] {
            assert_eq!(decimal(text), text);
        }
        assert_eq!(decimal("1e399").len(), 400);
    }

    proptest! {
        #[test]
        fn an_integer_survives_every_spelling(number in any::<i64>(), shift in 0_usize..30) {
            let sent = number.to_string();
            let spelled = format!("{sent}.0");
            prop_assert_eq!(decimal(&spelled), sent.as_str());
            let plain = format!("{sent}{}", "0".repeat(shift));
            let spelled = format!("{sent}e{shift}");
            prop_assert_eq!(decimal(&spelled), if number == 0 { "0" } else { plain.as_str() });
            let spelled = format!("{plain}e-{shift}");
            prop_assert_eq!(decimal(&spelled), sent.as_str());
        }

        #[test]
        fn nothing_panics(text in "[-+0-9.eE]{0,12}") {
            let _ = decimal(&text);
        }
    }
}
