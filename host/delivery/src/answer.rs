//! An answer of a target.

use bytes::Bytes;
use hyper::{StatusCode, header::HeaderMap};

/// The end of reading an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerEnd {
    /// The whole body was read.
    Whole,
    /// The body is longer than what is read of one.
    Cut,
    /// The body was not there in time.
    TimedOut,
    /// The connection broke within the body.
    Broken,
}

/// An answer of a target.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The first 64 KiB of the body.
    pub body: Bytes,
    /// The end of reading the body.
    pub end: AnswerEnd,
}

impl Answer {
    /// Returns a header's value; none if it is absent or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body as text; none if it is not UTF-8 or was not read whole.
    pub fn text(&self) -> Option<&str> {
        (self.end == AnswerEnd::Whole).then(|| std::str::from_utf8(&self.body).ok()).flatten()
    }
}
