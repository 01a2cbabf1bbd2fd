//! Destructive steps ask for the name.

use askama::Template;

use super::Html;
use crate::{error::PageError, layout::Layout};

/// The field that the name is typed into.
pub const FIELD: &str = "confirm_name";

#[derive(Template)]
#[template(path = "components/confirm.html")]
struct Confirm<'a> {
    csrf: &'a str,
    action: &'a str,
    label: &'a str,
    warning: &'a str,
    name: &'a str,
    /// Hidden fields.
    fields: &'a [(&'a str, &'a str)],
}

/// A folded form that does something once its `name` is typed. The handler calls [`check`].
pub fn confirm(layout: &Layout<'_>, label: &str, warning: &str, name: &str, action: &str) -> Html {
    confirm_with(layout, label, warning, name, action, &[])
}

/// A [`confirm`] with hidden fields.
pub fn confirm_with(
    layout: &Layout<'_>,
    label: &str,
    warning: &str,
    name: &str,
    action: &str,
    fields: &[(&str, &str)],
) -> Html {
    Html::of(&Confirm { csrf: layout.csrf(), action, label, warning, name, fields })
}

/// Refuses a form in which another name was typed.
pub fn check(typed: &str, name: &str) -> Result<(), PageError> {
    match typed == name || typed.trim() == name {
        true => Ok(()),
        false => {
            let message = format!("found {typed:?}, expected the name {name:?}; nothing was changed");
            Err(PageError {
                status: axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                message,
                field: Some(FIELD.to_owned()),
            })
        }
    }
}
