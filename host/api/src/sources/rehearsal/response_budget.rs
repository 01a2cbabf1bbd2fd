//! The size limit of a rehearsal's response.

use inlet_api_types::RawJson;

use crate::stored_json::stored_json;

/// The bytes and rows that a response may still hold. A small request can cause a very large trace.
pub struct ResponseBudget {
    bytes: usize,
    rows: usize,
}

impl ResponseBudget {
    /// Allows 16 MiB of JSON text and 10,000 rows.
    pub fn new() -> Self {
        Self { bytes: 16 << 20, rows: 10_000 }
    }

    /// Returns the JSON text if the budget covers it.
    pub fn json(&mut self, text: &str) -> Option<RawJson> {
        self.bytes = self.bytes.checked_sub(text.len())?;
        Some(stored_json(text))
    }

    /// Returns the plain text if the budget covers it.
    pub fn text(&mut self, text: &str) -> Option<String> {
        self.bytes = self.bytes.checked_sub(text.len())?;
        Some(text.to_owned())
    }

    /// Takes one row of a list, if the budget covers it.
    pub fn row(&mut self) -> Option<()> {
        self.rows = self.rows.checked_sub(1)?;
        Some(())
    }
}
