//! The states of an issue.

/// The state of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueState {
    /// Nobody has looked at it.
    Open,
    /// An operator knows it. It stays so over further failures.
    Acknowledged,
    /// Further failures are only counted, for a time or for good.
    Muted {
        /// The end, in milliseconds since 1970; none for good.
        until_ms: Option<i64>,
    },
    /// An operator considers it gone. Another failure opens it again.
    Resolved,
}

impl IssueState {
    /// The names of all states.
    pub const NAMES: [&str; 4] = ["open", "acknowledged", "muted", "resolved"];

    /// Returns the name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Muted { .. } => "muted",
            Self::Resolved => "resolved",
        }
    }
}

/// A change by an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueChange {
    /// The operator knows the issue.
    Acknowledge,
    /// The operator wants to hear no more of it until then, in milliseconds since 1970, or for good.
    Mute(Option<i64>),
    /// The operator considers the cause gone.
    Resolve,
    /// The operator takes the last change back.
    Reopen,
}

/// The reason why a change was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    /// A resolved issue has nothing to acknowledge.
    #[error(
        "the issue is resolved, so there is nothing to acknowledge; a new failure opens it again, and so does reopen"
    )]
    Resolved,
    /// The end of a mute has passed.
    #[error("the time until which the issue shall be muted has passed; expected a later one")]
    Past,
}

/// Failures with the same cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// Their number.
    pub count: u64,
    /// Time of the last one, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The effect of failures on an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurrence {
    /// True if an operator knows the issue, so that the failures need no attention.
    pub is_known: bool,
    /// True if the failures opened it again.
    pub is_reopened: bool,
}

/// The failures with one cause, and what an operator has decided about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// The state. [`Issue::state_at`] says what it is at a time.
    pub state: IssueState,
    /// Time of the last change of the state, in milliseconds since 1970.
    pub state_since_ms: i64,
    /// The number of failures.
    pub count: u64,
    /// Time of the first failure, in milliseconds since 1970.
    pub first_seen_ms: i64,
    /// Time of the last failure, in milliseconds since 1970.
    pub last_seen_ms: i64,
    /// The number of times that a failure opened it again.
    pub reopened: u64,
}

impl Issue {
    /// Returns the issue of failures with a new cause.
    pub fn new(failures: Failures) -> Self {
        Self {
            state: IssueState::Open,
            state_since_ms: failures.at_ms,
            count: failures.count,
            first_seen_ms: failures.at_ms,
            last_seen_ms: failures.at_ms,
            reopened: 0,
        }
    }

    /// Returns the state at a time: a mute that has ended leaves the issue open.
    pub fn state_at(&self, now_ms: i64) -> IssueState {
        match self.state {
            IssueState::Muted { until_ms: Some(until_ms) } if until_ms <= now_ms => IssueState::Open,
            state => state,
        }
    }

    /// Adds failures.
    pub fn recur(&mut self, failures: Failures) -> Recurrence {
        let state = self.state_at(failures.at_ms);
        let is_reopened = state == IssueState::Resolved;
        if is_reopened || state != self.state {
            self.state = IssueState::Open;
            self.state_since_ms = failures.at_ms;
        }
        self.reopened += u64::from(is_reopened);
        self.count = self.count.saturating_add(failures.count);
        self.last_seen_ms = self.last_seen_ms.max(failures.at_ms);
        Recurrence { is_known: self.state != IssueState::Open, is_reopened }
    }

    /// Carries a change out; returns false if it changes nothing.
    pub fn change(&mut self, change: IssueChange, now_ms: i64) -> Result<bool, NotPossible> {
        let state = match change {
            IssueChange::Acknowledge if self.state_at(now_ms) == IssueState::Resolved => {
                return Err(NotPossible::Resolved);
            }
            IssueChange::Mute(Some(until_ms)) if until_ms <= now_ms => return Err(NotPossible::Past),
            IssueChange::Acknowledge => IssueState::Acknowledged,
            IssueChange::Mute(until_ms) => IssueState::Muted { until_ms },
            IssueChange::Resolve => IssueState::Resolved,
            IssueChange::Reopen => IssueState::Open,
        };
        if state == self.state {
            return Ok(false);
        }
        (self.state, self.state_since_ms) = (state, now_ms);
        Ok(true)
    }
}
