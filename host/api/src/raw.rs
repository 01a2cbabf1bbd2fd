//! Stored JSON on its way out: embedded as the text that it is, never parsed into numbers and trees.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// JSON text that is embedded as it is.
#[derive(Debug, Clone)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// Takes stored text. What the store holds was checked before it went in; should it be damaged, the answer has a
    /// null there instead of not being JSON as a whole.
    pub fn of(text: impl Into<String>) -> Raw {
        Raw(RawValue::from_string(text.into()).unwrap_or_else(|error| {
            tracing::error!(%error, "stored JSON is not valid and is shown as null");
            RawValue::NULL.to_owned()
        }))
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_embedded_as_it_is() {
        let shown = |text: &str| serde_json::to_string(&[Raw::of(text)]).unwrap();
        let text = r#"{"n":9007199254740993,"m":1.10,"n":1E400,"$serde_json::private::RawValue":"x"}"#;
        assert_eq!(shown(text), format!("[{text}]"));
        assert_eq!(shown("{\"a\":"), "[null]");
        assert_eq!(shown(""), "[null]");
    }
}
