//! Ending attempts: what was sent, what follows, and who is next.

use std::time::Duration;

use inlet_core::{
    delivery::DeliveryClass,
    issues::{Blamed, IssueKey, IssuePlace, IssueStage},
    operational::{EventEnvironment, OperationalEvent, OperationalEventType, RaiseRule},
};
use uuid::Uuid;

use super::{columns::of_class, order, status};
use crate::{
    clock::now_ms as system_ms,
    records::{AttemptNext, AttemptRecord, FinishedAttempt},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{database_time::now_ms, row::Row, runner::StatementRunner, uuids},
        tables::{
            issues::{self, Failure},
            operational_events,
        },
    },
};

/// The code of an event that needs attention because a delivery is dead.
pub(crate) const DEAD_CODE: &str = "delivery_dead";

/// The code of the issue of deliveries that fail and are tried again.
const FAILING_CODE: &str = "delivery_failing";

/// The tries from which a delivery that fails belongs to an issue: a receiver may be away for a moment.
const FAILING_TRIES: i64 = 3;

// ?4 is the new status: of one that shall be tried again, canceled if it was stopped meanwhile.
const FINISH: &str = concat!(
    "UPDATE deliveries SET
         owner = NULL,
         status = CASE WHEN ?4 = 1 AND is_stopped > 0 THEN 4 ELSE ?4 END,
         due_at_ms = CASE WHEN ?4 = 1 AND is_stopped = 0 THEN ",
    now_ms!(),
    " + ?5 END,
         finished_at_ms = CASE WHEN ?4 = 1 AND is_stopped = 0 THEN NULL ELSE ",
    now_ms!(),
    " END,
         class = CASE WHEN tries < ?6 THEN ?7 ELSE ?8 END,
         attempts = attempts + ?9,
         tries = tries - ?10,
         sends = sends - ?11,
         last_status = CASE WHEN ?10 = 1 THEN last_status ELSE ?12 END,
         last_error = CASE WHEN is_stopped = 2 THEN NULL WHEN ?10 = 1 THEN last_error ELSE ?13 END,
         downstream_id = CASE WHEN is_stopped < 2 THEN coalesce(?14, downstream_id) END,
         body_bytes = CASE WHEN ?4 = 3 OR ?4 = 1 AND is_stopped = 0 THEN body_bytes END
     WHERE seq = ?1 AND owner = ?2 AND epoch = ?3"
);

const HAND_BACK: &str = concat!(
    "UPDATE deliveries SET
         owner = NULL, tries = tries - 1, sends = sends - 1,
         status = CASE WHEN is_stopped > 0 THEN 4 ELSE status END,
         due_at_ms = CASE WHEN is_stopped = 0 THEN ",
    now_ms!(),
    " END,
         finished_at_ms = CASE WHEN is_stopped > 0 THEN ",
    now_ms!(),
    " END,
         body_bytes = CASE WHEN is_stopped = 0 THEN body_bytes END
     WHERE seq = ?1 AND owner = ?2 AND epoch = ?3"
);

const ENDED: &str = "SELECT tries, status, target_id, order_key, environment_id, source_event, is_stopped = 2
    FROM deliveries WHERE seq = ?1";

const ATTEMPT: &str = "INSERT INTO delivery_attempts (delivery_seq, number, at_ms, duration_ms, is_counted,
        outcome, status, error, request_headers, response_headers, response_body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (delivery_seq, number) DO UPDATE SET at_ms = excluded.at_ms, duration_ms = excluded.duration_ms,
        is_counted = excluded.is_counted, outcome = excluded.outcome, status = excluded.status, error = excluded.error,
        request_headers = excluded.request_headers, response_headers = excluded.response_headers,
        response_body = excluded.response_body";

const FORGET_ORDER: &str = "UPDATE deliveries SET order_key = NULL WHERE seq = ?1";

const REMOVE_BODY: &str = "DELETE FROM delivery_bodies WHERE delivery_seq = ?1";

