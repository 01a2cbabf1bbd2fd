//! Faults in the shape of a plugin's output.

use inlet_core::{blame::Blame, contract::MAX_REPLY_HEADERS, json};

use crate::display::format_bytes;

/// A violation of the contract in a plugin's output. `path` names its position, for example `items[16].event.user_id`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeFault {
    /// The translation has too many items.
    #[error("it holds {found} items; at most {limit} are allowed; send smaller batches")]
    Items {
        /// Items returned.
        found: usize,
        /// Items allowed.
        limit: usize,
    },
    /// A string is too long.
    #[error(
        "{path} has {found}; at most {allowed} are allowed; let the plugin reject such an item (`too_long`)",
        found = format_bytes(*found),
        allowed = format_bytes(*limit)
    )]
    TooLong {
        /// Position in the output.
        path: String,
        /// Bytes returned.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A string is not a JSON Pointer (RFC 6901).
    #[error(
        "{path} is not a JSON Pointer; expected the empty string or a text that starts with \"/\", with \"~\" only in \
         \"~0\" and \"~1\", for example \"/0/properties\""
    )]
    Pointer {
        /// Position in the output.
        path: String,
    },
    /// A text is not valid JSON, or not JSON that may be stored.
    #[error("{path} is refused: {reason}")]
    Json {
        /// Position in the output.
        path: String,
        /// The violated rule.
        reason: json::Malformed,
    },
    /// A browser might execute a reply of this content type.
    #[error("{path} is {found:?}; expected \"application/json\", \"text/plain\", \"text/xml\" or \"application/xml\"")]
    ContentType {
        /// Position in the output.
        path: String,
        /// The first bytes of the content type returned.
        found: String,
    },
    /// A reply has a status that is not its to set.
    #[error("{path} is {found}; expected 200, 201, 202 or 204; reject an item to have the host answer an error")]
    Status {
        /// Position in the output.
        path: String,
        /// The status returned.
        found: u16,
    },
    /// A reply without content has a body.
    #[error("{path} is not empty, and a reply with the status 204 has no body; leave it empty")]
    BodyOfNoContent {
        /// Position in the output.
        path: String,
    },
    /// A reply has too many headers.
    #[error("{path} holds {found} headers; at most {MAX_REPLY_HEADERS} are allowed")]
    Headers {
        /// Position in the output.
        path: String,
        /// Headers returned.
        found: usize,
    },
    /// A reply must not set a header of this name.
    #[error(
        "{path} is {found:?}; expected a name in lower case that begins with \"x-\" or \"webhook-\" and is none that \
         browsers or proxies obey (x-content-type-options, x-accel-…, x-sendfile…)"
    )]
    HeaderName {
        /// Position in the output.
        path: String,
        /// The first bytes of the name returned.
        found: String,
    },
    /// A header of a reply cannot have this value.
    #[error(
        "{path} is {found:?}; expected at most 1 KiB of visible ASCII characters and spaces; encode the value, or leave the \
         header out"
    )]
    HeaderValue {
        /// Position in the output.
        path: String,
        /// The first bytes of the value returned.
        found: String,
    },
}

impl ShapeFault {
    /// Returns who causes the fault, for a request of a size.
    pub(super) fn blame(&self, request_bytes: usize) -> Blame {
        match self {
            // A sender decides how many items it sends, whatever the plugin checks.
            ShapeFault::Items { .. } => Blame::Request,
            ShapeFault::TooLong { limit, .. } => Blame::of_size(request_bytes, *limit),
            // A plugin that writes out values of the request writes them as deep, and with the surrogates, that they have.
            ShapeFault::Json { reason: json::Malformed::Depth { .. } | json::Malformed::LoneSurrogate, .. } => {
                Blame::Request
            }
            // A header that repeats a value of the request has the characters of that value.
            ShapeFault::HeaderValue { .. } => Blame::Request,
            // A plugin escapes what it writes and chooses status, content type and names of headers, whatever it is sent.
            ShapeFault::Json { reason: json::Malformed::Syntax { .. }, .. }
            | ShapeFault::Pointer { .. }
            | ShapeFault::ContentType { .. }
            | ShapeFault::Status { .. }
            | ShapeFault::BodyOfNoContent { .. }
            | ShapeFault::Headers { .. }
            | ShapeFault::HeaderName { .. } => Blame::Plugin,
        }
    }
}
