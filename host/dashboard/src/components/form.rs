//! Fields of forms. An error of the API stands at the field that its `field` names.

use askama::Template;
use serde_json::Value;

use super::Html;
use crate::error::PageError;

/// The kind of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Text,
    /// A secret, which is not shown.
    Secret,
    /// A whole number.
    Number,
    /// Several lines.
    Long,
    /// On or off. It is sent as `true`, or not at all.
    Switch,
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    name: &'a str,
    label: &'a str,
    value: String,
    hint: &'a str,
    placeholder: &'a str,
    kind: Kind,
    is_required: bool,
    is_code: bool,
    is_time: bool,
    rows: u8,
    choices: Vec<(String, String)>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "components/field.html")]
struct FieldView<'a> {
    field: &'a Field<'a>,
    id: String,
}

impl<'a> Field<'a> {
    /// A field, whose `name` is the API's.
    pub fn new(kind: Kind, name: &'a str, label: &'a str, value: impl Into<String>) -> Self {
        Self {
            name,
            label,
            value: value.into(),
            hint: "",
            placeholder: "",
            kind,
            is_required: false,
            is_code: false,
            is_time: false,
            rows: 6,
            choices: Vec::new(),
            error: None,
        }
    }

    /// A field of a filter with the API's name of it, a label and an example. The bounds of a period are times.
    pub fn of_filter((name, label, example): (&'a str, &'a str, &'a str), value: &str) -> Self {
        let field = Self::new(Kind::Text, name, label, value).placeholder(example);
        Self { is_time: ["starting_at", "ending_at"].contains(&name), ..field }
    }

    /// Says what to enter, below the field.
    pub fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    /// Shows an example in the empty field.
    pub fn placeholder(self, placeholder: &'a str) -> Self {
        Self { placeholder, ..self }
    }

    /// Must not be empty.
    pub fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// Holds a value that is written in a fixed-width font.
    pub fn code(self) -> Self {
        Self { is_code: true, ..self }
    }

    /// Is so many lines high, where it has several.
    pub fn rows(self, rows: u8) -> Self {
        Self { rows, ..self }
    }

    /// Offers values, each with a label, instead of free text.
    pub fn choices(mut self, choices: impl IntoIterator<Item = (String, String)>) -> Self {
        self.choices = choices.into_iter().collect();
        self
    }

    /// Shows the error of the API at this field, if it is about it: `field` is the name, or ends with it after a dot.
    pub fn error_of(mut self, error: Option<&PageError>) -> Self {
        let about = |field: &str| field == self.name || field.ends_with(&format!(".{}", self.name));
        self.error = error.filter(|error| error.field.as_deref().is_some_and(about)).map(|error| error.message.clone());
        self
    }

    /// Returns the field.
    pub fn html(&self) -> Html {
        let id = format!("field-{}", self.name.replace(['.', '[', ']'], "-"));
        Html::of(&FieldView { field: self, id })
    }
}

/// A member of a body for the API that is a whole number; none of an empty field. A text that is no number goes as it is, so
/// that the API says what is wrong with it.
pub fn number(name: &str, text: &str) -> Option<(String, Value)> {
    let text = text.trim();
    let value = || text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from);
    (!text.is_empty()).then(|| (name.to_owned(), value()))
}

/// The error of a form that is about none of its fields, to stand at its top.
pub fn error_elsewhere<'a>(error: Option<&'a PageError>, fields: &[&str]) -> Option<&'a str> {
    let error = error?;
    let is_shown = error
        .field
        .as_deref()
        .is_some_and(|field| fields.iter().any(|name| field == *name || field.ends_with(&format!(".{name}"))));
    (!is_shown).then_some(&error.message)
}
