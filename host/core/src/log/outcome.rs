//! The outcome of an event.

use serde::{Deserialize, Serialize};

/// The code of an event that failed because an action of it did.
pub const ACTION_FAILED: &str = "action_failed";

/// The outcome of an event, as the sender sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// At least one action was carried out, and none ended in an error.
    Executed,
    /// Mappings matched, and every action was skipped: nobody was reached.
    Skipped,
    /// An earlier execution with the same key counts, so nothing was carried out.
    Replayed,
    /// The event has no action.
    Logged,
    /// An action ended in an error, or the plugin did not translate the request.
    Failed,
    /// The item could not be read as an event.
    Rejected,
    /// The item is no event and need not be one.
    Ignored,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 7] = [
        Outcome::Executed,
        Outcome::Skipped,
        Outcome::Replayed,
        Outcome::Logged,
        Outcome::Failed,
        Outcome::Rejected,
        Outcome::Ignored,
    ];

    /// Returns the name used in answers, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Executed => "executed",
            Outcome::Skipped => "skipped",
            Outcome::Replayed => "replayed",
            Outcome::Logged => "logged",
            Outcome::Failed => "failed",
            Outcome::Rejected => "rejected",
            Outcome::Ignored => "ignored",
        }
    }

    /// Returns the outcome of that name.
    pub fn parse(name: &str) -> Option<Outcome> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }

    /// Returns true if the sender may consider the item accepted.
    pub fn is_accepted(self) -> bool {
        !matches!(self, Outcome::Rejected | Outcome::Failed)
    }
}
