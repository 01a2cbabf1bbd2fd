//! Faults in the shape of a plugin's output.

use inlet_core::json;

use crate::display::format_bytes;

/// A violation of the contract in a plugin's output. `path` names its position, for example `items[16].event.user_id`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeFault {
    /// The translation has too many items.
    #[error("it holds {found} items; at most {limit} are allowed; split the request or raise the plugin's item limit")]
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
