//! The API on behalf of a page's session.

use axum::{
    body::{Body, Bytes},
    http::Method,
};
use inlet_api::in_process::{Answer, ApiFailure};
use serde::{Serialize, de::DeserializeOwned};

use crate::context::Context;

impl Context {
    /// Reads a resource of the API, such as `/v1/sources`. Names go into the path by [`crate::html::url_part`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiFailure> {
        self.dashboard.api.get(self.operator(), path).await
    }

    /// Opens an answer of the API that goes on, such as a stream of events.
    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> Result<Body, ApiFailure> {
        self.dashboard.api.open(self.operator(), path, headers).await
    }

    /// Sends a body to the API, and reads its answer; `()` and `Option` read an empty answer.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiFailure> {
        self.dashboard.api.send(self.operator(), method, path, body).await
    }

    /// Calls the API with headers, such as `If-Match`, and returns its answer unread, with its headers.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Result<Answer, ApiFailure> {
        self.dashboard.api.call(self.operator(), method, path, headers, body).await
    }
}
