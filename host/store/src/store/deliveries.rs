//! Deliveries: their turns, reads, and what operators do with them.

use std::sync::Arc;

use inlet_core::delivery::DeliveryCounts;
use tokio::sync::Notify;
use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{DiscardDeliveries, RedriveDeliveries, TakeDeliveryTurn},
    records::{
        BoundedPage, DeliveryFilter, DeliveryInputs, DeliveryQuery, DeliveryRecord, DeliveryTurn, DeliveryTurnResult,
        ListedDelivery, NewChange, OpenDeliveries, ReadMemory, RedriveSlice, Redriven, SelectedDeliveries,
        StoredAttempt, StoredBody,
    },
};

/// So many open deliveries are counted in about 2 ms.
const COSTLY: u64 = 20_000;

impl Store {
    /// Returns what is told when deliveries may be due: after a commit that wrote some, a redrive, or a change of a target.
    /// One waiter is woken, or the next one does not wait.
    pub fn deliveries_due(&self) -> Arc<Notify> {
        self.deliveries.clone()
    }

    /// Takes a turn of a dispatcher: writes what it did and claims what it wants, in one transaction.
    pub async fn delivery_turn(&self, turn: DeliveryTurn) -> Result<DeliveryTurnResult, CommitError> {
        self.database.execute(TakeDeliveryTurn { turn }).await
    }

    /// Returns what the body of a delivery is built of: about `max_bytes` of recipients, at least one. None if the run is
    /// gone.
    pub async fn delivery_inputs(
        &self,
        delivery: &DeliveryRecord,
        max_bytes: u64,
    ) -> Result<Option<DeliveryInputs>, ReadError> {
        read!(self.database, delivery_inputs(delivery, max_bytes))
    }

    /// Returns what the bodies of triggers are built of, in their order; none for one whose run is gone. All recipients are
    /// read at once, so there should be few.
    pub async fn trigger_inputs(&self, triggers: &[DeliveryRecord]) -> Result<Vec<Option<DeliveryInputs>>, ReadError> {
        read!(self.database, trigger_inputs(triggers))
    }

    /// Counts the attempts of a delivery that were answered: with an error, as long as another one follows.
    pub async fn delivery_answers(&self, seq: i64) -> Result<u32, ReadError> {
        read!(self.database, delivery_answers(seq))
    }

    /// Returns the stored body of a delivery.
    pub async fn delivery_body(&self, seq: i64) -> Result<Option<StoredBody>, ReadError> {
        read!(self.database, delivery_body(seq))
    }

    /// Returns deliveries, the newest first, each with its last attempt. Returns none if there is no memory for them now.
    pub async fn deliveries(
        &self,
        query: &DeliveryQuery,
        memory: &dyn ReadMemory,
    ) -> Result<Option<BoundedPage<ListedDelivery>>, ReadError> {
        read!(self.database, deliveries(query, memory))
    }

    /// Returns deliveries, the newest first, each with its last ten attempts, the first one first. Returns none if there is no
    /// memory for them now.
    pub async fn deliveries_with_attempts(
        &self,
        query: &DeliveryQuery,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Vec<(ListedDelivery, Vec<StoredAttempt>)>>, ReadError> {
        read!(self.database, deliveries_with_attempts(query, memory))
    }

    /// Returns one delivery with its attempts, the first one first; the last hundred if there are more.
    pub async fn delivery(
        &self,
        environment_id: i64,
        id: Uuid,
    ) -> Result<Option<(ListedDelivery, Vec<StoredAttempt>)>, ReadError> {
        read!(self.database, delivery(environment_id, id))
    }

    /// Returns the ids of the newest deliveries of an environment to which their target gave this id.
    pub async fn deliveries_by_downstream_id(
        &self,
        environment_id: i64,
        downstream_id: &str,
        limit: usize,
    ) -> Result<Vec<Uuid>, ReadError> {
        read!(self.database, deliveries_by_downstream_id(environment_id, downstream_id, limit))
    }

    /// Counts the deliveries of an environment that match, by status.
    pub async fn delivery_counts(
        &self,
        environment_id: i64,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryCounts, ReadError> {
        read!(self.database, delivery_counts(environment_id, filter))
    }

    /// Counts the newest deliveries of an environment that were made since a time by target and status, at most `limit` of
    /// them; also returns how many were counted.
    pub async fn delivery_counts_by_target(
        &self,
        environment_id: i64,
        from_ms: i64,
        limit: u64,
    ) -> Result<(Vec<(i64, DeliveryCounts)>, u64), ReadError> {
        read!(self.database, delivery_counts_by_target(environment_id, from_ms, limit))
    }

    /// Returns for every target with open deliveries their number and the age of the oldest. Of 20,000 or more, the result
    /// is kept for fifty times as long as counting them took.
    pub async fn open_deliveries(&self) -> Result<Arc<Vec<OpenDeliveries>>, ReadError> {
        let is_costly = |open: &Vec<OpenDeliveries>| open.iter().map(|open| open.count).sum::<u64>() >= COSTLY;
        self.open_deliveries.get(async { read!(self.database, open_deliveries()) }, is_costly).await
    }

    /// Makes dead deliveries due again, with the same keys and bodies and a new retry schedule, and those that wait for a
    /// retry due earlier, the oldest first and at the slice's rate. Call it with [`RedriveSlice::next`] until it takes none.
    pub async fn deliveries_redrive(
        &self,
        environment_id: i64,
        selected: SelectedDeliveries,
        slice: RedriveSlice,
        log: Option<NewChange>,
    ) -> Result<Redriven, CommitError> {
        self.database.execute(RedriveDeliveries { environment_id, selected, slice, log }).await
    }

    /// Cancels open deliveries. One that is under way ends, and is not tried again. Takes at most `limit`; returns their
    /// number. Call it until it returns zero.
    pub async fn deliveries_discard(
        &self,
        environment_id: i64,
        selected: SelectedDeliveries,
        limit: u32,
        log: Option<NewChange>,
    ) -> Result<u64, CommitError> {
        self.database.execute(DiscardDeliveries { environment_id, selected, limit, log }).await
    }
}
