//! A group of boxes to tick in a form. Each ticked one is sent as a value of the same name.

use askama::Template;

use super::Html;
use crate::error::PageError;

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkbox {
    /// The value that is sent.
    pub value: String,
    /// The text.
    pub label: String,
    /// The meaning; may be empty.
    pub hint: String,
    /// True if it is ticked.
    pub is_checked: bool,
}

#[derive(Template)]
#[template(path = "components/checkboxes.html")]
struct Checkboxes<'a> {
    name: &'a str,
    legend: &'a str,
    hint: &'a str,
    boxes: &'a [Checkbox],
    error: Option<&'a str>,
}

/// A group of boxes, with the error of the API if it is about `name` or one of its elements.
pub fn checkboxes(name: &str, legend: &str, hint: &str, boxes: &[Checkbox], error: Option<&PageError>) -> Html {
    let error = error.filter(|error| is_about(error, name)).map(|error| error.message.as_str());
    Html::of(&Checkboxes { name, legend, hint, boxes, error })
}

/// Returns true if an error is about a list or one of its elements, such as `scopes[1]`.
pub fn is_about(error: &PageError, name: &str) -> bool {
    let field = error.field.as_deref().and_then(|field| field.strip_prefix(name));
    field.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}
