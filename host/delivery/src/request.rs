//! A request to a target.

use bytes::Bytes;
use hyper::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use url::Url;

/// The spelling of header names. Some receivers compare them by case, against the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeaderCase {
    /// `webhook-id`
    #[default]
    Lower,
    /// `Webhook-Id`
    Title,
}

/// A request to a target. Values of secret headers are marked as sensitive.
#[derive(Debug, Clone)]
pub struct OutgoingRequest {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The spelling of the headers' names.
    pub header_case: HeaderCase,
    /// The body.
    pub body: Bytes,
}

/// Writes a header's name as `Webhook-Id`.
pub fn title_case(name: &str) -> String {
    let title = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.split('-').map(title).collect::<Vec<_>>().join("-")
}

impl OutgoingRequest {
    /// Returns the headers as a log may show them: the values of secret ones are replaced by `[secret]`.
    pub fn shown_headers(&self) -> Vec<(&str, String)> {
        let shown = |value: &HeaderValue| {
            if value.is_sensitive() {
                "[secret]".to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            }
        };
        self.headers.iter().map(|(name, value)| (name.as_str(), shown(value))).collect()
    }
}
