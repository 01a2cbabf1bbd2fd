//! Finding the ids of a page of event logs.

use inlet_core::idempotency::HashKey;
use uuid::Uuid;

use super::{
    attribute::{self, Attribute},
    filters::{bind_filters, filters},
};
use crate::{
    records::{Cursor, EventQuery, SearchEdge, uuid_time},
    sql,
    sqlite::statements::uuids,
};

/// The newest segments that are looked at to choose the filter that drives a search.
const SAMPLED_SEGMENTS: i64 = 128;
/// The weight of a segment that is scanned, in entries.
const SCAN_WEIGHT: i64 = 1024;
/// The open entries of attention up to which they are read one by one, whatever the other filters select.
const FEW_OPEN: i64 = 4096;

/// The event logs of a range.
macro_rules! entries {
    () => {
        "event_logs WHERE source_environment_id = ?1 AND id >= ?2 AND id <= ?3"
    };
}

/// The event logs of a hit.
macro_rules! events_of_hit {
    () => {
        "event_logs.source_environment_id = ?1
           AND event_logs.id >= max(CASE WHEN event = x'' THEN first_id ELSE event END, ?2)
           AND event_logs.id <= min(
               CASE WHEN event = x'' THEN last_id ELSE CAST(event || x'ffffffffffffffff' AS BLOB) END, ?3)"
    };
}

/// The value with the hash `?22` in every segment, and the event logs of each hit. PostgreSQL cannot estimate how few those are, and would
/// read all event logs to compare each with the hits. It cannot move a subquery with an `OFFSET`, so it runs this one for each hit.
macro_rules! hits {
    (sqlite) => {
        concat!(
            "log_segments CROSS JOIN log_search ON true CROSS JOIN event_logs ON true",
            hits!(),
            " AND ",
            events_of_hit!()
        )
    };
    (postgres) => {
        concat!(
            "log_segments CROSS JOIN log_search ON true
                 CROSS JOIN LATERAL (SELECT * FROM event_logs WHERE ",
            events_of_hit!(),
            " OFFSET 0) AS event_logs ON true",
            hits!()
        )
    };
    () => {
        " WHERE log_segments.source_environment_id = ?1 AND last_id >= ?2 AND first_id <= ?3
           AND log_search.segment = log_segments.segment AND hash = ?22"
    };
}

macro_rules! order_of_hits {
    ($order:literal) => {
        concat!(" ORDER BY last_id ", $order, ", event ", $order, ", event_logs.id ", $order, " LIMIT ?4")
    };
}

/// The open entries of a range, and the event log of each. The names of their columns stay inside.
macro_rules! open_entries {
    () => {
        "(SELECT event_id FROM attention
          WHERE source_environment_id = ?1 AND open = 1 AND event_id >= ?2 AND event_id <= ?3) AS entries
         CROSS JOIN event_logs ON event_logs.source_environment_id = ?1 AND event_logs.id = entries.event_id
         WHERE true"
    };
}

/// Reads the ids of the event logs of a range that the filters select.
macro_rules! scan {
    ($order:literal) => {
        sql::each(scan!(sqlite, $order), scan!(postgres, $order))
    };
    ($database:ident, $order:literal) => {
        concat!("SELECT id FROM ", entries!(), filters!($database), " ORDER BY id ", $order, " LIMIT ?4")
    };
}

/// Compares each hit with its row.
macro_rules! look_up {
    ($order:literal) => {
        sql::each(look_up!(sqlite, $order), look_up!(postgres, $order))
    };
    ($database:ident, $order:literal) => {
        concat!("SELECT event_logs.id FROM ", hits!($database), filters!($database), order_of_hits!($order))
    };
}

/// Compares each open entry with its event log.
macro_rules! read_open {
    ($order:literal) => {
        sql::each(read_open!(sqlite, $order), read_open!(postgres, $order))
    };
    ($database:ident, $order:literal) => {
        concat!(
            "SELECT event_logs.id FROM ",
            open_entries!(),
            filters!($database),
            " ORDER BY entries.event_id ",
            $order,
            " LIMIT ?4"
        )
    };
}

/// Counts the event logs that are compared with the filters, `?4` at most, and returns the first and the last of their ids.
macro_rules! reach {
    ($ids:expr) => {
        concat!("SELECT count(*), min(id), max(id) FROM (SELECT event_logs.id AS id FROM ", $ids, ") AS compared")
    };
}

