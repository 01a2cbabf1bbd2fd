//! The reasons why an event is not replayed.

use inlet_core::Uuid;
use inlet_store::ReadError;

/// The reason why an event is not replayed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EventReplayError {
    /// The log entry does not exist.
    #[error("there is no log entry {0} here; it may be past its environment's retention")]
    NotFound(Uuid),
    /// The body is gone.
    #[error(
        "nothing is kept of what came: it was empty, or it is past its environment's retention of bodies; let the sender \
         send it again"
    )]
    NothingKept,
    /// The plugin finds other items in the batch than it found then.
    #[error(
        "the plugin finds {found} items in the request and found {expected} when it came, so the item cannot be told; let \
         the sender send it again"
    )]
    OtherItems {
        /// The number of items now.
        found: usize,
        /// The number of items then.
        expected: u32,
    },
    /// The plugin fails on the batch that holds the item.
    #[error("the item was not translated: {0}")]
    PluginFailed(String),
    /// The plugin is missing.
    #[error("this server does not have the source's plugin; put it into --plugins-dir")]
    NoPlugin,
    /// No sandbox came free.
    #[error("no sandbox came free in time; try again later")]
    Busy,
    /// The storage cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl EventReplayError {
    /// Returns true if the replay may succeed a moment later without any change.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Read(_))
    }
}
