//! Numbers of days.

use serde::{Deserialize, Deserializer, Serialize};

use crate::whole_number;

/// A whole number of days from 1 to 3650.
///
/// A field of this type has `#[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Days(i64);

impl Days {
    /// The shortest time.
    pub const MIN: i64 = 1;
    /// The longest time: ten years.
    pub const MAX: i64 = 3650;

    /// Checks a number of days; none if it is out of range.
    pub fn new(days: i64) -> Option<Self> {
        (Self::MIN..=Self::MAX).contains(&days).then_some(Self(days))
    }

    /// The number of days.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refusal = |text: &str| {
            let found: String = text.chars().take(40).collect();
            format!("found {found}, expected a whole number of days from {} to {}", Self::MIN, Self::MAX)
        };
        whole_number(deserializer, Self::MIN..=Self::MAX, refusal).map(Self)
    }
}
