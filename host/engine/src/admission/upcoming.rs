//! The requests of a source environment that are verified and not yet in the store's queue.
//!
//! The store refuses a job that would wait for too long. Its queue alone does not tell: while a place in it is free, every request that is
//! verified finds it free, and all but one are translated only to be refused. So a request is admitted behind those that are being
//! translated. Their events are not known yet; the bodies of the source environment's earlier requests tell how many to expect.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use inlet_store::writer_cost;

use crate::{Engine, ingest::error::IngestError, snapshot::Endpoint};

/// The bytes of bodies over which the events of a byte are averaged. By bytes, so that small requests, however many, say little about
/// large ones.
const MEMORY_BYTES: f64 = (1 << 20) as f64;
/// The greatest weight of one request.
const MAX_WEIGHT: f64 = 0.25;

/// The requests of a source environment that are verified and not yet in the store's queue.
#[derive(Debug, Default)]
pub(crate) struct Upcoming {
    requests: AtomicUsize,
    /// The bytes of their bodies.
    bytes: AtomicUsize,
    /// The events of a byte of earlier bodies: the bits of an `f64`.
    events_per_byte: AtomicU64,
}

impl Upcoming {
    /// Returns the expected cost of the requests for the writer, as [`writer_cost`] counts it. A request has `max_items` events at most.
    pub(crate) fn cost(&self, max_items: usize) -> u64 {
        let (requests, bytes) = (self.requests.load(Relaxed), self.bytes.load(Relaxed));
        let expected = (bytes as f64 * self.events_per_byte()) as usize;
        match requests {
            0 => 0,
            _ => writer_cost(expected.clamp(requests, requests.saturating_mul(max_items.max(1))), bytes),
        }
    }

    fn events_per_byte(&self) -> f64 {
        f64::from_bits(self.events_per_byte.load(Relaxed))
    }

    /// Adds a request with a body of this many bytes, until the returned guard is dropped. Refuses the request if its job would be
    /// refused behind those that are there.
    pub(crate) fn admit<'e>(
        &'e self,
        engine: &Engine,
        endpoint: &Endpoint,
        body_bytes: usize,
    ) -> Result<UpcomingRequest<'e>, IngestError> {
        let cost = self.cost(endpoint.limits.items);
        engine.store.admit(endpoint.environment_id, endpoint.id, cost).map_err(|_| IngestError::Overloaded)?;
        Ok(self.add(body_bytes))
    }

    fn add(&self, body_bytes: usize) -> UpcomingRequest<'_> {
        self.requests.fetch_add(1, Relaxed);
        self.bytes.fetch_add(body_bytes, Relaxed);
        UpcomingRequest { upcoming: self, body_bytes }
    }
}

/// A request that is verified and not yet in the store's queue.
#[derive(Debug)]
pub(crate) struct UpcomingRequest<'e> {
    upcoming: &'e Upcoming,
    body_bytes: usize,
}

impl UpcomingRequest<'_> {
    /// Ends with the number of events that the request turned out to have.
    pub(crate) fn translated(self, events: usize) {
        let bytes = self.body_bytes as f64;
        let weight = (bytes / MEMORY_BYTES).min(MAX_WEIGHT);
        if weight > 0.0 {
            let usual = self.upcoming.events_per_byte();
            let learned = usual + (events as f64 / bytes - usual) * weight;
            // When two requests learn at once, one of them may be forgotten.
            self.upcoming.events_per_byte.store(learned.to_bits(), Relaxed);
        }
    }
}

impl Drop for UpcomingRequest<'_> {
    fn drop(&mut self) {
        self.upcoming.requests.fetch_sub(1, Relaxed);
        self.upcoming.bytes.fetch_sub(self.body_bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_ITEMS: usize = 20_000;

    /// Returns the expected cost of one request.
    fn cost_of(upcoming: &Upcoming, body_bytes: usize) -> u64 {
        let _request = upcoming.add(body_bytes);
        upcoming.cost(MAX_ITEMS)
    }

    fn translate(upcoming: &Upcoming, requests: usize, body_bytes: usize, events: usize) {
        (0..requests).for_each(|_| upcoming.add(body_bytes).translated(events));
    }

    fn is_close(found: u64, expected: u64) -> bool {
        found.abs_diff(expected) < expected / 10
    }

    #[test]
    fn a_request_counts_until_it_ends() {
        let upcoming = Upcoming::default();
        let requests = [upcoming.add(100), upcoming.add(1 << 20)];
        assert_eq!(upcoming.cost(MAX_ITEMS), writer_cost(2, 100 + (1 << 20)));
        drop(requests);
        assert_eq!(upcoming.cost(MAX_ITEMS), 0);
    }

    #[test]
    fn a_batch_is_expected_to_have_the_events_of_earlier_ones_of_its_size() {
        let upcoming = Upcoming::default();
        translate(&upcoming, 50, 400_000, 1_000);
        assert!(is_close(cost_of(&upcoming, 400_000), writer_cost(1_000, 400_000)));
        assert!(is_close(cost_of(&upcoming, 200_000), writer_cost(500, 200_000)));
        assert_eq!(cost_of(&upcoming, 0), writer_cost(1, 0), "a request without a body is one event");
        translate(&upcoming, 50, 1 << 20, 1);
        assert!(is_close(cost_of(&upcoming, 1 << 20), writer_cost(1, 1 << 20)), "the sender has changed");
    }

    #[test]
    fn small_requests_say_little_about_large_ones() {
        let upcoming = Upcoming::default();
        translate(&upcoming, 50, 400_000, 1_000);
        translate(&upcoming, 100, 2, 1);
        assert!(is_close(cost_of(&upcoming, 400_000), writer_cost(1_000, 400_000)));
    }

    #[test]
    fn a_request_is_expected_to_have_no_more_events_than_it_may() {
        let upcoming = Upcoming::default();
        translate(&upcoming, 1_000_000, 40, 20);
        assert_eq!(cost_of(&upcoming, 10 << 20), writer_cost(MAX_ITEMS, 10 << 20));
    }
}
