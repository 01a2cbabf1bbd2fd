//! Cancelling the deliveries of canceled runs.
//!
//! A delivery that was never sent is canceled. One that was sent, or may have been, is not sent again; if its target
//! can cancel, a delivery is added that does, behind it. If it cannot cancel for these recipients alone, the delivery that is
//! added has ended, and says so. Recipients that are canceled one by one are left out of a
//! body that is not built yet.

use std::{collections::BTreeSet, sync::LazyLock};

use inlet_core::delivery::cancel_key;
use uuid::Uuid;

use super::{cancel_rest, order, status, stop};
use crate::sqlite::{
    caches::Targets,
    error::SqliteError,
    statements::{
        database_time::now_ms,
        multi_row::MultiRow,
        row::Row,
        runner::{FoundRow, StatementRunner},
        uuids,
    },
};

// The recipients of a delivery that are not canceled are counted by `left`.
macro_rules! triggers {
    ($left:literal) => {
        concat!(
            ") SELECT number, seq, target_id, first_recipient, recipients, status, owner IS NOT NULL, sends, order_key,
                deliveries.key, ",
            now_ms!(),
            " - finished_at_ms, body_bytes IS NOT NULL, ",
            $left,
            ", workflow
              FROM canceled CROSS JOIN deliveries ON deliveries.run_id = run WHERE call = 0 "
        )
    };
}

static TRIGGERS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH canceled (number, run, is_whole) AS (VALUES",
        "(#, ?, ?)",
        concat!(
            triggers!(
                "CASE WHEN is_whole = 1 THEN 0 ELSE (
                    SELECT count(*) FROM workflow_run_recipients
                    WHERE workflow_run_recipients.run_id = run AND ordinal >= first_recipient
                        AND ordinal < first_recipient + recipients AND canceled_at_ms IS NULL) END"
            ),
            "ORDER BY deliveries.id"
        ),
    )
});

// For one run, which is wholly canceled. The index of a run's deliveries has this order.
pub(super) static NEXT_TRIGGERS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH canceled (number, run, after_recipient, after_seq) AS (VALUES",
        "(#, ?, ?, ?)",
        concat!(
            triggers!("0"),
            "AND (first_recipient, seq) > (after_recipient, after_seq)
             ORDER BY first_recipient, seq LIMIT 1000"
        ),
    )
});

static CANCELS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH canceled (trigger_seq, new_id, event, new_key, gap, impossible) AS (VALUES",
        "(?, ?, ?, ?, ?, ?)",
        concat!(
            ") INSERT INTO deliveries (environment_id, id, target_id, run_id, source_event, mapping, workflow, call,
                first_recipient, recipients, key, order_key, gap_ms, due_at_ms, status, last_error, finished_at_ms)
               SELECT environment_id, new_id, target_id, run_id, event, mapping, workflow, 1, first_recipient,
                   recipients, new_key, order_key, gap,
                   CASE WHEN order_key IS NULL AND impossible IS NULL THEN ",
            now_ms!(),
            " + gap END,
                   CASE WHEN impossible IS NULL THEN 0 ELSE 4 END, impossible,
                   CASE WHEN impossible IS NOT NULL THEN ",
            now_ms!(),
            " END
               FROM canceled CROSS JOIN deliveries ON seq = trigger_seq"
        ),
    )
});

// In the results of the event's cancellations of the workflow, once. The result was written in this transaction, or the job
// goes on with a cancellation that was.
//
static NOTES: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query_each(
        "WITH told (event, workflow, note) AS (VALUES",
        "(?, ?, ?)",
        ") UPDATE action_logs
           SET result = json_set(result, '$.notes', json_insert(coalesce(result -> '$.notes', '[]'), '$[#]', note))
           FROM told
           WHERE event_id = event AND action_type = 'workflows_cancel' AND payload ->> '$.key' = workflow
               AND result IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(result, '$.notes') WHERE value = note)",
        ") UPDATE action_logs
           SET result = jsonb_set(readable_json(result)::jsonb, '{notes}',
               coalesce(readable_json(result)::jsonb -> 'notes', '[]') || to_jsonb(note))::text
           FROM told
           WHERE event_id = event AND action_type = 'workflows_cancel' AND readable_json(payload) ->> 'key' = workflow
               AND result IS NOT NULL AND NOT coalesce(readable_json(result)::jsonb -> 'notes' @> to_jsonb(note), false)",
    )
});

