//! Writing records, loading the index, and sealing the tail.

use std::sync::LazyLock;

use inlet_core::{idempotency::RecordId, world::RecordChange};

use super::{
    index::{RecordIndex, SegmentIndex, Tail, TailEntry},
    segment::Segment,
};
use crate::{
    sql,
    sqlite::{
        error::SqliteError,
        idempotency::{
            Number,
            filter::Filter,
            look_up::{has_old_table, id_of},
        },
        statements::{multi_row::MultiRow, runner::StatementRunner, transaction},
    },
};

/// The shortest tail that becomes a segment. Its map takes three megabytes.
const MIN_TAIL: usize = 65_536;
/// The longest tail. Sealing it takes the writer some tens of milliseconds.
const MAX_TAIL: usize = 262_144;
/// Segments at which the tail may grow longer, because every look-up asks the filters of all segments.
const MANY_SEGMENTS: usize = 16;

static ADD: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::insert("idempotency_records", "number, hash, expires_at_ms, value", ""));

/// Replaces a record of the tail.
static REPLACE: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "idempotency_records",
        "number, hash, expires_at_ms, value",
        "ON CONFLICT (number) DO UPDATE SET expires_at_ms = excluded.expires_at_ms, value = excluded.value",
    )
});

/// The reason why the index may lack what the database holds: the commit of a transaction that failed may have reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Doubt {
    #[default]
    None,
    /// Records may have been added.
    Additions,
    /// Anything may have changed.
    Everything,
}

/// The writer's side of records in segments.
#[derive(Default)]
pub(crate) struct SegmentRecords {
    pub(super) index: SegmentIndex,
    /// The records of the transaction under way.
    pub(super) pending: Vec<(RecordId, TailEntry)>,
    /// Records of the tail that the transaction under way deletes.
    pub(super) forgotten: Vec<RecordId>,
    /// The greatest number that was committed.
    last: Number,
    doubt: Doubt,
    /// Tests seal short tails.
    #[cfg(test)]
    pub(super) max_tail: Option<usize>,
}

impl SegmentRecords {
    /// Loads the index.
    pub(crate) async fn load(connection: &mut sql::Connection<'_>) -> Result<Self, sqlx::Error> {
        let mut records = Self::default();
        records.reload(connection).await?;
        Ok(records)
    }

    /// Returns the index, for those who only read.
    pub(crate) fn index(&self) -> &SegmentIndex {
        &self.index
    }

    /// Loads the index again if it may lack what the database holds.
    pub(crate) async fn make_sure(&mut self, statements: &mut StatementRunner<'_>) -> Result<(), SqliteError> {
        if self.doubt == Doubt::None {
            return Ok(());
        }
        let connection = &mut statements.connection().await?;
        if self.doubt == Doubt::Additions {
            let last: Option<Number> =
                sql::query_scalar("SELECT max(number) FROM idempotency_records").fetch_one(&mut *connection).await?;
            if last.unwrap_or_default() <= self.last {
                self.doubt = Doubt::None;
                return Ok(());
            }
        }
        Ok(self.reload(connection).await?)
    }

    async fn reload(&mut self, connection: &mut sql::Connection<'_>) -> Result<(), sqlx::Error> {
        let segments: Vec<Segment> = sql::query(
            "SELECT id, first_number, last_number, buckets, mostly_until_ms, filter FROM idempotency_segments
             ORDER BY first_number",
        )
        .try_map(|row| {
            let filter: &[u8] = row.try_get(5)?;
            let filter = Filter::from_bytes(filter).ok_or_else(|| {
                sqlx::Error::Decode("the filter of a segment of idempotency records is damaged".into())
            })?;
            let (id, first, last) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok(Segment { id, first, last, buckets: row.try_get(3)?, mostly_until_ms: row.try_get(4)?, filter })
        })
        .fetch_all(&mut *connection)
        .await?;
        let sealed = segments.last().map_or(0, |segment| segment.last);
        let rows = sql::query("SELECT number, hash, expires_at_ms FROM idempotency_records WHERE number > ?")
            .bind(sealed)
            .fetch_all(&mut *connection)
            .await?;
        let mut tail = Tail::default();
        let mut last = sealed;
        for row in rows {
            let entry = TailEntry { number: row.try_get(0)?, expires_at_ms: row.try_get(2)? };
            last = last.max(entry.number);
            if let Some(id) = id_of(row.try_get(1)?) {
                tail.insert(id, entry);
            }
        }
        let has_old_table = has_old_table(connection).await?;
        *self.index.write() = RecordIndex { tail, segments, has_old_table };
        // Numbers are not used twice by one process, even if the last record was pruned meanwhile.
        self.last = self.last.max(last);
        self.doubt = Doubt::None;
        Ok(())
    }

