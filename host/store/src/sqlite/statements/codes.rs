//! The small integers by which enumerations are stored. The numbers are part of the schema: never change one.

use inlet_core::log::{Outcome, Status};

pub(crate) const ORIGINAL_JSON: i64 = 0;
pub(crate) const ORIGINAL_TEXT: i64 = 1;
pub(crate) const ORIGINAL_BYTES: i64 = 2;
/// The body was removed. `tables/body_retention.rs` has the number in its SQL.
pub(crate) const ORIGINAL_REMOVED: i64 = 3;
/// The outcomes that are failures, one bit for each code.
pub(crate) const FAILURES: i64 = 1 << 3 | 1 << 4;

pub(crate) fn of_outcome(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Executed => 0,
        Outcome::Replayed => 1,
        Outcome::Logged => 2,
        Outcome::Failed => 3,
        Outcome::Rejected => 4,
        Outcome::Ignored => 5,
        Outcome::Skipped => 6,
    }
}

pub(crate) fn outcome(code: i64) -> Result<Outcome, sqlx::Error> {
    Outcome::ALL.into_iter().find(|outcome| of_outcome(*outcome) == code).ok_or_else(|| unknown("outcome", code))
}

pub(crate) fn of_status(status: Status) -> i64 {
    match status {
        Status::Success => 0,
        Status::Skipped => 1,
        Status::Error => 2,
    }
}

pub(crate) fn status(code: i64) -> Result<Status, sqlx::Error> {
    match code {
        0 => Ok(Status::Success),
        1 => Ok(Status::Skipped),
        2 => Ok(Status::Error),
        _ => Err(unknown("status", code)),
    }
}

pub(crate) fn unknown(column: &str, code: i64) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: format!("{code} is not a known code").into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn codes_are_read_back() {
        for wanted in Outcome::ALL {
            assert_eq!(outcome(of_outcome(wanted)).unwrap(), wanted);
        }
        for wanted in [Status::Success, Status::Skipped, Status::Error] {
            assert_eq!(status(of_status(wanted)).unwrap(), wanted);
        }
        assert!(outcome(7).is_err());
        let failures = [Outcome::Failed, Outcome::Rejected].map(of_outcome).map(|code| 1 << code);
        assert_eq!(FAILURES, failures.into_iter().sum::<i64>());
    }
}
