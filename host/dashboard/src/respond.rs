//! Answers of handlers.

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};

use crate::context::{HTML, Page};

/// Answers with a rendered template: a whole page, or a block of it.
pub fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => ([(header::CONTENT_TYPE, HTML)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page was not rendered; please report it");
            (StatusCode::INTERNAL_SERVER_ERROR, "The page was not rendered; please report it.\n").into_response()
        }
    }
}

/// Leads to another page after a change, whether a form or htmx made it.
pub fn go_to(page: &Page, path: &str) -> Response {
    match (page.is_partial, HeaderValue::from_str(path)) {
        (true, Ok(path)) => (StatusCode::OK, [(HeaderName::from_static("hx-redirect"), path)]).into_response(),
        _ => Redirect::to(path).into_response(),
    }
}
