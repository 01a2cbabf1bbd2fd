//! The answers to a load, counted by status.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;

/// Longest recorded duration, in microseconds.
const LONGEST: u64 = 120_000_000;

/// Durations, in microseconds.
#[derive(Debug, Clone)]
pub struct Durations(Histogram<u64>);

impl Durations {
    /// Creates an empty histogram.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST, 3)?))
    }

    /// Adds a duration. The longest that can be recorded stands for longer ones.
    pub fn record(&mut self, duration: Duration) {
        self.0.saturating_record(u64::try_from(duration.as_micros()).unwrap_or(LONGEST));
    }

    /// Returns a quantile in milliseconds; `None` if nothing was recorded.
    pub fn milliseconds(&self, quantile: f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(quantile) as f64 / 1e3)
    }
}

/// The answers with one status.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The number of answers, those of the warm-up included.
    pub count: u64,
    /// Durations from when a request was due to its answer, without the warm-up.
    pub latency: Durations,
}

/// The answers to the requests of a load. Each request is counted once.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The answers by status.
    pub statuses: BTreeMap<u16, Answered>,
    /// Requests whose connection ended before the answer was whole.
    pub closed: u64,
    /// Requests that were not answered within the time that the load waits for its last answers.
    pub unanswered: u64,
    /// Requests that were not sent, because no connection was free and too many others waited for one.
    pub unsent: u64,
    /// The delay with which the generator noticed that a request was due.
    pub lateness: Durations,
    /// CPU time of the generator.
    pub cpu: Duration,
}

impl Answers {
    /// Creates counts of nothing.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {
            statuses: BTreeMap::new(),
            closed: 0,
            unanswered: 0,
            unsent: 0,
            lateness: Durations::new()?,
            cpu: Duration::ZERO,
        })
    }

    /// Counts an answer. `latency` is `None` during the warm-up.
    pub fn add(&mut self, status: u16, latency: Option<Duration>) -> anyhow::Result<()> {
        let answered = match self.statuses.entry(status) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Answered { count: 0, latency: Durations::new()? })
            }
        };
        answered.count += 1;
        if let Some(latency) = latency {
            answered.latency.record(latency);
        }
        Ok(())
    }

    /// Returns the number of answers with a status.
    pub fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).map_or(0, |answered| answered.count)
    }

    /// Returns a quantile of the latencies of a status, in milliseconds.
    pub fn milliseconds(&self, status: u16, quantile: f64) -> Option<f64> {
        self.statuses.get(&status)?.latency.milliseconds(quantile)
    }

    /// Returns the number of requests that were due.
    pub fn due(&self) -> u64 {
        let answered: u64 = self.statuses.values().map(|answered| answered.count).sum();
        answered + self.closed + self.unanswered + self.unsent
    }

    /// Returns the counts as a sentence, for example `200: 9, 503: 1, closed: 2`.
    pub fn summary(&self) -> String {
        let statuses = self.statuses.iter().map(|(status, answered)| (status.to_string(), answered.count));
        let others = [("closed", self.closed), ("unanswered", self.unanswered), ("unsent", self.unsent)];
        let others = others.map(|(what, count)| (what.to_owned(), count));
        let counts = statuses.chain(others).filter(|(_, count)| *count > 0);
        counts.map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", ")
    }
}