// Outcome 3 is `failed`: so the entry is listed with what else failed. The event may have an entry of its own.
const NEEDS_ATTENTION: &str = "INSERT INTO attention
        (source_environment_id, event_id, open, outcome, code, item, items, retries, issue_id)
    SELECT source_environment_id, event_logs.id, 1, 3, ?3, 0, 1, 0, ?4
    FROM source_environments CROSS JOIN event_logs
        ON source_environment_id = source_environments.id AND event_logs.id = ?2
    WHERE environment_id = ?1
    ON CONFLICT (source_environment_id, event_id)
        DO UPDATE SET open = 1,
            issue_id = CASE WHEN attention.open = 0 THEN excluded.issue_id ELSE attention.issue_id END";

/// A delivery after its attempt.
struct Ended {
    tries: i64,
    status: i64,
    target: i64,
    order_key: Option<Uuid>,
    environment: i64,
    source_event: Uuid,
    /// True if one of its recipients was forgotten meanwhile.
    is_forgotten: bool,
}

/// Ends an attempt and its claim; returns false if the claim is lost.
pub(super) async fn finish(
    statements: &mut StatementRunner<'_>,
    owner: Uuid,
    FinishedAttempt { claim, attempt, next }: &FinishedAttempt,
) -> Result<bool, SqliteError> {
    let mut row = Row::default();
    row.int(claim.seq).blob(owner.as_bytes()).int(claim.epoch);
    let (is_counted, text) = match next {
        AttemptNext::HandBack => (false, HAND_BACK),
        _ => (bind_finish(&mut row, attempt.as_ref(), next), FINISH),
    };
    if statements.change(text, &row).await? == 0 {
        return Ok(false);
    }
    let mut ended = None;
    let mut row = Row::default();
    row.int(claim.seq);
    statements
        .query(ENDED, &row, |columns| {
            let row = columns;
            ended = Some(Ended {
                tries: row.int(0)?,
                status: row.int(1)?,
                target: row.int(2)?,
                order_key: row.optional_blob(3)?.map(|bytes| uuids::parse(3, bytes)).transpose()?,
                environment: row.int(4)?,
                source_event: uuids::parse(5, row.blob(5)?)?,
                is_forgotten: row.int(6)? != 0,
            });
            Ok(())
        })
        .await?;
    let Some(ended) = ended else { return Ok(false) };
    if let (Some(attempt), false) = (attempt, *next == AttemptNext::HandBack) {
        let blank = ended.is_forgotten.then(|| AttemptRecord {
            error: None,
            request_headers: "{}".to_owned(),
            response_headers: "{}".to_owned(),
            response_body: Default::default(),
            ..attempt.clone()
        });
        let attempt = blank.as_ref().unwrap_or(attempt);
        write_attempt(statements, claim.seq, ended.tries, is_counted, attempt).await?;
    }
    if ended.is_forgotten && ended.status > status::RETRYING {
        let mut row = Row::default();
        row.int(claim.seq);
        statements.step(FORGET_ORDER, &row).await?;
    }
    if ended.status == status::DELIVERED || ended.status == status::CANCELED {
        let mut row = Row::default();
        row.int(claim.seq);
        statements.step(REMOVE_BODY, &row).await?;
    }
    let is_failing = matches!(next, AttemptNext::Retry { is_counted: true, .. }) && ended.tries >= FAILING_TRIES;
    if ended.status == status::RETRYING && is_failing {
        record_issue(statements, &ended, FAILING_CODE).await?;
    }
    if ended.status == status::DEAD {
        let issue = record_issue(statements, &ended, DEAD_CODE).await?;
        let mut row = Row::default();
        row.int(ended.environment).blob(ended.source_event.as_bytes()).text(DEAD_CODE).optional_uuid(issue);
        statements.step(NEEDS_ATTENTION, &row).await?;
        raise_exhausted(statements, claim.seq).await?;
    }
    if let Some(order_key) = ended.order_key.filter(|_| ended.status > status::RETRYING) {
        order::lead(statements, &[(ended.target, order_key)]).await?;
    }
    Ok(true)
}

/// Counts a failure among the issues of its target; returns the id of the issue.
async fn record_issue(
    statements: &mut StatementRunner<'_>,
    ended: &Ended,
    code: &'static str,
) -> Result<Option<Uuid>, SqliteError> {
    let key = IssueKey::new(IssuePlace::Target(ended.target), IssueStage::Deliver, code, Blamed::Nobody);
    let failure = Failure { environment: ended.environment, key, entry: ended.source_event, plugin: None };
    let ids = issues::record(&mut statements.connection().await?, &[failure], system_ms()).await?;
    Ok(ids.first().copied())
}