/// The reason why nothing is sent for a cancellation of some of a delivery's recipients. The delivery that says so needs no
/// attention: nobody can cure it.
const NOT_WHOLE: &str = "the target cancels a call for all of its recipients only, and some of them are not canceled";

/// A canceled run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CanceledDeliveries<'a> {
    pub(crate) environment: i64,
    pub(crate) run: Uuid,
    /// The event that cancels.
    pub(crate) event: Uuid,
    /// The positions of the canceled recipients; none if the whole run is canceled.
    pub(crate) recipients: Option<&'a [i64]>,
}

/// A delivery that triggers for recipients of a canceled run.
struct Trigger {
    canceled: usize,
    stopped: stop::Stopped,
    first: i64,
    recipients: i64,
    status: i64,
    is_under_way: bool,
    /// True if it was sent, or may have been.
    is_sent: bool,
    key: Uuid,
    /// The time since its end, in milliseconds; none if it is open.
    ended_for_ms: Option<i64>,
    has_body: bool,
    /// The number of its recipients that are not canceled.
    left: i64,
    workflow: String,
}

/// The fate of a delivery.
struct Fate {
    is_stopped: bool,
    is_canceled_there: bool,
}

impl Trigger {
    fn fate(&self) -> Fate {
        let is_open = self.status <= status::RETRYING;
        let is_wholly = self.left == 0;
        // A body that is being built may have the recipients.
        let may_have_them = self.is_sent && (is_wholly || self.has_body || self.is_under_way || !is_open);
        Fate { is_stopped: is_open && is_wholly, is_canceled_there: may_have_them && self.status != status::CANCELED }
    }
}

