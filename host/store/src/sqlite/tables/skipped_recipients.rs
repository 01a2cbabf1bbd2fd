//! Reading the recipients that triggers left out because they are not identified.

use inlet_core::actions::workflows_trigger::skipped_in;

use crate::{
    records::SkippedRecipients,
    sql,
    sqlite::statements::{codes, uuids},
};

/// Returns the number of skipped recipients of a source environment and the last of them. Reads the index of events with
/// skipped recipients, and the actions of the last few.
pub(crate) async fn skipped_recipients(
    readers: &sql::Pool,
    source_environment: i64,
) -> Result<SkippedRecipients, sqlx::Error> {
    let count = sql::query_scalar(
        "SELECT coalesce(sum(skipped_recipients), 0) FROM event_logs
         WHERE source_environment_id = ? AND skipped_recipients IS NOT NULL",
    )
    .bind(source_environment)
    .fetch_one(readers)
    .await?;
    let rows = sql::query(
        "SELECT event_id, result FROM (
             SELECT id FROM event_logs WHERE source_environment_id = ? AND skipped_recipients IS NOT NULL
             ORDER BY id DESC LIMIT ?) AS events
             CROSS JOIN action_logs ON event_id = events.id
         WHERE status <> ? AND result IS NOT NULL ORDER BY event_id DESC, ordinal",
    )
    .bind(source_environment)
    .bind(SkippedRecipients::MAX_LAST as i64)
    .bind(codes::of_status(inlet_core::log::Status::Error))
    .fetch_all(readers)
    .await?;
    let mut skipped = SkippedRecipients { count, last: Vec::new() };
    for row in rows {
        let event = uuids::read(&row, 0)?;
        for id in skipped_in(row.try_get(1)?) {
            if skipped.last.len() < SkippedRecipients::MAX_LAST && !skipped.last.iter().any(|(_, named)| *named == id) {
                skipped.last.push((event, id));
            }
        }
    }
    Ok(skipped)
}
