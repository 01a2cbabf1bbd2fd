//! Faults in the shape of a plugin's output.

use inlet_core::{blame::Blame, json};

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
    #[error("{path} is {found:?}; expected \"application/json\" or \"text/plain\"")]
    ContentType {
        /// Position in the output.
        path: String,
        /// The first bytes of the content type returned.
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
            // A plugin escapes what it writes and chooses its content type, whatever it is sent.
            ShapeFault::Json { reason: json::Malformed::Syntax { .. }, .. }
            | ShapeFault::Pointer { .. }
            | ShapeFault::ContentType { .. } => Blame::Plugin,
        }
    }
}
