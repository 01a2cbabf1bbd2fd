//! CORS at an endpoint: preflights, and the headers with which pages may read its answers.
//!
//! The origins are a setting of each source environment, found by the token in the path. tower-http's layer has one list for
//! a whole service, and hands its predicate no state, so the few headers are written here.

use axum::{
    http::{
        HeaderMap, HeaderValue, Method,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
            ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
        },
    },
    response::Response,
};
use inlet_core::settings::ANY_ORIGIN;

use super::{error::IngestError, response};
use crate::snapshot::Endpoint;

/// The time for which a browser remembers a preflight, in seconds. No browser remembers it for longer.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
/// The longest list of headers that a preflight is granted, in bytes.
const MAX_HEADERS: usize = 4096;

/// The answer of an endpoint that takes requests of pages to the origin of one request.
pub(super) struct Cors {
    /// The origin as the answer names it. `None` if it is not allowed, or if there is none.
    allowed: Option<HeaderValue>,
}

impl Cors {
    /// Compares the origin of a request. `None` if the endpoint allows no origin.
    pub(super) fn of(endpoint: &Endpoint, headers: &HeaderMap) -> Option<Self> {
        let origins = &endpoint.settings.allowed_origins;
        if origins.is_empty() {
            return None;
        }
        let origin = headers.get(ORIGIN);
        let allowed = match origins.iter().any(|origin| origin == ANY_ORIGIN) {
            true => origin.map(|_| HeaderValue::from_static(ANY_ORIGIN)),
            false => origin.filter(|sent| origins.iter().any(|origin| origin.as_bytes() == sent.as_bytes())).cloned(),
        };
        Some(Self { allowed })
    }

    /// Returns the answer to a request if it is a preflight.
    pub(super) fn preflight(&self, endpoint: &Endpoint, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let is_preflight = method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || !headers.contains_key(ORIGIN) {
            return None;
        }
        if self.allowed.is_none() {
            return Some(response::of_error(&IngestError::Origin));
        }
        let mut granted = response::no_content();
        let answer = granted.headers_mut();
        if let Ok(methods) = HeaderValue::from_str(&endpoint.methods().join(", ")) {
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        // Headers prove nothing and are not listed anywhere: a plugin sees those that its manifest names.
        let wanted = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|wanted| wanted.len() <= MAX_HEADERS);
        if let Some(wanted) = wanted {
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        answer.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(granted)
    }

    /// Adds the headers with which a page of an allowed origin may read an answer.
    pub(super) fn add_to(self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("origin"));
        if let Some(allowed) = self.allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
        }
    }
}