/// Cancels the deliveries of runs that are canceled in this transaction. The cancellations of their recipients are written.
/// `budget` is the number of deliveries of wholly canceled runs that the transaction may still cancel; a job cancels those
/// of other runs.
pub(crate) async fn cancel(
    statements: &mut StatementRunner<'_>,
    targets: &mut Targets,
    canceled: &[CanceledDeliveries<'_>],
    budget: &mut u64,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<(), SqliteError> {
    if targets.is_empty() || canceled.is_empty() {
        return Ok(());
    }
    let canceled = cancel_rest::defer(statements, canceled, budget).await?;
    let bind = |row: &mut Row<'_>, canceled: &CanceledDeliveries<'_>| {
        row.uuid(canceled.run).int(i64::from(canceled.recipients.is_none()));
    };
    let triggers = find(statements, &TRIGGERS, &canceled, bind).await?;
    carry_out(statements, targets, &canceled, &triggers, new_id).await
}

/// Cancels the deliveries of a run after one, as many as a transaction takes. Returns the last one, by its first recipient
/// and its number; none if there are no more.
pub(super) async fn cancel_after(
    statements: &mut StatementRunner<'_>,
    targets: &mut Targets,
    canceled: &[CanceledDeliveries<'_>; 1],
    (after_recipient, after_seq): (i64, i64),
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<Option<(i64, i64)>, SqliteError> {
    let bind = |row: &mut Row<'_>, canceled: &CanceledDeliveries<'_>| {
        row.uuid(canceled.run).int(after_recipient).int(after_seq);
    };
    let triggers = find(statements, &NEXT_TRIGGERS, canceled, bind).await?;
    carry_out(statements, targets, canceled, &triggers, new_id).await?;
    let is_full = triggers.len() as u64 == cancel_rest::MAX_DELIVERIES;
    Ok(triggers.last().filter(|_| is_full).map(|trigger| (trigger.first, trigger.stopped.seq)))
}

/// Stops deliveries, and adds those that cancel what was sent.
async fn carry_out(
    statements: &mut StatementRunner<'_>,
    targets: &mut Targets,
    canceled: &[CanceledDeliveries<'_>],
    triggers: &[Trigger],
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<(), SqliteError> {
    let mut stopped = Vec::new();
    let mut cancels = Vec::new();
    let mut ordered: Vec<(i64, Uuid)> = Vec::new();
    let mut notes: BTreeSet<(Uuid, &str, String)> = BTreeSet::new();
    for trigger in triggers {
        let run = canceled[trigger.canceled];
        let Fate { is_stopped, is_canceled_there } = trigger.fate();
        if is_stopped {
            stopped.push(trigger.stopped);
        }
        let target = targets.of(run.environment).iter().find(|target| target.id == trigger.stopped.target);
        let Some(target) = target.filter(|_| is_canceled_there) else { continue };
        let is_impossible = target.routing.cancels_wholly && trigger.left > 0;
        if is_impossible || !target.routing.has_cancel {
            notes.insert((run.event, &trigger.workflow, note(&target.key, is_impossible)));
        }
        if !target.routing.has_cancel {
            continue;
        }
        let gap_ms = target.routing.cancel_gap_ms;
        let left_ms = trigger.ended_for_ms.map_or(gap_ms, |ms| gap_ms.saturating_sub(ms).clamp(0, gap_ms.max(0)));
        let impossible = is_impossible.then_some(NOT_WHOLE);
        let key = cancel_key(trigger.key, run.event);
        cancels.push((trigger.stopped.seq, new_id(), run.event, key, left_ms, impossible));
        ordered.extend(trigger.stopped.order_key.map(|key| (trigger.stopped.target, key)));
    }
    statements
        .write(&CANCELS, &cancels, |row, (trigger, id, event, key, gap, impossible)| {
            row.int(*trigger).uuid(*id).uuid(*event).uuid(*key).int(*gap).optional_text(*impossible);
        })
        .await?;
    stop::stop(statements, &stopped, "the run was canceled").await?;
    // One by one: an UPDATE takes one row for each result. Most cancellations have none.
    for (event, workflow, note) in &notes {
        statements.write(&NOTES, &[note], |row, note| _ = row.uuid(*event).text(workflow).text(note)).await?;
    }
    ordered.sort_unstable();
    ordered.dedup();
    order::lead(statements, &ordered).await?;
    targets.wrote_deliveries |= !cancels.is_empty() || !stopped.is_empty();
    Ok(())
}

/// Returns what the result of a cancellation says about a call that was sent and is not canceled.
fn note(target: &str, is_impossible: bool) -> String {
    match is_impossible {
        true => format!("a call to the target {target:?} stays: {NOT_WHOLE}"),
        false => format!("what was sent to the target {target:?} stays there: it has no way to cancel"),
    }
}

async fn find<'v>(
    statements: &mut StatementRunner<'_>,
    statement: &'static MultiRow,
    canceled: &'v [CanceledDeliveries<'v>],
    bind: impl Fn(&mut Row<'v>, &'v CanceledDeliveries<'v>),
) -> Result<Vec<Trigger>, SqliteError> {
    let mut triggers = Vec::new();
    let found = |offset: usize, row: &FoundRow<'_>| {
        let order_key = row.optional_blob(8)?.map(|bytes| uuids::parse(8, bytes)).transpose()?;
        let trigger = Trigger {
            canceled: offset + usize::try_from(row.int(0)?).unwrap_or_default(),
            stopped: stop::Stopped { seq: row.int(1)?, target: row.int(2)?, order_key },
            first: row.int(3)?,
            recipients: row.int(4)?,
            status: row.int(5)?,
            is_under_way: row.int(6)? != 0,
            is_sent: row.int(7)? > 0,
            key: uuids::parse(9, row.blob(9)?)?,
            ended_for_ms: row.optional_int(10)?,
            has_body: row.int(11)? != 0,
            left: row.int(12)?,
            workflow: row.optional_text(13)?.unwrap_or_default().to_owned(),
        };
        let range = trigger.first..trigger.first + trigger.recipients;
        let concerns = |positions: &[i64]| positions.iter().any(|position| range.contains(position));
        if canceled[trigger.canceled].recipients.is_none_or(concerns) {
            triggers.push(trigger);
        }
        Ok(())
    };
    statements.find(statement, canceled, bind, found).await?;
    Ok(triggers)
}