/// Raises the operational event of a delivery that was given up. It holds no answer, which could name a user.
async fn raise_exhausted(statements: &mut StatementRunner<'_>, seq: i64) -> Result<(), SqliteError> {
    let connection = &mut statements.connection().await?;
    let found = sql::query(
        "SELECT environments.id, environments.slug, targets.key, deliveries.id, workflow, attempts, last_status
         FROM deliveries CROSS JOIN targets ON targets.id = target_id
             CROSS JOIN environments ON environments.id = deliveries.environment_id
         WHERE seq = ?",
    )
    .bind(seq)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(found) = found else { return Ok(()) };
    let environment = EventEnvironment { id: found.try_get(0)?, slug: found.try_get(1)? };
    let (target, id): (String, Uuid) = (found.try_get(2)?, uuids::read(&found, 3)?);
    let (attempts, last_status): (i64, Option<i64>) = (found.try_get(5)?, found.try_get(6)?);
    let answer = last_status.map_or_else(|| "without an answer".to_owned(), |status| format!("with status {status}"));
    let reason = format!("a delivery to the target {target:?} was given up; its last attempt ended {answer}");
    let event = OperationalEvent::new(
        OperationalEventType::DeliveryExhausted,
        Some(environment),
        format!("target/{target}"),
        reason,
    )
    .text("target", &target)
    .text("delivery_id", &id.to_string())
    .text("workflow", found.try_get(4)?)
    .number("attempts", attempts);
    operational_events::raise(connection, &event, RaiseRule::Rarely).await?;
    Ok(())
}

/// Binds what follows an attempt; returns true if the attempt counts against the retry schedule.
fn bind_finish<'v>(row: &mut Row<'v>, attempt: Option<&'v AttemptRecord>, next: &'v AttemptNext) -> bool {
    let (status, after, is_counted, may_be_sent, downstream_id) = match next {
        AttemptNext::Delivered { downstream_id } => {
            (status::DELIVERED, Duration::ZERO, true, true, downstream_id.as_deref())
        }
        AttemptNext::Retry { after, is_counted, may_be_sent } => {
            (status::RETRYING, *after, *is_counted, *may_be_sent, None)
        }
        AttemptNext::Dead { is_counted } => (status::DEAD, Duration::ZERO, *is_counted, *is_counted, None),
        AttemptNext::Canceled => (status::CANCELED, Duration::ZERO, false, false, None),
        AttemptNext::HandBack => (status::PENDING, Duration::ZERO, false, false, None),
    };
    let is_made = attempt.is_some();
    let after_ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 4);
    row.int(status).int(after_ms);
    row.int(DeliveryClass::LATE_TRIES.into()).int(of_class(DeliveryClass::Retry)).int(of_class(DeliveryClass::Late));
    row.int(i64::from(is_counted && is_made)).int(i64::from(!is_made)).int(i64::from(!is_made || !may_be_sent));
    row.optional_int(attempt.and_then(|attempt| attempt.status).map(i64::from));
    row.optional_text(attempt.and_then(|attempt| attempt.error.as_deref())).optional_text(downstream_id);
    is_counted
}

async fn write_attempt(
    statements: &mut StatementRunner<'_>,
    seq: i64,
    number: i64,
    is_counted: bool,
    attempt: &AttemptRecord,
) -> Result<(), SqliteError> {
    let kept = attempt.response_body.len().min(AttemptRecord::MAX_RESPONSE_BYTES);
    let mut row = Row::default();
    row.int(seq).int(number).int(attempt.at_ms).int(attempt.duration_ms).int(i64::from(is_counted));
    row.text(&attempt.outcome).optional_int(attempt.status.map(i64::from)).optional_text(attempt.error.as_deref());
    row.text(&attempt.request_headers).text(&attempt.response_headers).blob(&attempt.response_body[..kept]);
    statements.step(ATTEMPT, &row).await?;
    Ok(())
}
