//! The answer to a request whose items were all rejected.

use serde::{Deserialize, Serialize};

/// The answer to a request whose items were all rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReject {
    /// Answers 200: many platforms stop or drop their whole feed on a 4xx.
    #[default]
    Accept,
    /// Answers 422 with the reason, for senders that are a developer's own code.
    Refuse,
}
