//! Members that only responses carry.

use serde::{Deserialize, Deserializer, de::IgnoredAny};

/// A member that a response shows and a request may repeat: its value is ignored, so that a response can be sent back.
///
/// A field of this type has `#[serde(default, skip_serializing)]` and `#[schema(ignore)]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOnly;

impl<'de> Deserialize<'de> for ReadOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Self)
    }
}
