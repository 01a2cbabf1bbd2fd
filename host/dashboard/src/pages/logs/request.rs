//! The whole request of an event, where it is kept.

use askama::Template;
use inlet_api_types::traces::TracedRequest;

use crate::{components::Html, html};

#[derive(Template)]
#[template(path = "pages/logs/request.html")]
struct RequestView<'a> {
    request: &'a TracedRequest,
}

impl RequestView<'_> {
    fn path(&self) -> &str {
        if self.request.path.is_empty() { "/" } else { &self.request.path }
    }

    /// The size of the body, in words.
    fn size(&self) -> String {
        let Some(size) = self.request.body_size else { return "the received item".to_owned() };
        let size = format!("{} bytes", html::grouped(size.cast_signed()));
        match (&self.request.body, self.request.body_is_cut) {
            (Some(_), true) => format!("{size}, of which the first are shown"),
            (None, _) if self.request.body_size != Some(0) => format!("{size}, which are not text"),
            _ => size,
        }
    }
}

/// Returns the request with its query, its headers and its body, folded.
pub fn request(request: &TracedRequest) -> Html {
    Html::of(&RequestView { request })
}