/// The reach among the hits of a value.
macro_rules! reach_of_hits {
    ($order:literal) => {
        sql::each(
            reach!(concat!(hits!(sqlite), order_of_hits!($order))),
            reach!(concat!(hits!(postgres), order_of_hits!($order))),
        )
    };
}

/// Counts the open entries of a range up to a limit.
const OPEN_COUNT: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM attention WHERE source_environment_id = ?1 AND open = 1 AND event_id >= ?2 AND event_id <= ?3
        LIMIT ?4) AS entries";

/// The weight of a value in the newest segments of a range.
const WEIGHT: &str = "
    SELECT coalesce(sum(CASE WHEN event = x'' THEN ?6 ELSE 1 END), 0) FROM (
        SELECT segment FROM log_segments
        WHERE source_environment_id = ?1 AND last_id >= ?2 AND first_id <= ?3
        ORDER BY last_id DESC LIMIT ?5) AS sampled
    CROSS JOIN log_search ON true WHERE log_search.segment = sampled.segment AND hash = ?4";

/// The ids of a page, and the reach of the search for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct FoundIds {
    /// In the order of the page, at most one more than it holds.
    pub(crate) ids: Vec<Uuid>,
    /// The place where the search ended before the page was full; none if it went on to the end.
    pub(crate) edge: Option<SearchEdge>,
}

/// The event logs that a search reads in order.
enum Part<'w, 'a> {
    /// All of a range.
    Scan,
    /// Those that the index has for one of these values.
    LookUp(&'w [Attribute<'a>]),
    /// Those that need attention.
    Open,
}

/// Returns the ids of the first events of a source environment that a query selects. Where no index has all filters, at most
/// `most` events are compared with them.
pub(crate) async fn ids(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    query: &EventQuery,
    key: &HashKey,
    most: Option<usize>,
) -> Result<FoundIds, sqlx::Error> {
    let ascending = matches!(query.cursor, Cursor::Before(_));
    let search = Search { source_environment, query, key, ascending, limit: query.limit + 1 };
    let wanted = attribute::wanted(query);
    let has_other_filters = wanted.len() + usize::from(query.needs_attention) > 1;
    let mut found = FoundIds::default();
    let mut left = most.unwrap_or(usize::MAX);
    for (part, range) in search.parts(connection, &wanted).await? {
        if range.is_empty() {
            continue;
        }
        let is_bounded = match part {
            Part::Scan => query.id.is_none() && !wanted.is_empty(),
            Part::LookUp(_) | Part::Open => has_other_filters,
        };
        let mut within = range;
        if is_bounded && most.is_some() {
            let (entries, edge) = search.reach(connection, &part, range, left).await?;
            left = left.saturating_sub(entries);
            if let Some(last) = edge {
                within = search.up_to(range, last);
                let entries = most.unwrap_or_default().saturating_sub(left);
                found.edge = Some(SearchEdge { entries: entries as u64, last });
            }
        }
        let limit = search.limit - found.ids.len();
        found.ids.extend(search.read(connection, &part, within, limit).await?);
        if found.ids.len() >= search.limit {
            found.edge = None;
            break;
        }
        if found.edge.is_some() {
            break;
        }
    }
    Ok(found)
}

/// Returns the ids that a query's cursor, id and times select.
fn range(query: &EventQuery) -> uuids::Range {
    let mut range = uuids::Range::of(&query.cursor);
    if let Some(id) = query.id {
        range = range.only(id);
    }
    if let Some(ms) = query.starting_at_ms {
        range = range.not_before(uuid_time::floor(ms));
    }
    if let Some(ms) = query.ending_at_ms {
        range = range.before(uuid_time::floor(ms));
    }
    range
}

struct Search<'a> {
    source_environment: i64,
    query: &'a EventQuery,
    key: &'a HashKey,
    /// True if the oldest event comes first.
    ascending: bool,
    limit: usize,
}

