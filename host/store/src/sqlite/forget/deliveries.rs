//! Removing a user from the deliveries of runs: what was built of it, and what targets answered.

use inlet_core::Uuid;

use crate::{
    sql,
    sqlite::{
        error::SqliteError,
        outbox::stop::{Stopped, stop},
        statements::{runner::StatementRunner, uuids},
    },
};

const OF_RUN: &str =
    "SELECT seq, target_id, order_key, finished_at_ms IS NULL, body_bytes IS NOT NULL OR owner IS NOT NULL, recipients,
         body_bytes IS NOT NULL OR last_error IS NOT NULL OR downstream_id IS NOT NULL OR EXISTS (
             SELECT 1 FROM delivery_attempts WHERE delivery_seq = seq
               AND (error IS NOT NULL OR request_headers <> '{}' OR response_headers <> '{}' OR response_body <> x'')),
         is_stopped <> 2
    FROM deliveries WHERE run_id = ?1 AND (?2 IS NULL OR first_recipient <= ?2 AND ?2 < first_recipient + recipients)";

/// The statements that blank what a delivery has of its recipients. The attempt that is under way leaves nothing.
const BLANK: [&str; 3] = [
    "DELETE FROM delivery_bodies WHERE delivery_seq = ?",
    "UPDATE delivery_attempts
     SET error = NULL, request_headers = '{}', response_headers = '{}', response_body = x'' WHERE delivery_seq = ?",
    "UPDATE deliveries
     SET body_bytes = NULL, last_error = NULL, downstream_id = NULL,
         is_stopped = CASE WHEN owner IS NOT NULL THEN 2 ELSE is_stopped END,
         order_key = CASE WHEN finished_at_ms IS NULL THEN order_key END
     WHERE seq = ?",
];

/// The deliveries of a run that have something of the user.
#[derive(Debug, Clone, Copy)]
pub(super) enum Concerned {
    /// All: the run got its data from the user's event, or names the user besides its recipients.
    All {
        /// True if those go too whose body is not built: the data is the user's.
        with_data: bool,
    },
    /// Those for the recipient at this position.
    Recipient(i64),
}

/// Blanks the deliveries of a run that have something of the user, and returns the number of those that had something left. An
/// open one is canceled, unless a body is still to be built, which will be without the user.
pub(super) async fn forget_deliveries(
    connection: &mut sql::Connection<'_>,
    run: Uuid,
    concerned: Concerned,
) -> Result<u64, SqliteError> {
    let position = match concerned {
        Concerned::All { .. } => None,
        Concerned::Recipient(position) => Some(position),
    };
    let rows = sql::query(OF_RUN).bind(run.as_bytes().as_slice()).bind(position).fetch_all(&mut *connection).await?;
    let (mut stopped, mut blanked): (Vec<Stopped>, Vec<(i64, bool)>) = (Vec::new(), Vec::new());
    for row in &rows {
        let (is_open, is_built, recipients): (bool, bool, i64) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
        let is_stopped = match concerned {
            Concerned::All { with_data } => is_built || with_data,
            Concerned::Recipient(_) => is_built || recipients == 1,
        };
        if is_open && !is_stopped {
            continue;
        }
        // What is counted once is blank, and not counted again.
        blanked.push((row.try_get(0)?, (is_open && row.try_get(7)?) || row.try_get(6)?));
        if is_open {
            let order_key = uuids::read_optional(row, 2)?;
            stopped.push(Stopped { seq: row.try_get(0)?, target: row.try_get(1)?, order_key });
        }
    }
    stop(&mut StatementRunner::Plain(connection.lend()), &stopped, "").await?;
    for (seq, _) in &blanked {
        for sql in BLANK {
            sql::query(sql).bind(seq).execute(&mut *connection).await?;
        }
    }
    Ok(blanked.iter().filter(|(_, had_something)| *had_something).count() as u64)
}
