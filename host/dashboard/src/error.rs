//! Errors of pages: the API's sentences, as a page of their own or as a part of the page that asked.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use inlet_api::in_process::ApiFailure;

use crate::{context::Page, layout::Layout, respond};

/// The answer of a handler.
pub type PageResult = Result<Response, PageError>;

/// An error of a page. `?` makes it of the API's failures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PageError {
    /// The status.
    pub status: StatusCode,
    /// The sentence: what was found, what was expected, what to do.
    pub message: String,
    /// The parameter or the member of the body that the API refused.
    pub field: Option<String>,
}

impl PageError {
    /// An error with a sentence.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), field: None }
    }

    /// Something that is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// Something that is not permitted.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }
}

impl From<ApiFailure> for PageError {
    fn from(failure: ApiFailure) -> Self {
        Self { status: failure.status, message: failure.body.message, field: failure.body.field }
    }
}

/// An error on its way to the middleware, which knows the page around it.
#[derive(Debug, Clone)]
pub(crate) struct ErrorView(PageError);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        // The text stays only if no middleware renders it.
        let mut response = (self.status, format!("{}\n", self.message)).into_response();
        response.extensions_mut().insert(ErrorView(self));
        response
    }
}

#[derive(Template)]
#[template(path = "error.html", blocks = ["message"])]
struct ErrorPage<'a> {
    layout: Layout<'a>,
    title: &'static str,
    error: &'a PageError,
}

impl ErrorView {
    /// Renders the error as a page, or as the part that htmx asked for.
    pub(crate) fn render(self, page: &Page) -> Response {
        let Self(error) = self;
        let title = match error.status {
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::FORBIDDEN => "Not permitted",
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => "Changed in the meantime",
            status if status.is_server_error() => "Something went wrong",
            _ => "This does not work",
        };
        let view = ErrorPage { layout: Layout::new(page, title), title, error: &error };
        match page.is_partial {
            true => respond::html(&view.as_message()),
            false => respond::html(&view),
        }
    }
}
