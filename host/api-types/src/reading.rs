//! Functions that read members whose refusals need words of their own.

use std::{fmt, marker::PhantomData, ops::RangeInclusive, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor},
};

use crate::RawJson;

/// Reads a member that must be there. The server says that the `expected` thing is missing if it is not.
///
/// `expected` is a phrase such as `an array of scopes`. It is handed on as the name of a newtype; no name of a Rust type
/// has a space.
///
/// # Errors
///
/// The member is missing or of another type.
pub fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    expected: &'static str,
) -> Result<T, D::Error> {
    struct Read<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value")
        }
        fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            T::deserialize(deserializer)
        }
    }
    deserializer.deserialize_newtype_struct(expected, Read(PhantomData))
}

/// Reads a whole number of a range. `refusal` makes the error sentence from the JSON text that was found.
///
/// # Errors
///
/// The value is not a whole number, or is out of range.
pub fn whole_number<'de, D: Deserializer<'de>, T: FromStr + PartialOrd>(
    deserializer: D,
    range: RangeInclusive<T>,
    refusal: impl FnOnce(&str) -> String,
) -> Result<T, D::Error> {
    let found = RawJson::deserialize(deserializer)?;
    let text = found.as_text().trim();
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| D::Error::custom(refusal(text)))
}

/// Reads a whole number of a range, or `None` if the member is absent or null. `refusal` makes the error sentence from the
/// JSON text that was found.
///
/// # Errors
///
/// The value is not a whole number, or is out of range.
pub fn optional_whole_number<'de, D: Deserializer<'de>, T: FromStr + PartialOrd>(
    deserializer: D,
    range: RangeInclusive<T>,
    refusal: impl FnOnce(&str) -> String,
) -> Result<Option<T>, D::Error> {
    let Some(found) = Option::<RawJson>::deserialize(deserializer)? else { return Ok(None) };
    let text = found.as_text().trim();
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.map(Some).ok_or_else(|| D::Error::custom(refusal(text)))
}