    pub(crate) fn has_old_table(&self) -> bool {
        self.index.read().has_old_table
    }

    /// Notes whether the table of earlier versions still holds records.
    pub(crate) async fn check_old_table(&mut self, connection: &mut sql::Connection<'_>) -> Result<(), SqliteError> {
        let has_old_table = has_old_table(connection).await?;
        self.index.write().has_old_table = has_old_table;
        Ok(())
    }

    /// Writes the records of the transaction under way. Call it once for each transaction.
    pub(crate) async fn write(
        &mut self,
        statements: &mut StatementRunner<'_>,
        changes: &[RecordChange<'_>],
    ) -> Result<(), SqliteError> {
        if changes.is_empty() {
            return Ok(());
        }
        let (mut known, mut new) = (Vec::new(), Vec::with_capacity(changes.len()));
        {
            let index = self.index.read();
            for change in changes {
                match index.tail.get(&change.id) {
                    Some(entry) => known.push((entry.number, change)),
                    None => {
                        let number = self.next() + new.len() as Number;
                        new.push((number, change));
                    }
                }
            }
        }
        for (statement, changes) in [(&*ADD, &new), (&*REPLACE, &known)] {
            statements
                .write(statement, changes, |row, (number, change)| {
                    row.int(*number).blob(&change.id.0).int(change.expires_at_ms);
                    row.owned_blob(change.record.to_bytes());
                })
                .await?;
        }
        self.pending.extend(
            new.into_iter()
                .chain(known)
                .map(|(number, change)| (change.id, TailEntry { number, expires_at_ms: change.expires_at_ms })),
        );
        Ok(())
    }

    /// Returns the number of the next new record.
    pub(super) fn next(&self) -> Number {
        self.last + 1
    }

    pub(crate) fn committed(&mut self) {
        if self.pending.is_empty() && self.forgotten.is_empty() {
            return;
        }
        let mut index = self.index.write();
        for id in self.forgotten.drain(..) {
            index.tail.remove(&id);
        }
        for (id, entry) in self.pending.drain(..) {
            self.last = self.last.max(entry.number);
            index.tail.insert(id, entry);
        }
    }

    pub(crate) fn rolled_back(&mut self) {
        self.pending.clear();
        self.forgotten.clear();
        self.doubt = self.doubt.max(Doubt::Additions);
    }

    /// Rolls back a transaction that removes or seals: the index must be loaded again.
    pub(super) fn doubt_everything(&mut self) {
        self.rolled_back();
        self.doubt = Doubt::Everything;
    }

    /// Returns true if the tail is to be sealed.
    pub(crate) fn is_long(&self) -> bool {
        let index = self.index.read();
        self.doubt == Doubt::None && index.tail.len() >= self.max_tail(index.segments.len())
    }

    /// Makes a segment of the tail.
    pub(crate) async fn seal(&mut self, connection: &mut sql::Connection<'_>) -> Result<(), SqliteError> {
        let (id, tail) = {
            let index = self.index.read();
            let id = index.segments.iter().map(|segment| segment.id).max().unwrap_or_default() + 1;
            (id, index.tail.iter().map(|(id, entry)| (*id, *entry)).collect::<Vec<_>>())
        };
        let (segment, buckets) = Segment::of(id, &tail);
        let sealed =
            transaction::run(connection, async |connection| insert(connection, &segment, &buckets).await).await;
        if sealed.is_err() {
            self.doubt_everything();
            return sealed;
        }
        let mut index = self.index.write();
        index.tail = Tail::default();
        index.segments.push(segment);
        Ok(())
    }

    fn max_tail(&self, segments: usize) -> usize {
        #[cfg(test)]
        if let Some(max) = self.max_tail {
            return max;
        }
        (MIN_TAIL * segments / MANY_SEGMENTS).clamp(MIN_TAIL, MAX_TAIL)
    }
}

async fn insert(
    connection: &mut sql::Connection<'_>,
    segment: &Segment,
    buckets: &[Vec<u8>],
) -> Result<(), SqliteError> {
    for (bucket, entries) in (0..).zip(buckets) {
        sql::query("INSERT INTO idempotency_buckets (id, entries) VALUES (?, ?)")
            .bind(segment.row_of(bucket))
            .bind(entries)
            .execute(&mut *connection)
            .await?;
    }
    sql::query(
        "INSERT INTO idempotency_segments (id, first_number, last_number, buckets, mostly_until_ms, filter)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(segment.id)
    .bind(segment.first)
    .bind(segment.last)
    .bind(segment.buckets)
    .bind(segment.mostly_until_ms)
    .bind(segment.filter.to_bytes())
    .execute(connection)
    .await?;
    Ok(())
}
