//! Listing actions of many events: first the ids of events with such actions from the index, then their actions.

use std::sync::LazyLock;

use inlet_core::idempotency::HashKey;
use uuid::Uuid;

use super::event_logs::{COMPARED, EventKey, FoundEvents, find};
use crate::{
    records::{ActionPlace, ActionSearch, Cursor, EventQuery, ListedAction, Page, ReadMemory},
    sql,
    sqlite::{
        log_search::{action_filters, workflow},
        statements::{codes, multi_row::MultiRow, uuids},
    },
};

macro_rules! tail {
    ($database:ident, $run:literal, $runs:literal, $reached:literal, $skipped:literal) => {
        concat!(
            ") SELECT event_logs.source_environment_id, event_logs.id, ordinal, action_logs.id, event_type, user_id, mapping,
                   action_type, status, ",
            workflow!($database),
            ", ",
            $run,
            ", ",
            $runs,
            ", ",
            $reached,
            ", ",
            $skipped,
            ", action_logs.reason, action_logs.warnings
               FROM wanted CROSS JOIN event_logs USING (source_environment_id, id)
                   CROSS JOIN action_logs ON event_id = event_logs.id
               WHERE true",
            action_filters!(
                $database,
                "of_type",
                "of_mapping",
                "of_status",
                "of_workflow",
                "of_recipient",
                "of_collection"
            ),
            " ORDER BY number, ordinal"
        )
    };
}

/// The conditions stand in each row, because placeholders have no numbers here.
static ACTIONS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query_each(
        "WITH wanted (number, source_environment_id, id, of_type, of_mapping, of_status, of_workflow, of_recipient,
             of_collection) AS (VALUES",
        "(#, ?, ?, ?, ?, ?, ?, ?, ?)",
        tail!(
            sqlite,
            "result ->> '$.workflow_run_id'",
            "result -> '$.workflow_run_ids'",
            "json_array_length(result, '$.recipients')",
            "json_array_length(result, '$.skipped_recipients')"
        ),
        tail!(
            postgres,
            "readable_json(result) ->> 'workflow_run_id'",
            "CAST(readable_json(result) -> 'workflow_run_ids' AS TEXT)",
            "CASE json_typeof(readable_json(result) -> 'recipients')
                 WHEN 'array' THEN json_array_length(readable_json(result) -> 'recipients') END",
            "CASE json_typeof(readable_json(result) -> 'skipped_recipients')
                 WHEN 'array' THEN json_array_length(readable_json(result) -> 'skipped_recipients') END"
        ),
    )
});

/// Returns a page of the actions that the query's filter of actions selects, those of the newest event first; none if there is
/// no memory for it. It looks at a bounded number of events. The query's own cursor and limit do not count.
pub(crate) async fn page(
    readers: &sql::Pool,
    query: &EventQuery,
    cursor: Cursor<ActionPlace>,
    limit: usize,
    key: &HashKey,
    memory: &dyn ReadMemory,
) -> Result<Option<ActionSearch>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let filter = query.action.clone().unwrap_or_default();
    let moved = |id: Uuid, step: i8| Uuid::from_u128(id.as_u128().saturating_add_signed(step.into()));
    // The event of the cursor is read too: it may have more actions. Every other one has at least one.
    let event_cursor = match cursor {
        Cursor::Start => Cursor::Start,
        Cursor::After(place) => Cursor::After(moved(place.event, 1)),
        Cursor::Before(place) => Cursor::Before(moved(place.event, -1)),
    };
    let of_events =
        EventQuery { action: Some(filter.clone()), cursor: event_cursor, limit: limit + 2, ..query.clone() };
    let FoundEvents { page: Page { items: events, .. }, edge } =
        find(&mut snapshot, &of_events, key, Some(COMPARED)).await?;
    let mut actions: Vec<ListedAction> = Vec::new();
    let found = |_: &[EventKey], rows: Vec<sql::Row>| {
        for row in rows {
            actions.push(read(&row)?);
        }
        Ok(())
    };
    let recipient = filter.recipient.as_ref();
    ACTIONS
        .fetch(
            &mut snapshot,
            &events,
            |row, (source_environment, id)| {
                row.int(*source_environment).blob(id.as_bytes());
                row.optional_owned_text(filter.action_type.clone()).optional_uuid(filter.mapping);
                row.optional_int(filter.status.map(codes::of_status)).optional_owned_text(filter.workflow.clone());
                row.optional_owned_text(recipient.map(|recipient| recipient.id.clone()));
                row.optional_owned_text(recipient.and_then(|recipient| recipient.collection.clone()));
            },
            found,
        )
        .await?;
    let is_beyond = |place: ActionPlace| match cursor {
        Cursor::Start => true,
        Cursor::After(edge) => place.event != edge.event || place.ordinal > edge.ordinal,
        Cursor::Before(edge) => place.event != edge.event || place.ordinal < edge.ordinal,
    };
    actions.retain(|action| is_beyond(action.place));
    if matches!(cursor, Cursor::Before(_)) {
        actions.reverse();
    }
    actions.truncate(limit + 1);
    let edge = edge.filter(|_| actions.len() <= limit);
    let mut page = Page::of_found(actions, limit, &cursor);
    let is_newer = matches!(cursor, Cursor::Before(_));
    page.has_before |= edge.is_some() && is_newer;
    page.has_after |= edge.is_some() && !is_newer;
    let is_reserved = memory.reserve(page.items.iter().map(size).sum());
    Ok(is_reserved.then_some(ActionSearch { page, edge }))
}

/// Returns the bytes of an action.
fn size(action: &ListedAction) -> u64 {
    let texts = [&action.user_id, &action.workflow, &action.reason].map(|text| text.as_ref().map_or(0, String::len));
    let warnings: usize = action.warnings.iter().map(String::len).sum();
    let all = 512 + action.event_type.len() + texts.iter().sum::<usize>() + warnings + 40 * action.runs.len();
    all as u64
}

fn read(row: &sql::Row) -> Result<ListedAction, sqlx::Error> {
    let (run, runs): (Option<&str>, Option<&str>) = (row.try_get(10)?, row.try_get(11)?);
    let runs: Option<Vec<Uuid>> = runs.and_then(|text| serde_json::from_str(text).ok());
    let one = || run.and_then(|text| Uuid::try_parse(text).ok()).into_iter().collect();
    let count = |column: usize| -> Result<usize, sqlx::Error> {
        Ok(usize::try_from(row.try_get::<Option<i64>>(column)?.unwrap_or_default()).unwrap_or_default())
    };
    let warnings: Option<&str> = row.try_get(15)?;
    Ok(ListedAction {
        source_environment_id: row.try_get(0)?,
        place: ActionPlace { event: uuids::read(row, 1)?, ordinal: row.try_get(2)? },
        id: uuids::read(row, 3)?,
        event_type: row.try_get(4)?,
        user_id: row.try_get(5)?,
        mapping: uuids::read_optional(row, 6)?,
        action_type: row.try_get(7)?,
        status: codes::status(row.try_get(8)?)?,
        workflow: row.try_get(9)?,
        runs: runs.filter(|runs| !runs.is_empty()).unwrap_or_else(one),
        recipients: count(12)?,
        skipped_recipients: count(13)?,
        reason: row.try_get(14)?,
        warnings: warnings.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
    })
}
