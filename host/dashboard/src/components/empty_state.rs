//! Empty states stand where there is nothing yet: what would be here, and what to do for it.

use askama::Template;

use super::Html;

#[derive(Template)]
#[template(path = "components/empty_state.html")]
struct EmptyState<'a> {
    title: &'a str,
    text: &'a str,
    action: Option<(&'a str, &'a str)>,
}

/// An empty state. `action` is a label and an address.
pub fn empty_state(title: &str, text: &str, action: Option<(&str, &str)>) -> Html {
    Html::of(&EmptyState { title, text, action })
}
