//! Parts of requests that several kinds of targets share.

use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use inlet_store::StoredBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::{BuildError, TargetError, fields::Fields};

/// Everything but unreserved characters is encoded: a value never leaves its segment.
const SEGMENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Headers that requests bring themselves, or that would change how they are sent.
const OWN_HEADERS: [&str; 12] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Encodes a value as one segment of a path.
pub(super) fn segment(value: &str) -> String {
    match value {
        // A path with these would be another one.
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(value, &SEGMENT).to_string(),
    }
}

/// Appends a path to a base URL.
pub(super) fn join(base: &Url, path: &str) -> Result<Url, BuildError> {
    let text = format!("{}{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|_| BuildError::Impossible("the target's URL is not valid".to_owned()))
}

/// Returns the headers that every request has.
pub(super) fn headers(body: &StoredBody) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("Inlet/", env!("CARGO_PKG_VERSION"))));
    if let Ok(value) = HeaderValue::from_str(&body.content_type) {
        headers.insert(CONTENT_TYPE, value);
    }
    headers
}

/// Adds an `authorization` header, whose value is shown nowhere.
pub(super) fn authorize(headers: &mut HeaderMap, value: &str) {
    if let Ok(value) = secret_value(value) {
        headers.insert(AUTHORIZATION, value);
    }
}

/// Returns a header value that is shown nowhere.
fn secret_value(value: &str) -> Result<HeaderValue, hyper::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads an object of headers.
pub(super) fn read_headers(
    fields: &mut Fields<'_>,
    name: &'static str,
    is_secret: bool,
) -> Result<HeaderMap, TargetError> {
    let mut headers = HeaderMap::new();
    let Some(value) = fields.get(name) else { return Ok(headers) };
    let Value::Object(members) = value else {
        return Err(fields.error(name, "expected an object of header names and values"));
    };
    for (key, value) in members {
        let pointer = format!("{}/{key}", fields.at(name));
        let header = key.parse::<HeaderName>().map_err(|_| TargetError::new(&*pointer, "it is no header name"))?;
        if OWN_HEADERS.contains(&header.as_str()) {
            return Err(TargetError::new(pointer, "this header is set by Inlet; leave it out"));
        }
        let value = value.as_str().map(str::trim).and_then(|text| match is_secret {
            true => secret_value(text).ok(),
            false => HeaderValue::from_str(text).ok(),
        });
        let value = value.ok_or_else(|| TargetError::new(pointer, "expected a string without line breaks"))?;
        headers.insert(header, value);
    }
    Ok(headers)
}
