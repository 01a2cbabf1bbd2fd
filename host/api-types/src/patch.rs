//! Members of a change that may be kept, cleared or set.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// A change of a value that may be empty. As a member: absent keeps, null clears, a value sets.
///
/// A field of this type has `#[serde(default, skip_serializing_if = "Patch::is_keep")]` and
/// `#[schema(value_type = Option<…>)]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The value stays.
    #[default]
    Keep,
    /// The value becomes empty.
    Clear,
    /// The value becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// Returns true if the value stays.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The value after the change.
    pub fn apply(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Converts the value that is set.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(convert(value)),
        }
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    /// A deserializer that is asked for absent members too presents an absent one as a unit, and null as none.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Patch<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Patch::Keep)
            }
            fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Patch::Clear)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                T::deserialize(deserializer).map(Patch::Set)
            }
        }
        deserializer.deserialize_option(Read(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Change {
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        days: Patch<i64>,
    }

    #[test]
    fn absent_keeps_null_clears_and_a_value_sets() {
        for (text, days) in [("{}", Patch::Keep), (r#"{"days":null}"#, Patch::Clear), (r#"{"days":7}"#, Patch::Set(7))]
        {
            let change = Change { days };
            assert_eq!(serde_json::from_str::<Change>(text).unwrap(), change);
            assert_eq!(serde_json::to_string(&change).unwrap(), text);
        }
        assert_eq!((Patch::Keep.apply(Some(1)), Patch::Clear.apply(Some(1))), (Some(1), None));
        assert_eq!(Patch::Set(2).apply(Some(1)), Some(2));
    }
}
