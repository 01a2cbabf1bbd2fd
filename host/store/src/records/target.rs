//! Targets of environments. No record holds a secret that is stored.

use std::fmt;

use inlet_core::delivery::TargetRouting;

/// A target of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRecord {
    /// The database id, which no other target ever has.
    pub id: i64,
    /// The environment's database id.
    pub environment_id: i64,
    /// The key, unique in the environment.
    pub key: String,
    /// The kind, such as `webhook`.
    pub kind: String,
    /// The settings without secrets, a JSON object.
    pub settings: String,
    /// The rules by which it takes runs.
    pub routing: TargetRouting,
    /// True if secrets are stored.
    pub has_secrets: bool,
    /// The state.
    pub state: TargetState,
    /// The human-readable reason of the state.
    pub state_reason: Option<String>,
    /// The time since which it has the state, by the database's clock, in milliseconds since 1970.
    pub state_since_ms: i64,
    /// The time for which it has been failing.
    pub health: TargetHealth,
    /// Counts the changes.
    pub version: i64,
    /// Creation time, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Time of the last change of its settings, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// The time for which a target has been failing, by the store's time. It begins again whenever the state changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TargetHealth {
    /// The first failure since the last success, in milliseconds since 1970; none if it works.
    pub failing_since_ms: Option<i64>,
    /// The failures since then; those beyond what a decision needs are not counted.
    pub failures: u32,
    /// The share of the time after which it is disabled at which its operator was warned last, in percent; 0 if not at all.
    pub warned_percent: u8,
    /// The time of the last warning, of this failing or of one before it, in milliseconds since 1970.
    pub warned_at_ms: Option<i64>,
}

/// The health of a target to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedHealth {
    /// The target's database id.
    pub target: i64,
    /// The time since which the target has the state in which the health was observed. Nothing is written if it changed since.
    pub state_since_ms: i64,
    /// The health.
    pub health: TargetHealth,
}

/// The state of a target. Deliveries to it are written in every state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetState {
    /// Deliveries are sent.
    Running,
    /// An operator stopped it. Deliveries wait.
    Paused,
    /// The server stopped it, because it failed too long or asked for it. Deliveries wait.
    Disabled,
}

impl TargetState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Running, Self::Paused, Self::Disabled];

    /// Returns the name used in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }
}

/// A target to create, or the replacement of one. `Debug` does not show its secrets.
#[derive(Clone)]
pub struct NewTarget {
    /// The environment's database id.
    pub environment_id: i64,
    /// The key, unique in the environment.
    pub key: String,
    /// The kind, such as `webhook`.
    pub kind: String,
    /// The settings without secrets, a JSON object.
    pub settings: String,
    /// The rules by which it takes runs.
    pub routing: TargetRouting,
    /// The secrets, a JSON object; none keeps the present ones.
    pub secrets: Option<String>,
    /// The state; none keeps the present one, and lets a new target run.
    pub state: Option<TargetState>,
}

impl fmt::Debug for NewTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTarget").field("key", &self.key).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The secrets of a target, a JSON object. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetSecrets(pub String);

impl fmt::Debug for TargetSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TargetSecrets")
    }
}
