//! Who gets a sandbox when many want one.
//!
//! There are as many permits as sandboxes. One source environment holds at most half of them, and at most half of the
//! places in the queue, so that a flood from one sender slows down that sender and nobody else. Who waits longer than a
//! second is told to come back: an honest 503 lets a sender's own retry work, a growing queue does not.

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

use crate::{call::Held, fault::Fault};

/// How long a request waits for a sandbox.
const PATIENCE: Duration = Duration::from_secs(1);

/// Places in the queue for every permit.
const QUEUE_PER_PERMIT: u32 = 4;

/// Hands out permits to enter a sandbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    all: Lane,
    // One entry for every source environment seen; an operator's configuration bounds them.
    lanes: Mutex<HashMap<i64, Arc<Lane>>>,
    per_lane: u32,
}

/// Permits, and how many wait for one.
#[derive(Debug)]
struct Lane {
    permits: Arc<Semaphore>,
    waiting: AtomicU32,
    max_waiting: u32,
}

/// The right to use one sandbox. Keep it until the call is over.
#[derive(Debug)]
#[must_use = "dropping a permit lets the next request in"]
pub struct Permit {
    _lane: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Held for Permit {}

impl Gate {
    /// A gate of this many permits: at most [`crate::EngineConfig::max_instances`].
    pub fn new(permits: u32) -> Self {
        let permits = permits.max(1);
        Self {
            inner: Arc::new(Inner { all: Lane::new(permits), lanes: Mutex::default(), per_lane: (permits / 2).max(1) }),
        }
    }

    /// Waits for a permit, at most a second and only while the queue has room; else [`Fault::Busy`].
    pub async fn enter(&self, source_environment: i64) -> Result<Permit, Fault> {
        let lane = self.lane(source_environment);
        let all = &self.inner.all;
        // The lane first: who waits there must not hold a permit that another source could use.
        let entering = async { Ok(Permit { _lane: lane.enter().await?, _all: all.enter().await? }) };
        timeout(PATIENCE, entering).await.unwrap_or(Err(Fault::Busy))
    }

    /// Permits that nobody holds.
    pub fn free(&self) -> usize {
        self.inner.all.permits.available_permits()
    }

    fn lane(&self, source_environment: i64) -> Arc<Lane> {
        // The map is whole whatever a thread that held the lock did.
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
        let _place = Place::take(self).ok_or(Fault::Busy)?;
        // Our semaphores are never closed.
        Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Fault::Busy)
    }
}

/// A place in a queue, given back also when the one who waits goes away.
struct Place<'a>(&'a Lane);

impl<'a> Place<'a> {
    fn take(lane: &'a Lane) -> Option<Self> {
        let taken = lane.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(lane);
        (taken < lane.max_waiting).then_some(place)
    }
}

impl Drop for Place<'_> {
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
    async fn who_waits_gets_the_permit_that_is_given_back() {
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
    async fn the_queue_is_bounded_and_places_come_back() {
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
