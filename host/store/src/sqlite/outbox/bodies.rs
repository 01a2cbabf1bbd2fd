//! Storing the body of a delivery before its first attempt.

use inlet_core::delivery::part_key;
use uuid::Uuid;

use crate::{
    records::{BuiltDelivery, Claim},
    sqlite::{
        error::SqliteError,
        statements::{database_time::now_ms, row::Row, runner::StatementRunner, uuids},
    },
};

// ?4 is the number of recipients of the whole delivery: so a body that covers them all needs one statement.
const SET_WHOLE: &str = "UPDATE deliveries SET body_bytes = ?5
    WHERE seq = ?1 AND owner = ?2 AND epoch = ?3 AND recipients = ?4 AND body_bytes IS NULL AND is_stopped < 2";

const CLAIMED: &str = "SELECT id, key, part, recipients FROM deliveries
    WHERE seq = ?1 AND owner = ?2 AND epoch = ?3 AND body_bytes IS NULL AND is_stopped < 2";

const SET: &str = "UPDATE deliveries SET body_bytes = ?2, recipients = ?3 WHERE seq = ?1";

const BODY: &str = "INSERT INTO delivery_bodies (delivery_seq, content_type, body) VALUES (?1, ?2, ?3)";

// The id after this one: the rest is the next of its order.
const REST: &str = concat!(
    "INSERT INTO deliveries (environment_id, id, target_id, run_id, source_event, mapping, workflow, call,
         first_recipient, recipients, part, key, order_key, due_at_ms)
     SELECT environment_id, ?2, target_id, run_id, source_event, mapping, workflow, call,
         first_recipient + ?3, recipients - ?3, part + 1, ?4, order_key, CASE WHEN order_key IS NULL THEN ",
    now_ms!(),
    " END FROM deliveries WHERE seq = ?1"
);

/// Stores the body of a claimed delivery, and makes a delivery of the recipients that it leaves out. Returns false if the
/// claim is lost, a body is stored already, or a recipient was forgotten since the claim.
pub(super) async fn store(
    statements: &mut StatementRunner<'_>,
    owner: Uuid,
    BuiltDelivery { claim, body, covered }: &BuiltDelivery,
) -> Result<bool, SqliteError> {
    let is_set = set_whole(statements, owner, *claim, *covered, body.body.len()).await?
        || set_part(statements, owner, *claim, *covered, body.body.len()).await?;
    if is_set {
        let mut row = Row::default();
        row.int(claim.seq).text(&body.content_type).blob(&body.body);
        statements.step(BODY, &row).await?;
    }
    Ok(is_set)
}

/// Notes a body that is for all recipients of a claimed delivery; returns false if it is not, or the claim is lost.
async fn set_whole(
    statements: &mut StatementRunner<'_>,
    owner: Uuid,
    claim: Claim,
    covered: u32,
    bytes: usize,
) -> Result<bool, SqliteError> {
    let mut row = Row::default();
    row.int(claim.seq).blob(owner.as_bytes()).int(claim.epoch).int(covered.into()).int(bytes as i64);
    Ok(statements.change(SET_WHOLE, &row).await? > 0)
}

/// Notes a body that is for the first recipients of a claimed delivery, and makes a delivery of the others.
async fn set_part(
    statements: &mut StatementRunner<'_>,
    owner: Uuid,
    claim: Claim,
    covered: u32,
    bytes: usize,
) -> Result<bool, SqliteError> {
    let mut row = Row::default();
    row.int(claim.seq).blob(owner.as_bytes()).int(claim.epoch);
    let mut found = None;
    statements
        .query(CLAIMED, &row, |columns| {
            let row = columns;
            let (id, key) = (uuids::parse(0, row.blob(0)?)?, uuids::parse(1, row.blob(1)?)?);
            found = Some((id, key, row.int(2)?, row.int(3)?));
            Ok(())
        })
        .await?;
    let Some((id, key, part, recipients)) = found else { return Ok(false) };
    let covered = i64::from(covered).clamp(1, recipients.max(1));
    if covered < recipients {
        let next_part = u32::try_from(part + 1).unwrap_or(u32::MAX);
        let mut row = Row::default();
        row.int(claim.seq).uuid(Uuid::from_u128(id.as_u128().wrapping_add(1))).int(covered);
        row.uuid(part_key(key, next_part));
        statements.step(REST, &row).await?;
    }
    let mut row = Row::default();
    row.int(claim.seq).int(bytes as i64).int(covered);
    statements.step(SET, &row).await?;
    Ok(true)
}
