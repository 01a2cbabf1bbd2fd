//! The meaning of an answer for its delivery and its target.

use std::time::Duration;

/// The meaning of an answer, or of its absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The target took it.
    Delivered {
        /// The id that the target gave to what it began.
        downstream_id: Option<String>,
        /// A warning for the operator although it succeeded.
        note: Option<String>,
    },
    /// It failed, and may succeed later.
    Retry {
        /// Human-readable reason.
        reason: String,
        /// The time that the answer asked to wait.
        after: Option<Duration>,
    },
    /// The target takes no more for now. It does not use up an attempt.
    Throttled {
        /// Human-readable reason.
        reason: String,
        /// The time that the answer asked to wait.
        after: Option<Duration>,
    },
    /// The target cannot have seen it. It does not use up an attempt.
    NotSent {
        /// Human-readable reason.
        reason: String,
    },
    /// This request never succeeds, however often it is sent.
    Dead {
        /// Human-readable reason.
        reason: String,
    },
    /// The target does not accept the credentials. It is paused, and nothing is lost.
    WrongCredentials {
        /// Human-readable reason.
        reason: String,
    },
    /// The target asked for nothing more (410). It is disabled, and nothing is lost.
    TargetGone {
        /// Human-readable reason.
        reason: String,
    },
}

impl Verdict {
    /// Returns the verdict in a word, for the record of the attempt.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::Retry { .. } => "failed",
            Self::Throttled { .. } => "throttled",
            Self::NotSent { .. } => "not_sent",
            Self::Dead { .. } => "rejected",
            Self::WrongCredentials { .. } => "wrong_credentials",
            Self::TargetGone { .. } => "gone",
        }
    }

    /// Returns the reason, or the note of a success.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Delivered { note, .. } => note.as_deref(),
            Self::Retry { reason, .. }
            | Self::Throttled { reason, .. }
            | Self::NotSent { reason }
            | Self::Dead { reason }
            | Self::WrongCredentials { reason }
            | Self::TargetGone { reason } => Some(reason),
        }
    }
}
