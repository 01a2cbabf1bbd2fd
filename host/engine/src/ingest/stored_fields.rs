//! Headers and query parameters as they are stored: a JSON array of `{name, value}`.

use inlet_core::{contract::Field, json};

/// Writes fields as they are stored.
pub fn write_fields(fields: &[Field]) -> String {
    serde_json::to_string(fields).unwrap_or_else(|_| "[]".to_owned())
}

/// Reads stored fields.
pub fn read_fields(text: &str) -> Vec<Field> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Reads stored headers. Earlier versions stored them as an object.
pub fn read_headers(text: &str) -> Vec<Field> {
    match json::members(text) {
        Some(members) => {
            members.iter().filter_map(|(name, value)| Some(Field::new(name.as_ref(), json::string(value)?))).collect()
        }
        None => read_fields(text),
    }
}
