//! Permits for sandboxes, shared fairly among sources.
//!
//! There are as many permits as sandboxes. A source environment holds at most half of the permits and at most half of the
//! queue, so a flood from one sender delays that sender only. A request that waits longer than a second is refused with
//! [`Fault::Busy`]: the sender's own retry can recover from a 503, but not from a queue that keeps growing.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{call_guard::CallGuard, fault::Fault};

/// The longest time that a request waits for a sandbox.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Queue slots per permit.
const QUEUE_PER_PERMIT: u32 = 4;

/// Hands out permits to enter a sandbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    all: Lane,
    // One entry for every source environment seen; the operator's configuration bounds their number.
    lanes: Mutex<HashMap<i64, Arc<Lane>>>,
    per_lane: u32,
}

/// A set of permits with a bounded queue: the whole gate, or the part of one source environment.
#[derive(Debug)]
struct Lane {
    permits: Arc<Semaphore>,
    waiting: AtomicU32,
    max_waiting: u32,
}

/// The right to use one sandbox. Held until the call has ended.
#[derive(Debug)]
#[must_use = "dropping a permit lets the next request in"]
pub struct Permit {
    _lane: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl CallGuard for Permit {}

impl Gate {
    /// Creates a gate with `permits` permits, which must not exceed [`crate::EngineConfig::max_instances`].
    pub fn new(permits: u32) -> Self {
        let permits = permits.max(1);
        Self {
            inner: Arc::new(Inner { all: Lane::new(permits), lanes: Mutex::default(), per_lane: (permits / 2).max(1) }),
        }
    }

    /// Waits for a permit. Returns [`Fault::Busy`] after a second, or at once if the queue is full.
    pub async fn enter(&self, source_environment: i64) -> Result<Permit, Fault> {
        let lane = self.lane(source_environment);
        let all = &self.inner.all;
        // The lane comes first: a request that waits there must not hold a permit that another source could use.
        let entering = async { Ok(Permit { _lane: lane.enter().await?, _all: all.enter().await? }) };
        timeout(MAX_WAIT, entering).await.unwrap_or(Err(Fault::Busy))
    }

    /// Returns the number of permits that are not held.
    pub fn free(&self) -> usize {
        self.inner.all.permits.available_permits()
    }

    fn lane(&self, source_environment: i64) -> Arc<Lane> {
        // No panic can leave the map inconsistent, so a poisoned lock is safe to use.
        let mut lanes = self.inner.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(source_environment).or_insert_with(|| Arc::new(Lane::new(self.inner.per_lane)));
        Arc::clone(lane)
    }
}

impl Lane {
    fn new(permits: u32) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits as usize)),
            waiting: AtomicU32::new(0),
            max_waiting: permits.saturating_mul(QUEUE_PER_PERMIT),
        }
    }

    async fn enter(&self) -> Result<OwnedSemaphorePermit, Fault> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _slot = QueueSlot::take(self).ok_or(Fault::Busy)?;
        // The semaphores are never closed.
        Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Fault::Busy)
    }
}

/// A slot in a lane's queue. Dropping it frees the slot, also when the waiting request is cancelled.
struct QueueSlot<'a>(&'a Lane);

impl<'a> QueueSlot<'a> {
    fn take(lane: &'a Lane) -> Option<Self> {
        let taken = lane.waiting.fetch_add(1, Ordering::Relaxed);
        let slot = Self(lane);
        (taken < lane.max_waiting).then_some(slot)
    }
}

impl Drop for QueueSlot<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_source_holds_at_most_half() {
        let gate = Gate::new(4);
        let _first = gate.enter(1).await.unwrap();
        let _second = gate.enter(1).await.unwrap();
        assert_eq!(gate.enter(1).await.unwrap_err(), Fault::Busy);
        let _other = gate.enter(2).await.unwrap();
        assert_eq!(gate.free(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_request_gets_the_next_free_permit() {
        let gate = Gate::new(2);
        let held = gate.enter(1).await.unwrap();
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(1).await.is_ok() }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(held);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_and_its_slots_are_freed() {
        let gate = Gate::new(2);
        let _held = gate.enter(1).await.unwrap();
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.enter(1).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        let start = tokio::time::Instant::now();
        assert_eq!(gate.enter(1).await.unwrap_err(), Fault::Busy);
        assert!(start.elapsed().is_zero(), "a full queue says so at once");
        for waiter in waiting {
            assert!(!waiter.await.unwrap());
        }
        assert_eq!(gate.lane(1).waiting.load(Ordering::Relaxed), 0);
    }
}
