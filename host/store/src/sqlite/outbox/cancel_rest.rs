//! Cancelling the deliveries of wholly canceled runs that have more than a transaction takes: by a job, in slices.
//!
//! Such a run is canceled for everybody at once. The dispatcher sends nothing of it from then on.

use std::sync::LazyLock;

use uuid::Uuid;

use super::cancel::{self, CanceledDeliveries};
use crate::sqlite::{
    caches::Targets,
    error::SqliteError,
    statements::{
        multi_row::MultiRow,
        runner::{FoundRow, StatementRunner},
        uuids,
    },
};

/// The most deliveries of wholly canceled runs that one transaction cancels. The number is in the statements too.
pub(crate) const MAX_DELIVERIES: u64 = 1000;

// Counts no further than the limit.
static COUNTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH canceled (number, run) AS (VALUES",
        "(#, ?)",
        ") SELECT number, (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE run_id = run LIMIT 1001) AS counted)
           FROM canceled",
    )
});

static DEFERRED: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert("canceled_run_deliveries", "environment_id, run_id, event, after_recipient, after_seq", "")
});

static OLDEST: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH given (one) AS (VALUES",
        "(?)",
        ") SELECT id, environment_id, run_id, event, after_recipient, after_seq
           FROM given CROSS JOIN canceled_run_deliveries ON true ORDER BY id LIMIT 1",
    )
});

static ADVANCED: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH passed (number, recipient, seq) AS (VALUES",
        "(?, ?, ?)",
        ") UPDATE canceled_run_deliveries SET after_recipient = recipient, after_seq = seq FROM passed WHERE id = number",
    )
});

static ENDED: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "DELETE FROM canceled_run_deliveries WHERE id IN (WITH ended (number) AS (VALUES",
        "(?)",
        ") SELECT number FROM ended)",
    )
});

/// Leaves wholly canceled runs to [`slice`] if they have more deliveries than `budget` is left; returns the others.
pub(super) async fn defer<'a>(
    statements: &mut StatementRunner<'_>,
    canceled: &[CanceledDeliveries<'a>],
    budget: &mut u64,
) -> Result<Vec<CanceledDeliveries<'a>>, SqliteError> {
    let (whole, mut taken): (Vec<_>, Vec<_>) = canceled.iter().copied().partition(|run| run.recipients.is_none());
    let mut counts = vec![0; whole.len()];
    let found = |offset: usize, row: &FoundRow<'_>| {
        let index = offset + usize::try_from(row.int(0)?).unwrap_or_default();
        if let Some(count) = counts.get_mut(index) {
            *count = row.int(1)?.unsigned_abs();
        }
        Ok(())
    };
    statements.find(&COUNTS, &whole, |row, run| _ = row.uuid(run.run), found).await?;
    let mut deferred = Vec::new();
    for (run, count) in whole.into_iter().zip(counts) {
        if count <= *budget {
            *budget -= count;
            taken.push(run);
        } else {
            deferred.push(run);
        }
    }
    statements
        .write(&DEFERRED, &deferred, |row, run| {
            row.int(run.environment).uuid(run.run).uuid(run.event).int(-1).int(-1);
        })
        .await?;
    Ok(taken)
}

/// A run whose deliveries are being canceled.
struct Unfinished {
    id: i64,
    environment: i64,
    run: Uuid,
    event: Uuid,
    /// The position of the first recipient, and the number, of the delivery that was canceled last.
    after: (i64, i64),
}

/// Cancels the next deliveries of the oldest run that was left; returns false if there is none.
pub(crate) async fn slice(
    statements: &mut StatementRunner<'_>,
    targets: &mut Targets,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<bool, SqliteError> {
    let Some(Unfinished { id, environment, run, event, after }) = oldest(statements).await? else { return Ok(false) };
    let canceled = [CanceledDeliveries { environment, run, event, recipients: None }];
    let last = cancel::cancel_after(statements, targets, &canceled, after, new_id).await?;
    match last {
        Some((recipient, seq)) => {
            let bind = |row: &mut crate::sqlite::statements::row::Row<'_>, _: &i64| {
                row.int(id).int(recipient).int(seq);
            };
            statements.write(&ADVANCED, &[id], bind).await?;
        }
        None => statements.write(&ENDED, &[id], |row, id| _ = row.int(*id)).await?,
    }
    Ok(true)
}

async fn oldest(statements: &mut StatementRunner<'_>) -> Result<Option<Unfinished>, SqliteError> {
    let mut oldest = None;
    let found = |_: usize, row: &FoundRow<'_>| {
        oldest = Some(Unfinished {
            id: row.int(0)?,
            environment: row.int(1)?,
            run: uuids::parse(2, row.blob(2)?)?,
            event: uuids::parse(3, row.blob(3)?)?,
            after: (row.int(4)?, row.int(5)?),
        });
        Ok(())
    };
    statements.find(&OLDEST, &[1], |row, one| _ = row.int(*one), found).await?;
    Ok(oldest)
}
