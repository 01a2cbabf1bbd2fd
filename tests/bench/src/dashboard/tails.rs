//! Logged events beside open live tails, against none.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use anyhow::ensure;

use super::browser::Browser;
use crate::{
    measure::{measure_maximum, progress},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target},
};

/// The number of open tails.
const TAILS: usize = 10;
/// The page's own stream of new log entries.
const STREAM: &str = "/e/development/logs/live?needs_attention=false";

/// The results.
#[derive(Debug, Default)]
pub struct Tails {
    /// Events per second without a tail.
    without: Series,
    /// With open tails.
    with: Series,
    /// The most memory under load, in bytes.
    memory_without: Series,
    memory_with: Series,
    /// Bytes per second that a tail received.
    received: Series,
}

/// Measures both in turns.
pub fn run(setup: &Setup) -> anyhow::Result<Tails> {
    let without = Server::start(setup.program(), Scenario::Logged)?;
    let with = Server::start(setup.program(), Scenario::Logged)?;
    let browser = Browser::sign_in(with.process().address, with.token())?;
    let received = Arc::new(AtomicU64::new(0));
    for _ in 0..TAILS {
        let (mut tail, received) = (browser.follow(STREAM)?, received.clone());
        thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(read @ 1..) = tail.read(&mut buffer) {
                received.fetch_add(read as u64, Ordering::Relaxed);
            }
        });
    }
    let mut found = Tails::default();
    for round in 1..=setup.rounds {
        progress(&format!("logged events beside {TAILS} live tails, round {round} of {}", setup.rounds));
        for turn in 0..2 {
            // The order alternates, so that neither always runs first.
            let has_tails = (round + turn) % 2 == 0;
            let server = if has_tails { &with } else { &without };
            let before = received.load(Ordering::Relaxed);
            server.process().usage().forget_peak()?;
            let rate = measure_maximum(setup, server)?.0;
            let peak = server.process().usage().peak()? as f64 / 1e6;
            if !has_tails {
                found.without.push(rate);
                found.memory_without.push(peak);
                continue;
            }
            let bytes = received.load(Ordering::Relaxed) - before;
            ensure!(bytes > 0, "the tails received nothing");
            let seconds = (setup.warm_up + setup.time).as_secs_f64();
            found.received.push(bytes as f64 / 1e6 / seconds / TAILS as f64);
            found.with.push(rate);
            found.memory_with.push(peak);
        }
    }
    without.stop()?;
    with.stop()?;
    Ok(found)
}

impl Tails {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.heading(&format!("Logged events beside {TAILS} live tails, 64 connections"), "÷ without");
        table.line(Line::new("without a tail", "events/s", self.without.clone()));
        let line = Line::new(format!("with {TAILS} tails"), "events/s", self.with.clone());
        table.line(line.ratio(self.with.divided_by(&self.without)).target(Target::AtLeast(0.9)));
        table.line(Line::new("each tail received", "MB/s", self.received.clone()));
        let more = self.memory_with.minus(&self.memory_without);
        table.line(Line::new("more memory with the tails, at the most", "MB", more).target(Target::AtMost(20.0)));
    }
}
