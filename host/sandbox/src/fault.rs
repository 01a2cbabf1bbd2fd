//! What can go wrong while a plugin runs, one sentence each.
//!
//! The sentences appear in the event log of the request, so they say what was found, what was expected and what to do,
//! and hold nothing of the body.

use std::time::Duration;

use inlet_core::json;

use crate::limits::bytes;

/// Why a call into a plugin gave no answer. The request is stored and tried again; nothing of the call remains.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It ran too long.
    #[error(
        "the plugin ran longer than {limit:?}, its limit for a body of {size}, and was stopped; look for a loop in the \
         plugin or raise its time limit",
        size = bytes(*body)
    )]
    Time {
        /// Running time allowed.
        limit: Duration,
        /// Bytes of the body.
        body: usize,
    },
    /// It was not done after many times its limit, most of which it waited for its turn.
    #[error(
        "the plugin was not done after {waited:?} and was stopped, before it had run for {limit:?}, its limit: it waited for its \
         turn behind {others}",
        others = if *behind_own {
            "slow requests of its own source; look for a loop in the plugin, make it faster, or send less at once"
        } else {
            "others; this says nothing against the plugin: look for one that loops in another source, or give the server more \
             processors"
        }
    )]
    Waited {
        /// Time that passed.
        waited: Duration,
        /// Running time allowed.
        limit: Duration,
        /// Whether its own source's other calls took the turns that were due to it.
        behind_own: bool,
    },
    /// It asked for more memory than it may have.
    #[error(
        "the plugin asked for {found} of memory; its limit is {allowed}; make it hold less of the body at once or raise \
         its memory limit",
        found = bytes(*wanted),
        allowed = bytes(*limit)
    )]
    Memory {
        /// Bytes it would have had.
        wanted: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// It asked for a larger table of functions than it may have.
    #[error(
        "the plugin asked for a table of {wanted} elements; {limit} are allowed; keep its data in memory and not in tables"
    )]
    Table {
        /// Elements it would have had.
        wanted: usize,
        /// Elements allowed.
        limit: usize,
    },
    /// It returned or logged more data at once than the host is willing to copy.
    #[error(
        "the plugin handed over more than {allowed} at once, its limit for a body of {size}; let it point into the body (`at`) \
         instead of writing values out (`made`)",
        allowed = bytes(*limit),
        size = bytes(*body)
    )]
    Lifted {
        /// Bytes allowed.
        limit: usize,
        /// Bytes of the body.
        body: usize,
    },
    /// What it returned is not what the contract allows.
    #[error("the plugin's output was refused: {0}")]
    Shape(#[from] ShapeFault),
    /// It crashed.
    #[error("the plugin crashed: {message}; see its log lines")]
    Trap {
        /// What stopped it.
        message: String,
    },
    /// There is no sandbox for it now.
    #[error("no sandbox became free in time; send the request again later")]
    Busy,
}

impl Fault {
    /// The fault's name in the event log.
    pub fn code(&self) -> &'static str {
        match self {
            // Out of time both, and tried again alike.
            Fault::Time { .. } | Fault::Waited { .. } => "time",
            Fault::Memory { .. } | Fault::Table { .. } => "memory",
            Fault::Lifted { .. } => "lifted",
            Fault::Shape(_) => "shape",
            Fault::Trap { .. } => "trap",
            Fault::Busy => "busy",
        }
    }

    /// The fault's name in metrics and the server's log.
    pub fn cause(&self) -> &'static str {
        match self {
            Fault::Waited { .. } => "waited",
            other => other.code(),
        }
    }

    /// Whether it speaks against the plugin, and not against what else was going on.
    pub fn is_of_plugin(&self) -> bool {
        !matches!(self, Fault::Busy | Fault::Waited { behind_own: false, .. })
    }
}

/// What is wrong with a plugin's output. `place` says where, for example `items[16].event.user_id`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeFault {
    /// Too many items.
    #[error("it holds {found} items; at most {limit} are allowed; split the request or raise the plugin's item limit")]
    Items {
        /// Items returned.
        found: usize,
        /// Items allowed.
        limit: usize,
    },
    /// A string is too long.
    #[error(
        "{place} has {found}; at most {allowed} are allowed; let the plugin reject such an item (`too_long`)",
        found = bytes(*found),
        allowed = bytes(*limit)
    )]
    TooLong {
        /// Where.
        place: String,
        /// Bytes returned.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A pointer that RFC 6901 does not know.
    #[error(
        "{place} is not a JSON Pointer; expected the empty string or a text that starts with \"/\", with \"~\" only in \
         \"~0\" and \"~1\", for example \"/0/properties\""
    )]
    Pointer {
        /// Where.
        place: String,
    },
    /// JSON text that is none, or none that may be stored.
    #[error("{place} is refused: {reason}")]
    Json {
        /// Where.
        place: String,
        /// What is wrong with it.
        reason: json::Malformed,
    },
    /// A content type that browsers might run.
    #[error("{place} is {found:?}; expected \"application/json\" or \"text/plain\"")]
    ContentType {
        /// Where.
        place: String,
        /// The first bytes of what was returned.
        found: String,
    },
}