impl<'a> Search<'a> {
    /// Returns what is read for the page, in its order.
    async fn parts<'w>(
        &self,
        connection: &mut sql::Connection<'_>,
        wanted: &'w [Vec<Attribute<'a>>],
    ) -> Result<Vec<(Part<'w, 'a>, uuids::Range)>, sqlx::Error> {
        let whole = range(self.query);
        if self.query.id.is_some() {
            return Ok(vec![(Part::Scan, whole)]);
        }
        if self.query.needs_attention && (wanted.is_empty() || self.has_few_open(connection, whole).await?) {
            return Ok(vec![(Part::Open, whole)]);
        }
        if wanted.is_empty() {
            return Ok(vec![(Part::Scan, whole)]);
        }
        let indexed_to: Option<Vec<u8>> =
            sql::query_scalar("SELECT max(last_id) FROM log_segments WHERE source_environment_id = ?")
                .bind(self.source_environment)
                .fetch_one(&mut *connection)
                .await?;
        let Some(indexed_to) = indexed_to.and_then(|id| Uuid::from_slice(&id).ok()) else {
            return Ok(vec![(Part::Scan, whole)]);
        };
        let after = Uuid::from_u128(indexed_to.as_u128().saturating_add(1));
        let (indexed, rest) = (whole.before(after), whole.not_before(after));
        let values = self.driver(connection, indexed, wanted).await?;
        let mut parts = vec![(Part::Scan, rest), (Part::LookUp(values), indexed)];
        if self.ascending {
            parts.reverse();
        }
        Ok(parts)
    }

    /// Returns how many event logs of a range are compared with the filters, at most `most`, and the last of them if there
    /// may be more.
    async fn reach(
        &self,
        connection: &mut sql::Connection<'_>,
        part: &Part<'_, 'a>,
        range: uuids::Range,
        most: usize,
    ) -> Result<(usize, Option<Uuid>), sqlx::Error> {
        let sql: sql::Text = match (part, self.ascending) {
            (Part::Scan, true) => reach!(concat!(entries!(), " ORDER BY id ASC LIMIT ?4")).into(),
            (Part::Scan, false) => reach!(concat!(entries!(), " ORDER BY id DESC LIMIT ?4")).into(),
            (Part::Open, true) => reach!(concat!(open_entries!(), " ORDER BY entries.event_id ASC LIMIT ?4")).into(),
            (Part::Open, false) => reach!(concat!(open_entries!(), " ORDER BY entries.event_id DESC LIMIT ?4")).into(),
            (Part::LookUp(_), true) => reach_of_hits!("ASC"),
            (Part::LookUp(_), false) => reach_of_hits!("DESC"),
        };
        let values: Vec<Option<Attribute<'_>>> = match part {
            Part::LookUp(values) => values.iter().copied().map(Some).collect(),
            Part::Scan | Part::Open => vec![None],
        };
        let each = (most / values.len().max(1)).max(1);
        let (mut entries, mut edges) = (0, Vec::new());
        for value in values {
            let query = self.bind(sql::query(sql.clone()), range, each);
            let query = query.bind(value.map(|value| i64::from(value.hash(self.key))));
            let row = query.fetch_one(&mut *connection).await?;
            let count = usize::try_from(row.try_get::<i64>(0)?).unwrap_or_default();
            entries += count;
            if count >= each {
                edges.push(uuids::read(&row, if self.ascending { 2 } else { 1 })?);
            }
        }
        // Behind the nearest of them, not every value was looked up.
        Ok((entries, if self.ascending { edges.into_iter().min() } else { edges.into_iter().max() }))
    }

    /// Returns the part of a range up to an id in the order of the page.
    fn up_to(&self, range: uuids::Range, last: Uuid) -> uuids::Range {
        match self.ascending {
            true => range.before(Uuid::from_u128(last.as_u128().saturating_add(1))),
            false => range.not_before(last),
        }
    }

    async fn read(
        &self,
        connection: &mut sql::Connection<'_>,
        part: &Part<'_, 'a>,
        range: uuids::Range,
        limit: usize,
    ) -> Result<Vec<Uuid>, sqlx::Error> {
        let sql = match (part, self.ascending) {
            (Part::Scan, true) => scan!("ASC"),
            (Part::Scan, false) => scan!("DESC"),
            (Part::Open, true) => read_open!("ASC"),
            (Part::Open, false) => read_open!("DESC"),
            (Part::LookUp(_), true) => look_up!("ASC"),
            (Part::LookUp(_), false) => look_up!("DESC"),
        };
        let Part::LookUp(values) = part else {
            return read_ids(self.bind(sql::query(sql), range, limit), connection).await;
        };
        let mut found = Vec::new();
        for value in *values {
            let query = self.bind(sql::query(sql.clone()), range, limit).bind(i64::from(value.hash(self.key)));
            found.extend(read_ids(query, connection).await?);
        }
        // Each value was found in order; an event has several of them if their hashes are equal.
        found.sort_unstable();
        found.dedup();
        if !self.ascending {
            found.reverse();
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Chooses the filter that the fewest events pass, by the newest segments.
    async fn driver<'w>(
        &self,
        connection: &mut sql::Connection<'_>,
        range: uuids::Range,
        wanted: &'w [Vec<Attribute<'a>>],
    ) -> Result<&'w [Attribute<'a>], sqlx::Error> {
        let [first, others @ ..] = wanted else { return Ok(&[]) };
        if others.is_empty() || range.is_empty() {
            return Ok(first);
        }
        let mut lightest = (i64::MAX, &first[..]);
        for values in wanted {
            let mut weight = 0;
            for value in values {
                weight += sql::query_scalar::<i64>(WEIGHT)
                    .bind(self.source_environment)
                    .bind(range.from())
                    .bind(range.last())
                    .bind(i64::from(value.hash(self.key)))
                    .bind(SAMPLED_SEGMENTS)
                    .bind(SCAN_WEIGHT)
                    .fetch_one(&mut *connection)
                    .await?;
            }
            if weight < lightest.0 {
                lightest = (weight, values);
            }
        }
        Ok(lightest.1)
    }

    /// Returns true if few event logs of a range need attention.
    async fn has_few_open(
        &self,
        connection: &mut sql::Connection<'_>,
        range: uuids::Range,
    ) -> Result<bool, sqlx::Error> {
        let open: i64 = sql::query_scalar(OPEN_COUNT)
            .bind(self.source_environment)
            .bind(range.from())
            .bind(range.last())
            .bind(FEW_OPEN)
            .fetch_one(connection)
            .await?;
        Ok(open < FEW_OPEN)
    }

    fn bind(&self, statement: sql::Query<'a>, range: uuids::Range, limit: usize) -> sql::Query<'a> {
        let statement =
            statement.bind(self.source_environment).bind(range.from()).bind(range.last()).bind(limit as i64);
        bind_filters(statement, self.query)
    }
}

