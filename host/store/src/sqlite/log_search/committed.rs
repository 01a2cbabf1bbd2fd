//! Reading event logs in the order in which they were committed.

use uuid::Uuid;

use super::filters::{bind_filters, filters};
use crate::{records::EventQuery, sql, sqlite::statements::uuids};

/// Reads event logs in the order in which they were committed, which is that of their rowids, each with whether it is of the
/// source environments `?1` and the filters select it. `?2` is the rowid before the first one, `?3` is not used.
const COMMITTED: sql::Text = sql::each(
    concat!(
        "SELECT rowid, source_environment_id, id,
            coalesce(CASE WHEN source_environment_id IN (SELECT value FROM json_each(?1)) THEN 1",
        filters!(sqlite),
        " END, 0)
         FROM event_logs WHERE rowid > ?2 AND ?3 IS NOT NULL ORDER BY rowid LIMIT ?4"
    ),
    concat!(
        "SELECT rowid, source_environment_id, id,
            CASE WHEN source_environment_id IN (
                SELECT value::bigint FROM json_array_elements_text(?1::json) AS ids (value))",
        filters!(postgres),
        " THEN 1 ELSE 0 END
         FROM event_logs WHERE rowid > ?2 AND ?3 IS NOT NULL ORDER BY rowid LIMIT ?4"
    ),
);

/// An event log in the order of committing.
pub(crate) struct Committed {
    /// The place in the order.
    pub(crate) rowid: i64,
    /// The source environment.
    pub(crate) source_environment: i64,
    /// The event's id.
    pub(crate) id: Uuid,
    /// True if it is of the query's source environments and its filters select it.
    pub(crate) is_selected: bool,
}

/// Returns the event logs that were committed after a rowid, at most `limit`. The query's cursor and times do not count.
pub(crate) async fn committed_after(
    connection: &mut sql::Connection<'_>,
    rowid: i64,
    query: &EventQuery,
    limit: usize,
) -> Result<Vec<Committed>, sqlx::Error> {
    let statement = sql::query(COMMITTED)
        .bind(serde_json::to_string(&query.source_environment_ids).unwrap_or_default())
        .bind(rowid)
        .bind(0_i64)
        .bind(limit as i64);
    let rows = bind_filters(statement, query).fetch_all(connection).await?;
    let read = |row: &sql::Row| {
        let (rowid, source_environment) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Committed { rowid, source_environment, id: uuids::read(row, 2)?, is_selected: row.try_get(3)? })
    };
    rows.iter().map(read).collect()
}
