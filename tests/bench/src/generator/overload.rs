//! A load far above what the server can take: an open loop that counts answers by status.
//!
//! Senders do not slow down. A due request that finds no free connection waits for one, and its latency counts from
//! when it was due. As many may wait as there are connections; a request beyond that is not sent and is counted as
//! `unsent`. So what the table calls a latency is the server's, but for the short time in which one set of connections
//! is answered.

use std::time::Duration;

use super::{
    Aim,
    answers::Answers,
    driver::{self, Load},
};

/// The time for which answers are awaited after the last request was due.
const PATIENCE: Duration = Duration::from_secs(90);

/// Sends requests at a rate over this number of connections.
pub fn run(aim: &Aim, rate: f64, time: Duration, warm_up: Duration, connections: usize) -> anyhow::Result<Answers> {
    let load = Load { rate, time, warm_up, connections, waiting: connections, patience: PATIENCE, has_priority: false };
    driver::run(aim, load)
}
