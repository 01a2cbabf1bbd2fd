//! A secret that the server shows this once, because it stores its hash only.

use askama::Template;

use super::{Html, copy};

#[derive(Template)]
#[template(path = "components/shown_once.html")]
struct ShownOnce<'a> {
    title: &'a str,
    text: &'a str,
    secret: Html,
}

/// A notice with a secret to copy.
pub fn shown_once(title: &str, text: &str, secret: &str) -> Html {
    Html::of(&ShownOnce { title, text, secret: copy::value(secret, "Copy it") })
}
