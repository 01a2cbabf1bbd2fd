//! The work of a source environment that is on its way to the store: verified requests whose events are not known yet.
//!
//! The store refuses a job that would wait for too long. When a place becomes free, every request that looks at it before a job
//! has taken it would see it free, and all but one would be translated in vain. So a request is admitted behind those
//! that are on their way, with the cost that its source environment's requests of its size usually have.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use inlet_store::writer_cost;

use crate::{Engine, ingest::error::IngestError, snapshot::Endpoint};

/// The weight of the newest request, one in so many.
const MEMORY: u64 = 8;
/// The unit of the cost of a byte: one in so many.
const FRACTION: u64 = 256;

/// The requests of a source environment that are on their way to the store.
#[derive(Debug)]
pub(crate) struct Upcoming {
    /// The sum of their expected costs, in the unit of [`writer_cost`].
    cost: AtomicU64,
    /// The usual cost of a byte of a body, in units of [`FRACTION`].
    of_byte: AtomicU64,
}

impl Default for Upcoming {
    fn default() -> Self {
        Self { cost: AtomicU64::new(0), of_byte: AtomicU64::new(FRACTION) }
    }
}

impl Upcoming {
    /// Returns the expected cost of what is on its way.
    pub(crate) fn cost(&self) -> u64 {
        self.cost.load(Relaxed)
    }

    /// Admits a request with a body of so many bytes, until what it returns is dropped. Refuses it if its job would be refused.
    pub(crate) fn admit<'e>(
        &'e self,
        engine: &Engine,
        endpoint: &Endpoint,
        body_bytes: usize,
    ) -> Result<OnItsWay<'e>, IngestError> {
        engine.store.admit(endpoint.environment_id, endpoint.id, self.cost()).map_err(|_| IngestError::Overloaded)?;
        Ok(self.enter(body_bytes))
    }

    fn enter(&self, body_bytes: usize) -> OnItsWay<'_> {
        let cost = self.expected(body_bytes);
        self.cost.fetch_add(cost, Relaxed);
        OnItsWay { upcoming: self, cost }
    }

    /// Returns the expected cost of a request with a body of so many bytes.
    fn expected(&self, body_bytes: usize) -> u64 {
        let of_bytes = (body_bytes as u64).saturating_mul(self.of_byte.load(Relaxed)) / FRACTION;
        of_bytes.max(writer_cost(1, 0))
    }

    /// Learns the cost of a request with a body of so many bytes.
    pub(crate) fn learn(&self, body_bytes: usize, cost: u64) {
        let Some(found) = cost.saturating_mul(FRACTION).checked_div(body_bytes as u64) else { return };
        let usual = self.of_byte.load(Relaxed);
        // Of two that learn at once, one may be forgotten.
        self.of_byte.store((usual * (MEMORY - 1) + found) / MEMORY, Relaxed);
    }
}

/// A request on its way to the store.
#[derive(Debug)]
pub(crate) struct OnItsWay<'e> {
    upcoming: &'e Upcoming,
    cost: u64,
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        self.upcoming.cost.fetch_sub(self.cost, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_its_way_counts_until_it_arrives() {
        let upcoming = Upcoming::default();
        let first = upcoming.enter(100);
        let second = upcoming.enter(1 << 20);
        assert_eq!(upcoming.cost(), writer_cost(1, 0) + (1 << 20));
        drop(first);
        assert_eq!(upcoming.cost(), 1 << 20);
        drop(second);
        assert_eq!(upcoming.cost(), 0);
    }

    #[test]
    fn a_body_is_expected_to_cost_what_bodies_of_its_size_cost() {
        let upcoming = Upcoming::default();
        let cost = writer_cost(1000, 400_000);
        (0..50).for_each(|_| upcoming.learn(400_000, cost));
        let close = |found: u64, expected: u64| found.abs_diff(expected) < expected / 10;
        assert!(close(upcoming.expected(400_000), cost), "{}", upcoming.expected(400_000));
        assert!(close(upcoming.expected(200_000), cost / 2));
        upcoming.learn(0, cost);
        assert_eq!(upcoming.expected(0), writer_cost(1, 0), "a request without a body is one event");
        (0..100).for_each(|_| upcoming.learn(1 << 20, writer_cost(1, 1 << 20)));
        assert!(close(upcoming.expected(1 << 20), 1 << 20), "{}", upcoming.expected(1 << 20));
    }
}
