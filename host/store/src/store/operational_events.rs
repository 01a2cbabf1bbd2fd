//! Operational events: raising, listing and sending them.

use std::time::Duration;

use inlet_core::operational::{HourMap, OpenCondition, OperationalEvent, RaiseRule};
use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{
        CloseOperationalConditions, EndOperationalAttempt, KeepHours, LeaveOperationalEventsUnsent,
        RaiseOperationalEvent,
    },
    records::{
        DueOperationalEvent, EventTypeCount, EventTypeHours, OperationalAttempt, OperationalEventQuery,
        OperationalEventRecord, Page, Raised,
    },
};

impl Store {
    /// Raises an event by a rule, and opens its condition if the rule says so. The oldest of more than a thousand events is
    /// dropped.
    pub async fn operational_event_raise(
        &self,
        event: OperationalEvent,
        rule: RaiseRule,
    ) -> Result<Raised, CommitError> {
        self.database.execute(RaiseOperationalEvent { event, rule }).await
    }

    /// Returns events, the newest first.
    pub async fn operational_events(
        &self,
        query: &OperationalEventQuery,
    ) -> Result<Page<OperationalEventRecord>, ReadError> {
        read!(self.database, operational_events(query))
    }

    /// Returns one event.
    pub async fn operational_event(&self, id: Uuid) -> Result<Option<OperationalEventRecord>, ReadError> {
        read!(self.database, operational_event(id))
    }

    /// Returns the conditions that are open.
    pub async fn operational_conditions(&self) -> Result<Vec<OpenCondition>, ReadError> {
        read!(self.database, operational_conditions())
    }

    /// Closes conditions that have ended, so that they are raised when they begin again.
    pub async fn operational_conditions_close(&self, conditions: Vec<OpenCondition>) -> Result<(), CommitError> {
        self.database.execute(CloseOperationalConditions { conditions }).await
    }

    /// Returns at most `limit` events that are due to be sent, the longest due first.
    pub async fn operational_events_due(&self, limit: u32) -> Result<Vec<DueOperationalEvent>, ReadError> {
        read!(self.database, operational_events_due(limit))
    }

    /// Returns the number of events that are to be sent.
    pub async fn operational_events_pending(&self) -> Result<u64, ReadError> {
        read!(self.database, operational_events_pending())
    }

    /// Returns the time until the next event is due; none if none is to be sent.
    pub async fn operational_events_due_in(&self) -> Result<Option<Duration>, ReadError> {
        read!(self.database, operational_events_due_in())
    }

    /// Returns at most `limit` types of a source environment with their counts, those that came most often first.
    pub async fn busiest_event_types(
        &self,
        source_environment_id: i64,
        limit: u32,
    ) -> Result<Vec<EventTypeCount>, ReadError> {
        read!(self.database, busiest_event_types(source_environment_id, limit))
    }

    /// Returns the kept hours in which types came.
    pub async fn event_type_hours(&self) -> Result<Vec<EventTypeHours>, ReadError> {
        read!(self.database, event_type_hours())
    }

    /// Returns the hours in which a server was there to see; none before the first.
    pub async fn watched_hours(&self) -> Result<Option<HourMap>, ReadError> {
        read!(self.database, watched_hours())
    }

    /// Keeps the hours in which a server watched, and those of some types, and forgets those of others, named by source
    /// environment and type.
    pub async fn hours_keep(
        &self,
        watched: HourMap,
        came: Vec<EventTypeHours>,
        forgotten: Vec<(i64, String)>,
    ) -> Result<(), CommitError> {
        self.database.execute(KeepHours { watched, came, forgotten }).await
    }

    /// Returns the free bytes of the data directory's disk; none if its file system does not tell.
    pub fn free_disk_bytes(&self) -> Option<u64> {
        self.data_dir.free_bytes()
    }

    /// Writes the end of an attempt to send an event.
    pub async fn operational_attempt_end(&self, id: Uuid, attempt: OperationalAttempt) -> Result<(), CommitError> {
        self.database.execute(EndOperationalAttempt { id, attempt }).await
    }

    /// Leaves all events unsent that wait to be sent: there is no webhook.
    pub async fn operational_events_leave_unsent(&self) -> Result<(), CommitError> {
        self.database.execute(LeaveOperationalEventsUnsent {}).await
    }
}
