//! The columns of a delivery, and how they are read.

use inlet_core::delivery::{DeliveryCall, DeliveryClass, DeliveryStatus};

use super::{call, status};
use crate::{
    records::DeliveryRecord,
    sqlite::{
        error::SqliteError,
        statements::{codes, runner::FoundRow, uuids},
    },
};

/// The columns that [`read`] reads, from the first one on.
macro_rules! columns {
    () => {
        "seq, environment_id, id, target_id, run_id, source_event, mapping, workflow, call, first_recipient, recipients,
         part, key, status, owner IS NOT NULL, attempts, tries, due_at_ms, first_attempt_at_ms, last_status, last_error,
         finished_at_ms, downstream_id, body_bytes"
    };
}
pub(crate) use columns;

/// The number of columns that [`read`] reads.
pub(crate) const COUNT: usize = 24;

/// Reads a delivery from its columns.
pub(crate) fn read(row: &FoundRow<'_>) -> Result<DeliveryRecord, SqliteError> {
    let text = |column| Ok::<_, SqliteError>(row.optional_text(column)?.map(str::to_owned));
    let count = |column| Ok::<_, SqliteError>(u32::try_from(row.int(column)?).unwrap_or(u32::MAX));
    Ok(DeliveryRecord {
        seq: row.int(0)?,
        environment_id: row.int(1)?,
        id: uuids::parse(2, row.blob(2)?)?,
        target_id: row.int(3)?,
        run: uuids::parse(4, row.blob(4)?)?,
        source_event: uuids::parse(5, row.blob(5)?)?,
        mapping: row.optional_blob(6)?.map(|bytes| uuids::parse(6, bytes)).transpose()?,
        workflow: text(7)?.unwrap_or_default(),
        call: call_of(row.int(8)?)?,
        first_recipient: count(9)?,
        recipients: count(10)?,
        part: count(11)?,
        key: uuids::parse(12, row.blob(12)?)?,
        status: status_of(row.int(13)?)?,
        is_under_way: row.int(14)? != 0,
        attempts: count(15)?,
        tries: count(16)?,
        due_at_ms: row.optional_int(17)?,
        first_attempt_at_ms: row.optional_int(18)?,
        last_status: row.optional_int(19)?.and_then(|status| u16::try_from(status).ok()),
        last_error: text(20)?,
        finished_at_ms: row.optional_int(21)?,
        downstream_id: text(22)?,
        body_bytes: row.optional_int(23)?.map(i64::unsigned_abs),
    })
}

pub(crate) fn of_status(status: DeliveryStatus) -> i64 {
    match status {
        DeliveryStatus::Pending => status::PENDING,
        DeliveryStatus::Retrying => status::RETRYING,
        DeliveryStatus::Delivered => status::DELIVERED,
        DeliveryStatus::Dead => status::DEAD,
        DeliveryStatus::Canceled => status::CANCELED,
    }
}

pub(crate) fn status_of(code: i64) -> Result<DeliveryStatus, sqlx::Error> {
    DeliveryStatus::ALL
        .into_iter()
        .find(|status| of_status(*status) == code)
        .ok_or_else(|| codes::unknown("status", code))
}

fn call_of(code: i64) -> Result<DeliveryCall, sqlx::Error> {
    match code {
        call::TRIGGER => Ok(DeliveryCall::Trigger),
        call::CANCEL => Ok(DeliveryCall::Cancel),
        _ => Err(codes::unknown("call", code)),
    }
}

pub(crate) fn of_class(class: DeliveryClass) -> i64 {
    match class {
        DeliveryClass::First => 0,
        DeliveryClass::Retry => 1,
        DeliveryClass::Late => 2,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn codes_are_read_back() {
        for wanted in DeliveryStatus::ALL {
            assert_eq!(status_of(of_status(wanted)).unwrap(), wanted);
        }
        assert!(status_of(5).is_err());
        assert_eq!([call::TRIGGER, call::CANCEL].map(|code| call_of(code).unwrap()), DeliveryCall::ALL);
        assert!(call_of(2).is_err());
        assert_eq!(DeliveryClass::ALL.map(of_class), [0, 1, 2]);
        assert_eq!(columns!().split(',').count(), COUNT);
    }
}
