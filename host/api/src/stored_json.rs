//! Stored JSON in responses.

use inlet_api_types::RawJson;

/// Embeds stored JSON as text. The store checks JSON before it is written; a damaged text becomes null, so that the
/// response as a whole stays valid JSON.
pub fn stored_json(text: impl Into<String>) -> RawJson {
    RawJson::parse(text).unwrap_or_else(|error| {
        tracing::error!(%error, "stored JSON is not valid and is shown as null");
        RawJson::null()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_embedded_as_it_is() {
        let shown = |text: &str| serde_json::to_string(&[stored_json(text)]).unwrap();
        let text = r#"{"n":9007199254740993,"m":1.10,"n":1E400,"$serde_json::private::RawValue":"x"}"#;
        assert_eq!(shown(text), format!("[{text}]"));
        assert_eq!(shown("{\"a\":"), "[null]");
        assert_eq!(shown(""), "[null]");
    }
}
