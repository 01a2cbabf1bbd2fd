//! An open loop: requests are due at times that do not depend on the server.
//!
//! A latency counts from the time at which a request was due, not from when it was sent, so a stall affects every
//! request that was due during it.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::{
    Aim,
    answers::Answers,
    driver::{self, Load},
};

/// Number of open connections. It is larger than in the closed loop, because a due request must find a free connection
/// while others wait for their answers.
pub const CONNECTIONS: usize = 256;
/// Time in which the last answers must come.
const PATIENCE: Duration = Duration::from_secs(5);

/// The times at which requests are due.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// Requests per second, evenly spaced.
    pub rate: f64,
    /// Duration.
    pub time: Duration,
    /// Duration at the start during which latencies are not recorded.
    pub warm_up: Duration,
}

/// The latencies of a load.
#[derive(Debug)]
pub struct Latencies {
    /// Number of requests, all answered 200.
    pub requests: u64,
    answers: Answers,
}

impl Latencies {
    /// Returns a quantile of the latencies, in milliseconds.
    pub fn milliseconds(&self, quantile: f64) -> f64 {
        self.answers.milliseconds(200, quantile).unwrap_or_default()
    }

    /// Returns how late the generator noticed a due request, in milliseconds.
    pub fn lateness(&self, quantile: f64) -> f64 {
        self.answers.lateness.milliseconds(quantile).unwrap_or_default()
    }

    /// Returns the CPU time of the generator, in microseconds per request.
    pub fn cpu(&self) -> f64 {
        self.answers.cpu.as_secs_f64() * 1e6 / self.requests as f64
    }
}

/// Sends requests according to a schedule. An answer other than 200 is an error.
pub fn run(aim: &Aim, schedule: Schedule) -> anyhow::Result<Latencies> {
    let Schedule { rate, time, warm_up } = schedule;
    // No request is given up: a rate that is too high shows itself by its latencies, or by answers that do not come.
    let load = Load {
        rate,
        time,
        warm_up,
        connections: CONNECTIONS,
        waiting: usize::MAX,
        patience: PATIENCE.max(time * 2),
        has_priority: true,
    };
    let answers = driver::run(aim, load)?;
    let requests = answers.statuses.get(&200).context("nothing was answered 200")?.count;
    ensure!(requests == answers.due(), "{rate:.0} requests/s could not be held: {}", answers.summary());
    Ok(Latencies { requests, answers })
}
