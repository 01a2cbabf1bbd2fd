//! Replays of many events.

use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{ChangeError, ReadError},
    operations::{CreateReplay, EndReplay, SetReplayTotal},
    records::{Cursor, NewChange, NewReplay, Page, ReadMemory, ReplayFilter, ReplayRecord},
};

impl Store {
    /// Starts a replay; [`ChangeError::Taken`] if one is running in that source environment.
    pub async fn replay_create(&self, new: NewReplay, log: NewChange) -> Result<(), ChangeError> {
        self.database.execute(CreateReplay { new, log }).await
    }

    /// Returns the replays of a source environment, the newest first. A page has fewer entries if they are long. Returns none
    /// if there is no memory for it now.
    pub async fn replays(
        &self,
        source_environment_id: i64,
        cursor: Cursor<Uuid>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<ReplayRecord>>, ReadError> {
        read!(self.database, replays(source_environment_id, cursor, limit, memory))
    }

    /// Returns one replay.
    pub async fn replay(&self, source_environment_id: i64, id: Uuid) -> Result<Option<ReplayRecord>, ReadError> {
        read!(self.database, replay(source_environment_id, id))
    }

    /// Returns all running replays, also those that an earlier process started.
    pub async fn running_replays(&self) -> Result<Vec<ReplayRecord>, ReadError> {
        read!(self.database, running_replays())
    }

    /// Returns the next events that a filter selects, oldest first, between two ids that are both excluded.
    pub async fn replay_next(
        &self,
        source_environment_id: i64,
        filter: &ReplayFilter,
        (after, before): (Uuid, Uuid),
        limit: usize,
    ) -> Result<Vec<Uuid>, ReadError> {
        read!(self.database, replay_next(source_environment_id, filter, (after, before), limit))
    }

    /// Returns the event behind the oldest `most` events before an id that a filter can select, if there are more.
    pub async fn replay_edge(
        &self,
        source_environment_id: i64,
        filter: &ReplayFilter,
        before: Uuid,
        most: i64,
    ) -> Result<Option<Uuid>, ReadError> {
        read!(self.database, replay_edge(source_environment_id, filter, before, most))
    }

    /// Counts the events before an id that a filter selects.
    pub async fn replay_count_before(
        &self,
        source_environment_id: i64,
        filter: &ReplayFilter,
        before: Uuid,
    ) -> Result<i64, ReadError> {
        read!(self.database, replay_count(source_environment_id, filter, before))
    }

    /// Counts the events that a replay's filter selects, and stores the number.
    pub async fn replay_count(&self, replay: &ReplayRecord) -> Result<i64, ChangeError> {
        let (source_environment_id, id) = (replay.source_environment_id, replay.id);
        let total = match replay.filter.ids.len() {
            0 => read!(self.database, replay_count(source_environment_id, &replay.filter, id), ChangeError)?,
            ids => ids as i64,
        };
        self.database.execute(SetReplayTotal { source_environment_id, id, total }).await?;
        Ok(total)
    }

    /// Ends a replay, cancelled if there is an entry for the change log; returns true if it was running.
    pub async fn replay_end(
        &self,
        source_environment_id: i64,
        id: Uuid,
        cancelled: Option<NewChange>,
    ) -> Result<bool, ChangeError> {
        self.database.execute(EndReplay { source_environment_id, id, cancelled }).await
    }
}
