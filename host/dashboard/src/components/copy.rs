//! Buttons that copy.

use super::{Html, icon::icon};
use crate::html::escape;

/// A button that copies a text. `what` names it to a screen reader: `Copy the endpoint's URL`.
pub fn copy(text: &str, what: &str) -> Html {
    let (text, what, icon) = (escape(text), escape(what), icon("i-copy"));
    Html::trusted(format!(
        r#"<button type="button" class="copy" data-copy="{text}" aria-label="{what}" title="{what}">{icon}</button>"#
    ))
}

/// A value with a button that copies it, such as an id or a URL.
pub fn value(text: &str, what: &str) -> Html {
    Html::trusted(format!(r#"<span class="value"><code>{}</code>{}</span>"#, escape(text), copy(text, what)))
}
