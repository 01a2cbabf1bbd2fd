//! JSON that is embedded as text.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A JSON value as the text that was read or stored: digits, escapes and order of members are kept.
///
/// It has no schema of its own; a field names its schema with `#[schema(value_type = …)]`. It cannot be read from
/// inside a `#[serde(flatten)]` field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// The value `null`.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// Checks a text and wraps it.
    ///
    /// # Errors
    ///
    /// The text is not one valid JSON value.
    pub fn parse(text: impl Into<String>) -> serde_json::Result<Self> {
        RawValue::from_string(text.into()).map(Self)
    }

    /// The JSON text.
    pub fn as_text(&self) -> &str {
        self.0.get()
    }

    /// Returns the JSON text.
    pub fn into_text(self) -> String {
        Box::<str>::from(self.0).into_string()
    }

    /// The decoded text of a string; none for other kinds of values.
    pub fn to_str(&self) -> Option<String> {
        serde_json::from_str(self.0.get()).ok()
    }
}

impl PartialEq for RawJson {
    /// Compares the texts: `1.0` and `1.00` differ.
    fn eq(&self, other: &Self) -> bool {
        self.as_text() == other.as_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept() {
        let text = r#"[{"n":9007199254740993,"m":1.10,"n":1E400,"$serde_json::private::RawValue":"x"}]"#;
        let values: Vec<RawJson> = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&values).unwrap(), text);
        assert!(RawJson::parse("{\"a\":").is_err() && RawJson::parse("1 2").is_err());
    }

    #[test]
    fn only_a_string_has_a_decoded_text() {
        assert_eq!(RawJson::parse(r#""\u00e9""#).unwrap().to_str().as_deref(), Some("é"));
        assert_eq!(RawJson::parse("7").unwrap().to_str(), None);
        assert_eq!(RawJson::null().to_str(), None);
    }
}
