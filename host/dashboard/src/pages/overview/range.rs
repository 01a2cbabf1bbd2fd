//! The ranges of time of the overview.

use inlet_core::time;

use crate::components::filter::{Choice, Filters};

/// The query parameter.
pub const PARAMETER: &str = "range";

const HOUR_MS: i64 = 3_600_000;

/// A range that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    name: &'static str,
    /// The words after "in the".
    pub words: &'static str,
    hours: i64,
}

const RANGES: [Range; 4] = [
    Range { name: "1h", words: "last hour", hours: 1 },
    Range { name: "24h", words: "last 24 hours", hours: 24 },
    Range { name: "7d", words: "last 7 days", hours: 168 },
    Range { name: "30d", words: "last 30 days", hours: 720 },
];

impl Range {
    /// Returns the range that the query names; a day if it names none.
    pub fn of(filters: &Filters) -> Self {
        let named = RANGES.into_iter().find(|range| filters.get(PARAMETER) == Some(range.name));
        named.unwrap_or(RANGES[1])
    }

    /// Returns the begin, as the API reads it.
    pub fn from(self, now_ms: i64) -> String {
        time::write_ms(now_ms - self.hours * HOUR_MS)
    }

    /// Returns the links to all ranges.
    pub fn choices(self, filters: &Filters) -> Vec<Choice> {
        let choices = RANGES.iter().map(|range| Choice {
            label: range.name.to_owned(),
            href: filters.with(PARAMETER, range.name),
            is_chosen: *range == self,
        });
        choices.collect()
    }
}
