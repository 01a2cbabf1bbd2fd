//! Events: committing, rehearsing and reading them, and the ring of refused requests.

use inlet_core::settle::Job;
use uuid::Uuid;

use super::Store;
use crate::{
    database::{read, with_writer},
    error::{CommitError, ReadError},
    operations::ForgetNonce,
    records::{
        ActionPlace, ActionSearch, CommitExtras, Cursor, EventQuery, EventSearch, EventTypeActivity, EventTypeCount,
        EventValue, Hold, NewRefused, Page, ReadMemory, RefusedRequest, Rehearsal, Settled, SkippedRecipients,
        SourceStatus, StoredEvent, TextSearch,
    },
};

impl Store {
    /// Settles and stores the items of one request; returns once all of it is on the disk. One result for each item.
    pub async fn commit(&self, job: Job) -> Result<Vec<Settled>, CommitError> {
        with_writer!(self.database, commit(job, None)).await
    }

    /// Like [`Store::commit`], with extra writes in the same transaction.
    pub async fn commit_with(&self, job: Job, extras: CommitExtras) -> Result<Vec<Settled>, CommitError> {
        with_writer!(self.database, commit(job, Some(Box::new(extras)))).await
    }

    /// Like [`Store::commit_with`], for a sender who waits: the job is refused as overloaded instead of waiting for long.
    /// `hold` is dropped when the job has been written or dropped, even if the caller went away before.
    pub async fn commit_for_sender(
        &self,
        job: Job,
        extras: Option<Box<CommitExtras>>,
        hold: Hold,
    ) -> Result<Vec<Settled>, CommitError> {
        with_writer!(self.database, commit_for_sender(job, extras, hold)).await
    }

    /// Forgets a signed request, so that it is a new one when it is sent again.
    pub async fn forget_nonce(&self, digest: [u8; 16]) -> Result<(), CommitError> {
        self.database.execute(ForgetNonce { digest }).await
    }

    /// Returns an error if a sender's job of this source environment would be refused now, so that a request can be refused
    /// before any work is spent on it. `upcoming` is the cost of its jobs that come before it and have not come yet: the sum of
    /// their [`writer_cost`](crate::writer_cost).
    pub fn admit(&self, environment: i64, source_environment: i64, upcoming: u64) -> Result<(), CommitError> {
        with_writer!(self.database, admit(environment, source_environment, upcoming))
    }

    /// Computes the outcome of a job as if it were committed now, and what it would write. Only reads, and waits for no
    /// writer.
    pub async fn rehearse(&self, job: &Job) -> Result<Rehearsal, ReadError> {
        read!(self.database, rehearse(&self.clock, job))
    }

    /// Keeps a request that verification refused, in a ring of 1,000 requests and 64 MiB of bodies per source
    /// environment. `hold` is dropped when the request has been written or dropped.
    pub async fn refuse(&self, request: NewRefused, hold: Hold) -> Result<(), CommitError> {
        with_writer!(self.database, refuse(request, hold)).await
    }

    /// Returns event logs, the newest first; items of one request the last first.
    pub async fn events(&self, query: &EventQuery) -> Result<Page<StoredEvent>, ReadError> {
        read!(self.database, events(query, &self.hash_key, None))?.ok_or_else(not_limited)
    }

