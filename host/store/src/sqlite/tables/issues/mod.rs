//! Issues: failures grouped by cause. [`record`] counts failures in the transaction that writes their entries.

mod change;
mod clear;
mod read;
mod record;

pub(crate) use self::{
    clear::any_to_clear,
    read::{of_environments, one},
    record::{Failure, record, record_refused},
};

/// The numbers under which states are stored.
mod state {
    use inlet_core::issues::IssueState;

    use crate::sqlite::statements::codes::unknown;

    pub(super) const RESOLVED: i64 = 3;
    pub(super) const MUTED: i64 = 2;

    pub(super) fn number(state: IssueState) -> i64 {
        match state {
            IssueState::Open => 0,
            IssueState::Acknowledged => 1,
            IssueState::Muted { .. } => MUTED,
            IssueState::Resolved => RESOLVED,
        }
    }

    pub(super) fn until_ms(state: IssueState) -> Option<i64> {
        match state {
            IssueState::Muted { until_ms } => until_ms,
            _ => None,
        }
    }

    pub(super) fn read(number: i64, until_ms: Option<i64>) -> Result<IssueState, sqlx::Error> {
        match number {
            0 => Ok(IssueState::Open),
            1 => Ok(IssueState::Acknowledged),
            MUTED => Ok(IssueState::Muted { until_ms }),
            RESOLVED => Ok(IssueState::Resolved),
            _ => Err(unknown("state", number)),
        }
    }
}
