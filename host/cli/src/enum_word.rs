//! The words of the API's enumerations.

use serde::Serialize;

/// Returns the word by which the API calls a value.
pub fn word(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    json.trim_matches('"').to_owned()
}
