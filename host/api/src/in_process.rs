//! Calls of the API by the server's own pages, in process: the same router with the same checks, without a connection.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode, header},
};
use http_body_util::BodyExt as _;
use inlet_api_types::ErrorBody;
use inlet_engine::Engine;
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt as _;

use crate::auth::Operator;

/// The operator of a call in process. Only this module puts it into a request, so that no header can name it.
#[derive(Clone)]
pub(crate) struct Caller(pub Operator);

/// A client of the API without a connection. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    router: Arc<Router>,
}

/// An answer of the API that is an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", body.message)]
pub struct ApiFailure {
    /// The status.
    pub status: StatusCode,
    /// The code, the message, and the field that is wrong.
    pub body: ErrorBody,
}

/// An answer of the API with its headers, such as `ETag`.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status, below 400.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it was written, with all digits of stored JSON.
    pub body: Bytes,
}

impl Client {
    /// Returns a client of an engine's API, which `router` serves.
    pub fn new(engine: &Engine, router: Router<Engine>) -> Self {
        Self { router: Arc::new(router.with_state(engine.clone())) }
    }

    /// Reads a resource. `path` may have a query.
    pub async fn get<T: DeserializeOwned>(&self, operator: &Operator, path: &str) -> Result<T, ApiFailure> {
        self.call(operator, Method::GET, path, &[], None).await?.read()
    }

    /// Sends a body, and reads the answer.
    pub async fn send<T: DeserializeOwned>(
        &self,
        operator: &Operator,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiFailure> {
        let body = serde_json::to_vec(body).map_err(|error| unreadable("the request", &error))?;
        self.call(operator, method, path, &[], Some(body.into())).await?.read()
    }

    /// Makes a call with headers and a JSON body, and returns the answer unread.
    pub async fn call(
        &self,
        operator: &Operator,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Result<Answer, ApiFailure> {
        read_whole(self.answer(operator, method, path, headers, body).await?).await
    }

    /// Opens an answer that goes on, such as a stream of events, and returns its body as it comes.
    pub async fn open(&self, operator: &Operator, path: &str, headers: &[(&str, &str)]) -> Result<Body, ApiFailure> {
        let response = self.answer(operator, Method::GET, path, headers, None).await?;
        match response.status().as_u16() {
            ..400 => Ok(response.into_body()),
            _ => Err(read_whole(response).await.err().unwrap_or_else(|| unreadable("the answer", &"it is no error"))),
        }
    }

    async fn answer(
        &self,
        operator: &Operator,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Result<Response<Body>, ApiFailure> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let (Some(body), false) = (&body, has_type) {
            request =
                request.header(header::CONTENT_TYPE, "application/json").header(header::CONTENT_LENGTH, body.len());
        }
        let request = request.extension(Caller(operator.clone())).body(body.map_or_else(Body::empty, Body::from));
        let request = request.map_err(|error| unreadable("the request", &error))?;
        // A router answers every request.
        let Ok(response) = (*self.router).clone().oneshot(request).await;
        Ok(response)
    }
}

/// Reads an answer to its end. One that is an error is a failure.
async fn read_whole(response: Response<Body>) -> Result<Answer, ApiFailure> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| unreadable("the answer", &error))?.to_bytes();
    let answer = Answer { status: parts.status, headers: parts.headers, body };
    match answer.status.as_u16() {
        ..400 => Ok(answer),
        _ => Err(ApiFailure { status: answer.status, body: answer.read()? }),
    }
}

impl Answer {
    /// Reads the body. An empty one reads as null.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiFailure> {
        let body: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        serde_json::from_slice(body).map_err(|error| unreadable("the answer", &error))
    }

    /// Returns the text of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The failure of a call that cannot be written or read, which is a fault of the server.
fn unreadable(what: &str, error: &dyn std::fmt::Display) -> ApiFailure {
    tracing::error!(what, %error, "a call of the API in process failed; please report it");
    let message = format!("the server could not read {what} of its own API; its log says why, please report it");
    let body = ErrorBody { code: "internal".to_owned(), message, field: None };
    ApiFailure { status: StatusCode::INTERNAL_SERVER_ERROR, body }
}
