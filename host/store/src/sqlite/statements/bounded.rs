//! Bounded reads of lists in the order of their ids: where a filter has no index, a page looks at so many entries of the
//! indexes that the list is read from, and says how many these were.

use uuid::Uuid;

use super::uuids::{self, Range};
use crate::records::{BoundedPage, Cursor, Looked, Page};
use crate::sql;

/// The most entries that a page looks at.
pub(crate) const LOOKED_AT: usize = 20_000;

/// The entries of an index with equal first columns, in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexRange {
    /// What follows FROM: the table, the index and a condition with `?1` and `?2`.
    pub(crate) from: &'static str,
    /// The values of `?1` and `?2`.
    pub(crate) keys: [i64; 2],
}

impl IndexRange {
    /// The number of an entry: deliveries have one beside their ids, and the other lists are read by ids.
    pub(crate) fn number(self) -> &'static str {
        if self.from.starts_with("deliveries ") { "seq" } else { "0" }
    }
}

/// A page of a list that is merged from ranges of indexes.
pub(crate) struct BoundedList<'a> {
    pub(crate) ranges: &'a [IndexRange],
    /// The conditions that no index has, with parameters from `?6` on; none if the indexes have all of them.
    pub(crate) filter: Option<&'static str>,
    /// The ids that are wanted.
    pub(crate) ids: Range,
    pub(crate) cursor: &'a Cursor<Uuid>,
    pub(crate) limit: usize,
    /// See [`LOOKED_AT`].
    pub(crate) most: usize,
}

/// An entry that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FoundRow {
    pub(crate) id: Uuid,
    /// See [`IndexRange::number`].
    pub(crate) rowid: i64,
}

/// The entries of a page, and the last entry that was looked at if there are more behind it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) page: Page<FoundRow>,
    edge: Option<Uuid>,
}

impl Found {
    /// A page of a list that is read whole.
    pub(crate) fn whole(page: Page<FoundRow>) -> Self {
        Self { page, edge: None }
    }
}

impl BoundedList<'_> {
    fn is_ascending(&self) -> bool {
        matches!(self.cursor, Cursor::Before(_))
    }

    fn order(&self) -> &'static str {
        if self.is_ascending() { "ASC" } else { "DESC" }
    }

    /// Finds the entries of the page. `bind` binds the parameters of the filter.
    pub(crate) async fn find<'q>(
        &self,
        connection: &mut sql::Connection<'_>,
        bind: impl Fn(sql::Query<'q>) -> sql::Query<'q>,
    ) -> Result<Found, sqlx::Error> {
        let edge = match self.filter {
            Some(_) => self.edge(connection).await?,
            None => None,
        };
        let ids = self.up_to(edge);
        let mut rows = Vec::new();
        for range in self.ranges.iter().filter(|_| !ids.is_empty()) {
            let sql = format!(
                "SELECT id, {} FROM {} AND id >= ?3 AND id < ?4 AND {} ORDER BY id {} LIMIT ?5",
                range.number(),
                range.from,
                self.filter.unwrap_or("true"),
                self.order()
            );
            let query = sql::query(sql).bind(range.keys[0]).bind(range.keys[1]);
            let query = bind(query.bind(ids.from()).bind(ids.to()).bind(self.limit as i64 + 1));
            for row in query.fetch_all(&mut *connection).await? {
                rows.push(FoundRow { id: uuids::read(&row, 0)?, rowid: row.try_get(1)? });
            }
        }
        rows.sort_unstable();
        if !self.is_ascending() {
            rows.reverse();
        }
        Ok(Found { page: Page::of_found(rows, self.limit, self.cursor), edge })
    }

    /// Returns the last entry to look at; none if there are no more than are looked at. Reads the indexes only.
    async fn edge(&self, connection: &mut sql::Connection<'_>) -> Result<Option<Uuid>, sqlx::Error> {
        let each = (self.most / self.ranges.len().max(1)).max(1);
        let mut edges = Vec::new();
        for range in self.ranges.iter().filter(|_| !self.ids.is_empty()) {
            let sql = format!(
                "SELECT id FROM {} AND id >= ?3 AND id < ?4 ORDER BY id {} LIMIT 2 OFFSET ?5",
                range.from,
                self.order()
            );
            let query = sql::query(sql).bind(range.keys[0]).bind(range.keys[1]);
            let rows = query.bind(self.ids.from()).bind(self.ids.to()).bind(each as i64 - 1);
            if let [last, _] = rows.fetch_all(&mut *connection).await?.as_slice() {
                edges.push(uuids::read(last, 0)?);
            }
        }
        // Behind the nearest of them, not every range was looked at.
        Ok(if self.is_ascending() { edges.into_iter().min() } else { edges.into_iter().max() })
    }

    fn up_to(&self, last: Option<Uuid>) -> Range {
        match (last, self.is_ascending()) {
            (None, _) => self.ids,
            (Some(last), true) => self.ids.before(Uuid::from_u128(last.as_u128().saturating_add(1))),
            (Some(last), false) => self.ids.not_before(last),
        }
    }

    /// Completes a page that was read. `id` returns the id of an entry; `found` is where the page was found, and some of its
    /// far entries may have been left out.
    pub(crate) async fn complete<T>(
        &self,
        connection: &mut sql::Connection<'_>,
        found: &Found,
        page: Page<T>,
        id: impl Fn(&T) -> Uuid,
    ) -> Result<BoundedPage<T>, sqlx::Error> {
        let looked = match self.filter {
            None => None,
            Some(_) => {
                let (is_full, far) = match self.is_ascending() {
                    true => (page.has_before, page.items.first()),
                    false => (page.has_after, page.items.last()),
                };
                let beyond = if is_full { far.map(&id) } else { found.edge };
                let entries = self.count(connection, self.up_to(beyond)).await?;
                // The page in the other direction begins with the entry of the cursor.
                let (older, newer) = match self.cursor {
                    Cursor::Start => (beyond, None),
                    Cursor::After(id) => (beyond, Some(Uuid::from_u128(id.as_u128().saturating_sub(1)))),
                    Cursor::Before(id) => (Some(Uuid::from_u128(id.as_u128().saturating_add(1))), beyond),
                };
                Some(Looked { entries, older, newer })
            }
        };
        Ok(BoundedPage { items: page.items, has_before: page.has_before, has_after: page.has_after, looked })
    }

    async fn count(&self, connection: &mut sql::Connection<'_>, ids: Range) -> Result<u64, sqlx::Error> {
        let mut entries = 0;
        for range in self.ranges.iter().filter(|_| !ids.is_empty()) {
            let sql = format!("SELECT count(*) FROM {} AND id >= ?3 AND id < ?4", range.from);
            let query = sql::query_scalar::<i64>(sql).bind(range.keys[0]).bind(range.keys[1]);
            entries += query.bind(ids.from()).bind(ids.to()).fetch_one(&mut *connection).await?.unsigned_abs();
        }
        Ok(entries)
    }
}