async fn read_ids(query: sql::Query<'_>, connection: &mut sql::Connection<'_>) -> Result<Vec<Uuid>, sqlx::Error> {
    query.fetch_all(connection).await?.iter().map(|row| uuids::read(row, 0)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use sqlx::{Connection as _, Row as _, SqliteConnection};

    use super::*;
    use crate::sqlite::connection::migrations::MIGRATIONS;

    async fn plan(sql: &str) -> Vec<String> {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        let explained = format!("EXPLAIN QUERY PLAN {sql}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(explained)).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.try_get(3).unwrap()).collect()
    }

    /// A plan that sorts would read every hit of a frequent value; one that scans would read every event.
    #[tokio::test]
    async fn a_search_reads_indexes_in_the_order_of_the_page() {
        for sql in [look_up!(sqlite, "DESC"), look_up!(sqlite, "ASC")] {
            let plan = plan(sql).await;
            let tables: Vec<&String> = plan.iter().take(3).collect();
            assert!(tables.iter().all(|step| step.starts_with("SEARCH ")), "{plan:#?}");
            assert!(
                tables[0].contains("log_segments USING PRIMARY KEY (source_environment_id=? AND last_id>?)"),
                "{plan:#?}"
            );
            assert!(tables[1].contains("log_search USING PRIMARY KEY (segment=? AND hash=?)"), "{plan:#?}");
            assert!(tables[2].contains("(source_environment_id=? AND id>? AND id<?)"), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
        for sql in [scan!(sqlite, "DESC"), scan!(sqlite, "ASC")] {
            let plan = plan(sql).await;
            assert!(plan[0].contains("(source_environment_id=? AND id>? AND id<?)"), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
        for sql in [read_open!(sqlite, "DESC"), read_open!(sqlite, "ASC")] {
            let plan = plan(sql).await;
            assert!(
                plan[0].contains("USING INDEX attention_open (source_environment_id=? AND event_id>? AND event_id<?)")
                    || plan[0].contains(
                        "USING COVERING INDEX attention_open (source_environment_id=? AND event_id>? AND event_id<?)"
                    ),
                "{plan:#?}"
            );
            assert!(plan[1].contains("(source_environment_id=? AND id=?)"), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
        let plan = plan(WEIGHT).await;
        assert!(
            plan.iter().any(|step| step.contains("log_search USING PRIMARY KEY (segment=? AND hash=?)")),
            "{plan:#?}"
        );
    }
}
