//! Beginning generations, and filters over those that have ended.

use super::newest;
use crate::{
    backend::Execute,
    error::CommitError,
    operations::{BeginGeneration, FinishGeneration},
    records::{EndedGeneration, GenerationSize},
    sql,
    sqlite::{
        connection::readers::Readers,
        error::SqliteError,
        idempotency::{Number, RecordPlaces, filter::Filter, look_up::id_of, mostly_until_ms},
        statements::{database_time::now_ms, transaction},
        write_connection::WriteConnection,
    },
};

/// The version of the schema that the first servers know that write generations.
const SCHEMA: i64 = 5;
/// The number of records from which they are counted in a part of the hashes, which are evenly spread.
const MANY: u64 = 65_536;
/// That part: the hashes whose first byte is 0.
const PART: u64 = 256;
/// The number of generations for which each is larger by as much as the first ones are.
const MANY_GENERATIONS: u64 = 32;
/// The records that are read at once.
const PAGE: i64 = 8192;

/// Returns the number of the generation that should begin.
pub(crate) async fn begins(readers: &sql::Pool, size: GenerationSize) -> Result<Option<Number>, sqlx::Error> {
    let row = sql::query(concat!(
        "SELECT number, began_at_ms + ? <= ",
        now_ms!(),
        ", (SELECT count(*) FROM idempotency_generations) FROM idempotency_generations ORDER BY number DESC LIMIT 1"
    ))
    .bind(size.age_ms)
    .fetch_optional(readers)
    .await?;
    let Some(row) = row else {
        let all_know: bool = sql::query_scalar(concat!(
            "SELECT NOT EXISTS (SELECT 1 FROM nodes WHERE schema_version < ? AND leased_until_ms > ",
            now_ms!(),
            ")"
        ))
        .bind(SCHEMA)
        .fetch_one(readers)
        .await?;
        return Ok(all_know.then_some(1));
    };
    let (number, is_old, generations): (Number, bool, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let records = size.records * (1 + generations.unsigned_abs() / MANY_GENERATIONS);
    let (below, part) = if records < MANY { (vec![0xff; 17], 1) } else { (vec![1], PART) };
    let counted: i64 = sql::query_scalar("SELECT count(*) FROM idempotency_records WHERE generation = ? AND hash < ?")
        .bind(number)
        .bind(below)
        .fetch_one(readers)
        .await?;
    let has_enough = counted.unsigned_abs() * part >= records;
    let begins = has_enough || is_old && has_any(readers, number).await?;
    Ok(begins.then_some(number + 1))
}

async fn has_any(readers: &sql::Pool, generation: Number) -> Result<bool, sqlx::Error> {
    sql::query_scalar("SELECT EXISTS (SELECT 1 FROM idempotency_records WHERE generation = ?)")
        .bind(generation)
        .fetch_one(readers)
        .await
}

/// Returns the oldest generation that has ended and has no filter.
pub(crate) async fn without_filter(readers: &sql::Pool) -> Result<Option<Number>, sqlx::Error> {
    sql::query_scalar(
        "SELECT number FROM idempotency_generations
         WHERE filter IS NULL AND number < (SELECT max(number) FROM idempotency_generations) ORDER BY number LIMIT 1",
    )
    .fetch_optional(readers)
    .await
}

/// A generation that is being read. It holds two bytes for each record, however many there are.
pub(crate) struct ReadGeneration {
    number: Number,
    filter: Filter,
    /// The ends of all records, or of a part of many.
    expiries: Vec<i64>,
    is_large: bool,
    after: Vec<u8>,
}

/// Begins to read a generation that has ended.
pub(crate) async fn begin_to_read(readers: &sql::Pool, number: Number) -> Result<ReadGeneration, sqlx::Error> {
    let records: i64 = sql::query_scalar("SELECT count(*) FROM idempotency_records WHERE generation = ?")
        .bind(number)
        .fetch_one(readers)
        .await?;
    let filter = Filter::with_room(usize::try_from(records).unwrap_or_default());
    let is_large = records.unsigned_abs() >= MANY;
    Ok(ReadGeneration { number, filter, expiries: Vec::new(), is_large, after: Vec::new() })
}

/// Reads the next records; returns false after the last ones.
pub(crate) async fn read_on(readers: &sql::Pool, reading: &mut ReadGeneration) -> Result<bool, sqlx::Error> {
    let rows = sql::query(
        "SELECT hash, expires_at_ms FROM idempotency_records WHERE generation = ? AND hash > ? ORDER BY hash LIMIT ?",
    )
    .bind(reading.number)
    .bind(&reading.after)
    .bind(PAGE)
    .fetch_all(readers)
    .await?;
    for row in &rows {
        let hash: &[u8] = row.try_get(0)?;
        reading.after = hash.to_vec();
        if let Some(id) = id_of(hash) {
            reading.filter.add(&id);
        }
        if !reading.is_large || hash.first() == Some(&0) {
            reading.expiries.push(row.try_get(1)?);
        }
    }
    Ok(rows.len() as i64 == PAGE)
}

impl ReadGeneration {
    pub(crate) fn end(self) -> EndedGeneration {
        let Self { number, filter, expiries, .. } = self;
        EndedGeneration { number, mostly_until_ms: mostly_until_ms(expiries), filter: filter.to_bytes() }
    }
}

/// Reads which generations there are, and the filters that are new.
pub(crate) async fn refresh(readers: &Readers) -> Result<(), SqliteError> {
    if let RecordPlaces::Generations(index) = &readers.records {
        let mut reader = readers.acquire().await?;
        let mut snapshot = reader.begin().await?;
        index.refresh(&mut snapshot.connection()).await?;
    }
    Ok(())
}

impl Execute<BeginGeneration> for WriteConnection {
    async fn execute(&mut self, BeginGeneration { number }: BeginGeneration) -> Result<(), CommitError> {
        // Its transaction holds the locks of all environments, so no group is under way that writes into an earlier one.
        let begun = transaction::run(self.connection.plain(), async |connection| {
            if newest(connection).await? + 1 == number {
                sql::query(concat!(
                    "INSERT INTO idempotency_generations (number, began_at_ms) VALUES (?, ",
                    now_ms!(),
                    ")"
                ))
                .bind(number)
                .execute(connection)
                .await?;
            }
            Ok(())
        });
        Ok(begun.await?)
    }
}

impl Execute<FinishGeneration> for WriteConnection {
    async fn execute(&mut self, FinishGeneration { ended }: FinishGeneration) -> Result<(), CommitError> {
        sql::query(
            "UPDATE idempotency_generations SET mostly_until_ms = ?, filter = ? WHERE number = ? AND filter IS NULL",
        )
        .bind(ended.mostly_until_ms)
        .bind(ended.filter)
        .bind(ended.number)
        .execute(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        Ok(())
    }
}