    /// Like [`Store::events`], in reserved memory: a page has fewer entries if they are long. Returns none if there is no
    /// memory for it now.
    pub async fn events_within(
        &self,
        query: &EventQuery,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<StoredEvent>>, ReadError> {
        read!(self.database, events(query, &self.hash_key, Some(memory)))
    }

    /// Returns a page of event logs like [`Store::events_within`] that looks at 10,000 of them at most where no index has all
    /// filters, so it may be short. Returns none if there is no memory for it now.
    pub async fn event_list(
        &self,
        query: &EventQuery,
        memory: &dyn ReadMemory,
    ) -> Result<Option<EventSearch>, ReadError> {
        read!(self.database, event_list(query, &self.hash_key, memory))
    }

    /// Returns a page of the event logs that a query selects and that contain a text, in reserved memory. It looks at a
    /// bounded number of them, so a page may be short. Returns none if there is no memory for it now.
    pub async fn search_events(
        &self,
        query: &EventQuery,
        text: &str,
        memory: &dyn ReadMemory,
    ) -> Result<Option<TextSearch>, ReadError> {
        read!(self.database, search_events(query, text, &self.hash_key, memory))
    }

    /// Returns a page of the actions that the query's filter of actions selects, those of the newest event first, in reserved
    /// memory; none if there is no memory for it now. It looks at a bounded number of events. The query's own cursor and limit do not count.
    pub async fn actions(
        &self,
        query: &EventQuery,
        cursor: Cursor<ActionPlace>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<ActionSearch>, ReadError> {
        read!(self.database, actions(query, cursor, limit, &self.hash_key, memory))
    }

    /// Returns one value of an event log, however long it is. Returns none, outermost, if there is no memory for it now, and
    /// none within if it is gone.
    pub async fn event_value(
        &self,
        source_environment_id: i64,
        event: Uuid,
        value: EventValue,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Option<Vec<u8>>>, ReadError> {
        read!(self.database, event_value(source_environment_id, event, value, memory))
    }

    /// Counts the newest events of a source environment since a time by type and time, at most `limit` of them.
    pub async fn event_type_activity(
        &self,
        source_environment_id: i64,
        from_ms: i64,
        limit: u64,
    ) -> Result<EventTypeActivity, ReadError> {
        read!(self.database, event_type_activity(source_environment_id, from_ms, limit))
    }

    /// Returns the distinct event types of a source environment, by name.
    pub async fn event_types(&self, source_environment_id: i64) -> Result<Vec<EventTypeCount>, ReadError> {
        read!(self.database, event_types(source_environment_id))
    }

    /// Returns the totals of a source environment.
    pub async fn source_status(&self, source_environment_id: i64) -> Result<SourceStatus, ReadError> {
        read!(self.database, source_status(source_environment_id))
    }

    /// Returns the totals of every source environment with events, with its id.
    pub async fn all_source_status(&self) -> Result<Vec<(i64, SourceStatus)>, ReadError> {
        read!(self.database, all_source_status())
    }

    /// Returns the recipients of a source environment that triggers left out because they are not identified.
    pub async fn skipped_recipients(&self, source_environment_id: i64) -> Result<SkippedRecipients, ReadError> {
        read!(self.database, skipped_recipients(source_environment_id))
    }

    /// Returns refused requests, the newest first, without their bodies. A page has fewer entries if they are long.
    pub async fn refused(
        &self,
        source_environment_id: i64,
        cursor: Cursor<Uuid>,
        limit: usize,
    ) -> Result<Page<RefusedRequest>, ReadError> {
        read!(self.database, refused(source_environment_id, cursor, limit, None))?.ok_or_else(not_limited)
    }

    /// Like [`Store::refused`], in reserved memory. Returns none if there is no memory for it now.
    pub async fn refused_within(
        &self,
        source_environment_id: i64,
        cursor: Cursor<Uuid>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<RefusedRequest>>, ReadError> {
        read!(self.database, refused(source_environment_id, cursor, limit, Some(memory)))
    }

    /// Returns one refused request, with its body as long as that is kept.
    pub async fn refused_request(
        &self,
        source_environment_id: i64,
        id: Uuid,
    ) -> Result<Option<RefusedRequest>, ReadError> {
        read!(self.database, refused_request(source_environment_id, id, None))?.ok_or_else(not_limited)
    }

    /// Like [`Store::refused_request`], in reserved memory. Returns none, outermost, if there is no memory for it now.
    pub async fn refused_request_within(
        &self,
        source_environment_id: i64,
        id: Uuid,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Option<RefusedRequest>>, ReadError> {
        read!(self.database, refused_request(source_environment_id, id, Some(memory)))
    }
}

/// The error of a read that was refused memory although it asked for none.
fn not_limited() -> ReadError {
    ReadError { reason: "memory was refused that was not asked for".to_owned() }
}
