//! A value of a form and the JSON that a mapping has for it.

use inlet_core::json;

use crate::error::PageError;

/// The ways to say a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum How {
    /// A path into the event.
    #[default]
    Path,
    /// A fixed value.
    Fixed,
    /// A text with paths in it.
    Template,
    /// JSON, as mappings write it.
    Json,
}

/// A value, as the form has it. An empty text is no value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Value {
    /// The way it is said.
    pub how: How,
    /// The text of the field.
    pub text: String,
}

impl How {
    /// Every way, with its label.
    pub const ALL: [(How, &'static str); 4] = [
        (How::Path, "Field of the event"),
        (How::Fixed, "Fixed value"),
        (How::Template, "Text with fields"),
        (How::Json, "JSON"),
    ];

    /// Returns the name in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            How::Path => "path",
            How::Fixed => "fixed",
            How::Template => "template",
            How::Json => "json",
        }
    }

    /// Reads the name in a form.
    pub fn parse(name: &str) -> Self {
        Self::ALL.map(|(how, _)| how).into_iter().find(|how| how.as_str() == name).unwrap_or_default()
    }
}

impl Value {
    /// Returns the value as mappings write it; none if the field is empty. `field` is its place in the API's request.
    pub fn to_json(&self, field: &str) -> Result<Option<String>, PageError> {
        let text = self.text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(match self.how {
            How::Path => json::quote(text),
            How::Fixed => json::object([("value", constant(text).as_str())]),
            How::Template => json::object([("$template", json::quote(&self.text).as_str())]),
            How::Json => checked_json(text, field)?,
        }))
    }

    /// Reads a value as mappings write it.
    pub fn of_json(text: &str) -> Self {
        let text = text.trim();
        if let Some(path) = json::string(text) {
            return Self { how: How::Path, text: path };
        }
        let members = json::members(text).unwrap_or_default();
        let only = |name: &str| members.get(name).copied().filter(|_| members.len() == 1);
        if let Some(constant) = only("value") {
            return Self { how: How::Fixed, text: shown_constant(constant) };
        }
        // White space around a template would be lost in a field of one line.
        if let Some(template) = only("$template").and_then(json::string).filter(|text| is_one_line(text)) {
            return Self { how: How::Template, text: template };
        }
        Self { how: How::Json, text: text.to_owned() }
    }
}

/// Returns the JSON of a text in a field: JSON as it is, with every digit, and anything else as a string.
pub fn constant(text: &str) -> String {
    match is_json(text) {
        true => text.to_owned(),
        false => json::quote(text),
    }
}

/// Returns the text for a field that [`constant`] reads as this JSON.
pub fn shown_constant(text: &str) -> String {
    match json::string(text) {
        Some(string) if is_one_line(&string) && !is_json(&string) => string,
        _ => text.trim().to_owned(),
    }
}

fn is_one_line(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(['\n', '\r'])
}

/// Returns the text if it is one JSON value.
pub fn checked_json(text: &str, field: &str) -> Result<String, PageError> {
    match serde_json::from_str::<&serde_json::value::RawValue>(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(PageError {
            status: axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            message: format!("it is no JSON: {error}"),
            field: Some(field.to_owned()),
        }),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_shown_is_read_back() {
        for (text, how) in [
            (r#""data.total""#, How::Path),
            (r#"{"value":"pro"}"#, How::Fixed),
            (r#"{"value":"12"}"#, How::Fixed),
            (r#"{"value":12345678901234567890.10}"#, How::Fixed),
            (r#"{"value":[1,"a"]}"#, How::Fixed),
            (r#"{"value":""}"#, How::Fixed),
            (r#"{"value":" a"}"#, How::Fixed),
            (r#"{"$template":"Hi {{ data.name }}"}"#, How::Template),
            (r#"{"$template":"two\nlines"}"#, How::Json),
            (r#"{"$first":["data.a","data.b"]}"#, How::Json),
            (r#"["data.a"]"#, How::Json),
            (r#"{"value":1,"unit":"data.u"}"#, How::Json),
        ] {
            let value = Value::of_json(text);
            assert_eq!((value.how, value.to_json("f").unwrap().as_deref()), (how, Some(text)), "{value:?}");
        }
        let empty = Value { how: How::Fixed, text: "  ".to_owned() };
        assert_eq!(empty.to_json("f"), Ok(None));
        let wrong = Value { how: How::Json, text: "{".to_owned() };
        assert_eq!(
            wrong.to_json("action_parameters.actor").unwrap_err().field.as_deref(),
            Some("action_parameters.actor")
        );
    }
}
