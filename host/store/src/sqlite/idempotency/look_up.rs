//! Finding the records of keys.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use inlet_core::idempotency::{Record, RecordId};

use super::{Number, segments::BucketProbe};
use crate::{
    sql,
    sqlite::{
        error::SqliteError,
        statements::{
            multi_row::MultiRow,
            row::Row,
            runner::{FoundRow, StatementRunner},
        },
    },
};

static BUCKETS: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::query("SELECT id, entries FROM idempotency_buckets WHERE id IN (", "?", ")"));

static RECORDS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query("SELECT number, hash, value FROM idempotency_records WHERE number IN (", "?", ")")
});

// CROSS JOIN fixes the order: one look-up for each wanted record.
static IN_GENERATIONS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (generation, hash) AS (VALUES",
        "(?, ?)",
        ") SELECT generation, hash, value FROM wanted CROSS JOIN idempotency_records USING (generation, hash)",
    )
});

/// Returns the number of the newest generation; 0 if there is none.
pub(super) const NEWEST_GENERATION: &str = "SELECT coalesce(max(number), 0) FROM idempotency_generations";

static OLD_RECORDS: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::query("SELECT hash, value FROM idempotency WHERE hash IN (", "?", ")"));

/// The look-ups that find the records of some keys.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    pub(super) numbers: Vec<Number>,
    pub(super) buckets: Vec<BucketProbe>,
    pub(super) generations: Vec<(Number, RecordId)>,
    /// A generation since which others may have begun, which are to be looked up in too.
    pub(super) newer_than: Option<Number>,
    /// True if keys that are not found elsewhere may be in the table of earlier versions.
    pub(super) search_old_table: bool,
}

/// The newest record of a key.
pub(super) struct Newest {
    pub(super) number: Number,
    /// None if the stored value is no record.
    pub(super) record: Option<Record>,
}

impl Probes {
    /// Returns the newest record of each key that has one. Expired records may be among them.
    pub(crate) async fn find(
        self,
        statements: &mut StatementRunner<'_>,
        ids: &[RecordId],
    ) -> Result<Vec<(RecordId, Record)>, SqliteError> {
        let search_old_table = self.search_old_table;
        let mut newest = self.newest(statements, ids).await?;
        let mut records = Vec::new();
        let missing: Vec<RecordId> = match search_old_table {
            true => ids.iter().filter(|id| !newest.contains_key(id)).copied().collect(),
            false => Vec::new(),
        };
        let found = |_: usize, row: &FoundRow<'_>| {
            records.extend(id_of(row.blob(0)?).zip(decode(row.blob(1)?)));
            Ok(())
        };
        statements.find(&OLD_RECORDS, &missing, bind_id, found).await?;
        // A bucket's entries share four bytes of the hash, so records of other keys may be among those found.
        records.extend(ids.iter().filter_map(|id| Some((*id, newest.remove(id)?.record?))));
        Ok(records)
    }

    /// Returns the newest of the records at these places by key, the records of other keys included. `ids` are those that
    /// the look-ups were made of.
    pub(super) async fn newest(
        self,
        statements: &mut StatementRunner<'_>,
        ids: &[RecordId],
    ) -> Result<HashMap<RecordId, Newest>, SqliteError> {
        let Self { numbers, buckets, mut generations, newer_than, .. } = self;
        if let Some(known) = newer_than {
            let mut last = known;
            let found = |row: &FoundRow<'_>| {
                last = row.int(0)?;
                Ok(())
            };
            statements.query(NEWEST_GENERATION, &Row::default(), found).await?;
            generations.extend((known + 1..=last).flat_map(|generation| ids.iter().map(move |id| (generation, *id))));
        }
        let mut numbers: HashSet<Number> = numbers.into_iter().collect();
        // Many keys of a large batch may be in one bucket, which is read once.
        let mut by_row: HashMap<i64, Vec<BucketProbe>> = HashMap::new();
        buckets.into_iter().for_each(|probe| by_row.entry(probe.row).or_default().push(probe));
        let rows: Vec<i64> = by_row.keys().copied().collect();
        let found = |_: usize, row: &FoundRow<'_>| {
            let entries = row.blob(1)?;
            let probes = by_row.get(&row.int(0)?).into_iter().flatten();
            numbers.extend(probes.flat_map(|probe| probe.numbers(entries)));
            Ok(())
        };
        statements.find(&BUCKETS, &rows, |row, id| _ = row.int(*id), found).await?;
        let numbers: Vec<Number> = numbers.into_iter().collect();
        let mut newest: HashMap<RecordId, Newest> = HashMap::new();
        let mut found = |_: usize, row: &FoundRow<'_>| {
            let number = row.int(0)?;
            if let Some(id) = id_of(row.blob(1)?)
                && newest.get(&id).is_none_or(|other| other.number < number)
            {
                newest.insert(id, Newest { number, record: decode(row.blob(2)?) });
            }
            Ok(())
        };
        statements.find(&RECORDS, &numbers, |row, number| _ = row.int(*number), &mut found).await?;
        statements.find(&IN_GENERATIONS, &generations, bind_place, &mut found).await?;
        Ok(newest)
    }
}

/// Returns none if the bytes are not a record's id.
pub(super) fn id_of(hash: &[u8]) -> Option<RecordId> {
    hash.try_into().ok().map(RecordId)
}

fn bind_place<'v>(row: &mut Row<'v>, (generation, id): &'v (Number, RecordId)) {
    row.int(*generation).blob(&id.0);
}

/// Returns true if the table of earlier versions holds records.
pub(super) async fn has_old_table(connection: &mut sql::Connection<'_>) -> Result<bool, sqlx::Error> {
    sql::query_scalar("SELECT EXISTS (SELECT 1 FROM idempotency)").fetch_one(connection).await
}

fn bind_id<'v>(row: &mut Row<'v>, id: &'v RecordId) {
    row.blob(&id.0);
}

fn decode(value: &[u8]) -> Option<Record> {
    let record = Record::from_bytes(value);
    if record.is_none() {
        tracing::warn!("an idempotency record cannot be read; it does not count");
    }
    record
}
