//! Forgetting users. Each slice is a short transaction: leave a pause between two of them.

use inlet_core::subject::Subject;
use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{
        BeginForget, CompleteForget, EndForgetWalks, ForgetRelations, ForgetRows, ForgetWaits, OverwriteFreePages,
        SetForgetGoal, TruncateLog,
    },
    records::{ForgetCounts, ForgetRecord, ForgetSlice, ForgetWalk, NewChange},
};

impl Store {
    /// Deletes a user and stores the request to forget it, which [`Store::open_forgets`] returns until it is completed. If
    /// there is an open request for the user, that one is returned. In the resource of `log`, `{id}` stands for the id of the
    /// request: a log that named the user would have to be forgotten too.
    pub async fn forget_begin(
        &self,
        environment_id: i64,
        user_id: &str,
        log: Option<NewChange>,
    ) -> Result<ForgetRecord, CommitError> {
        let user_hash = Subject::hash(&self.hash_key, environment_id, user_id);
        let (id, user_id) = (self.clock.new_id(), user_id.to_owned());
        self.database.execute(BeginForget { environment_id, id, user_hash, user_id, log }).await
    }

    /// Returns the newest request to forget a user.
    pub async fn forget_newest(&self, environment_id: i64, user_id: &str) -> Result<Option<ForgetRecord>, ReadError> {
        let user_hash = Subject::hash(&self.hash_key, environment_id, user_id);
        read!(self.database, forget_newest(environment_id, user_hash))
    }

    /// Returns all requests that are not completed, the oldest first.
    pub async fn open_forgets(&self) -> Result<Vec<ForgetRecord>, ReadError> {
        read!(self.database, open_forgets())
    }

    /// Returns which of these users were asked to be forgotten after an id.
    pub async fn forgotten_since(
        &self,
        environment_id: i64,
        since: Uuid,
        user_ids: &[String],
    ) -> Result<Vec<bool>, ReadError> {
        let hashes: Vec<[u8; 16]> =
            user_ids.iter().map(|id| Subject::hash(&self.hash_key, environment_id, id)).collect();
        read!(self.database, forgotten_since(environment_id, since, &hashes))
    }

    /// Ends the waits of triggers for the user that began before an id. A job logs them then.
    pub async fn forget_waits(&self, environment_id: i64, id: Uuid, before: Uuid) -> Result<(), CommitError> {
        self.database.execute(ForgetWaits { environment_id, id, before }).await
    }

    /// Returns true if something from before an id names the user and is still worked off: waits that ended and are not
    /// logged, cancellations, or bulk operations over users. Walk when it is done.
    pub async fn forget_is_awaited(
        &self,
        environment_id: i64,
        before: Uuid,
        subject: &Subject,
    ) -> Result<bool, ReadError> {
        read!(self.database, forget_is_awaited(environment_id, before, subject))
    }

    /// Returns the walks of an environment, in their order: runs and triggers that wait are recognised by their events, before
    /// these lose their user.
    pub async fn forget_walks(&self, environment_id: i64) -> Result<Vec<ForgetWalk>, ReadError> {
        let ids = read!(self.database, forget_source_environments(environment_id))?;
        let of_each = |id| [ForgetWalk::Events(id), ForgetWalk::Refused(id), ForgetWalk::Kept(id)];
        let of_environment = [ForgetWalk::Runs, ForgetWalk::Waits, ForgetWalk::BulkOperations];
        Ok(of_environment.into_iter().chain(ids.into_iter().flat_map(of_each)).collect())
    }

    /// Returns the next rows of a walk between two ids that are both excluded; none if the walk is at its end.
    pub async fn forget_find(
        &self,
        environment_id: i64,
        walk: ForgetWalk,
        between: (Uuid, Uuid),
        subject: &Subject,
    ) -> Result<Option<ForgetSlice>, ReadError> {
        read!(self.database, forget_slice(environment_id, walk, between, subject))
    }

    /// Removes what a slice found, and moves its walk.
    pub async fn forget_rows(
        &self,
        environment_id: i64,
        id: Uuid,
        slice: ForgetSlice,
    ) -> Result<ForgetCounts, CommitError> {
        let hash_key = self.hash_key();
        self.database.execute(ForgetRows { environment_id, id, slice, hash_key }).await
    }

    /// Deletes at most `limit` subscriptions and as many memberships of the user. Zero counts mean that none is left.
    pub async fn forget_relations(
        &self,
        environment_id: i64,
        id: Uuid,
        limit: u32,
    ) -> Result<ForgetCounts, CommitError> {
        self.database.execute(ForgetRelations { environment_id, id, limit }).await
    }

    /// Stores the id at which the walks of a request end.
    pub async fn forget_set_goal(&self, environment_id: i64, id: Uuid, goal: Uuid) -> Result<(), CommitError> {
        self.database.execute(SetForgetGoal { environment_id, id, goal }).await
    }

    /// Removes the user's id and email address from a request whose walks are done, unless its goal has changed.
    pub async fn forget_end_walks(&self, environment_id: i64, id: Uuid, goal: Uuid) -> Result<(), CommitError> {
        self.database.execute(EndForgetWalks { environment_id, id, goal }).await
    }

    /// Overwrites at most `limit` free pages of the database's file. Returns true if nothing is left to do.
    pub async fn overwrite_free_pages(&self, limit: u32) -> Result<bool, CommitError> {
        self.database.execute(OverwriteFreePages { limit }).await
    }

    /// Cuts the write-ahead log to nothing. Returns false if a reader still needs it.
    pub async fn truncate_log(&self) -> Result<bool, CommitError> {
        self.database.execute(TruncateLog {}).await
    }

    /// Completes a request.
    pub async fn forget_complete(&self, environment_id: i64, id: Uuid) -> Result<(), CommitError> {
        self.database.execute(CompleteForget { environment_id, id }).await
    }
}
