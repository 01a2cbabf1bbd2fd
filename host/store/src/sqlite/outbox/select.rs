//! Finding the deliveries that an operator means.

use inlet_core::delivery::DeliveryStatus;
use uuid::Uuid;

use super::columns::of_status;
use crate::{
    records::{Cursor, DeliveryFilter, SelectedDeliveries, uuid_time},
    sql,
    sqlite::statements::uuids,
};

/// The conditions of a filter beside the status, with the parameters that [`bind`] binds.
pub(crate) const MATCHES: &str = "environment_id = ?1 AND id >= ?2 AND id < ?3 AND (?4 IS NULL OR target_id = ?4)
    AND (?5 IS NULL OR workflow = ?5) AND (?6 IS NULL OR mapping = ?6)";

/// Binds the parameters of [`MATCHES`] with a range of ids.
pub(crate) fn bind<'q>(
    query: sql::Query<'q>,
    environment: i64,
    filter: &DeliveryFilter,
    range: uuids::Range,
) -> sql::Query<'q> {
    query
        .bind(environment)
        .bind(range.from())
        .bind(range.to())
        .bind(filter.target_id)
        .bind(filter.workflow.clone())
        .bind(filter.mapping.map(|mapping| mapping.as_bytes().to_vec()))
}

/// Returns the ids that a filter's times leave.
pub(crate) fn range(filter: &DeliveryFilter, range: uuids::Range) -> uuids::Range {
    let range = filter.created_from_ms.map_or(range, |ms| range.not_before(uuid_time::floor(ms)));
    filter.created_before_ms.map_or(range, |ms| range.before(uuid_time::floor(ms)))
}

/// A selected delivery.
pub(crate) struct Found {
    pub(crate) seq: i64,
    pub(crate) id: Uuid,
    pub(crate) target: i64,
    pub(crate) order_key: Option<Uuid>,
    pub(crate) status: i64,
    pub(crate) source_event: Uuid,
}

/// Finds at most `limit` deliveries behind one that have one of these statuses and this condition, the oldest first.
pub(crate) async fn find(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    selected: &SelectedDeliveries,
    statuses: &[DeliveryStatus],
    condition: &str,
    (after, limit): (Option<Uuid>, i64),
) -> Result<Vec<Found>, sqlx::Error> {
    let everything = DeliveryFilter::default();
    let all = uuids::Range::of(&after.map_or(Cursor::Start, Cursor::Before));
    let (filter, range) = match selected {
        SelectedDeliveries::One(id) => (&everything, all.only(*id)),
        SelectedDeliveries::Matching(filter) => (filter, range(filter, all)),
    };
    let mut found = Vec::new();
    if range.is_empty() {
        return Ok(found);
    }
    // Nothing of other targets is read: a slice of very many deliveries would hold up the writer.
    let (index, of) = match (selected, filter.target_id) {
        (SelectedDeliveries::One(_), _) => ("INDEXED BY deliveries_by_id", "true"),
        (_, Some(_)) => ("INDEXED BY deliveries_of_target", "target_id = ?4"),
        (_, None) => ("INDEXED BY deliveries_by_status", "true"),
    };
    for status in statuses.iter().filter(|status| filter.status.is_none_or(|wanted| wanted == **status)) {
        let sql = format!(
            "SELECT seq, target_id, order_key, status, source_event, id FROM deliveries {index}
             WHERE {MATCHES} AND {of} AND status = ?7 AND {condition} ORDER BY id LIMIT ?8"
        );
        let query = bind(sql::query(sql), environment, filter, range);
        let left = limit - found.len() as i64;
        let rows = query.bind(of_status(*status)).bind(left).fetch_all(&mut *connection).await?;
        for row in &rows {
            found.push(Found {
                seq: row.try_get(0)?,
                id: uuids::read(row, 5)?,
                target: row.try_get(1)?,
                order_key: uuids::read_optional(row, 2)?,
                status: row.try_get(3)?,
                source_event: uuids::read(row, 4)?,
            });
        }
    }
    Ok(found)
}
