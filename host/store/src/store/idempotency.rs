//! Generations of idempotency records, which only a database has that several servers share.

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{BeginGeneration, FinishGeneration},
    records::{EndedGeneration, GenerationSize},
};

impl Store {
    /// Returns the number of the generation that is to begin, if the newest one has that size. The first one begins when no
    /// server is alive that knows none. Returns none where the database is a file.
    pub async fn next_idempotency_generation(&self, size: GenerationSize) -> Result<Option<i64>, ReadError> {
        if self.is_shared() { read!(self.database, generation_begins(size)) } else { Ok(None) }
    }

    /// Begins a generation. Does nothing if it has begun.
    pub async fn begin_idempotency_generation(&self, number: i64) -> Result<(), CommitError> {
        self.database.execute(BeginGeneration { number }).await
    }

    /// Returns true if a generation has ended and has no filter.
    pub async fn has_ended_idempotency_generation(&self) -> Result<bool, ReadError> {
        Ok(self.is_shared() && read!(self.database, generation_without_filter())?.is_some())
    }

    /// Reads the oldest generation that has ended and has no filter; returns none if there is none.
    pub async fn ended_idempotency_generation(&self) -> Result<Option<EndedGeneration>, ReadError> {
        if !self.is_shared() {
            return Ok(None);
        }
        let Some(number) = read!(self.database, generation_without_filter())? else { return Ok(None) };
        let mut reading = read!(self.database, begin_to_read_generation(number))?;
        while read!(self.database, read_generation_on(&mut reading))? {}
        Ok(Some(reading.end()))
    }

    /// Writes the filter of a generation that has ended.
    pub async fn finish_idempotency_generation(&self, ended: EndedGeneration) -> Result<(), CommitError> {
        self.database.execute(FinishGeneration { ended }).await
    }

    /// Reads which generations there are, and loads filters that this server does not have yet. What it does not know it looks up in the
    /// database, so this costs time only while it is not called.
    pub async fn refresh_idempotency_generations(&self) -> Result<(), ReadError> {
        read!(self.database, refresh_generations())
    }
}
