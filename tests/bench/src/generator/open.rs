//! An open loop: requests are due at times that do not depend on the server.
//!
//! A latency counts from the time at which a request was due, not from when it was sent, so a stall affects every
//! request that was due during it. Connections are threads with blocking sockets, because a thread wakes within about
//! 60 µs of its time and a runtime's timer within a millisecond.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{anyhow, ensure};
use hdrhistogram::Histogram;

use super::Aim;
use crate::{http, interrupt, template::Template};

/// Number of open connections. It is larger than in the closed loop, because a due request must find a free connection
/// while others wait for their answers.
pub const CONNECTIONS: usize = 256;
/// Longest recorded latency, in microseconds.
const LONGEST: u64 = 60_000_000;
/// Maximum duration of a load as a multiple of its length. Beyond it the run fails.
const OVERRUN: u32 = 3;

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
    histogram: Histogram<u64>,
}

impl Latencies {
    /// Returns a quantile of the latencies, in milliseconds.
    pub fn milliseconds(&self, quantile: f64) -> f64 {
        self.histogram.value_at_quantile(quantile) as f64 / 1e3
    }
}

/// State that all connections share.
struct LoadState {
    start: Instant,
    schedule: Schedule,
    requests: u64,
    next: AtomicU64,
    failed: AtomicBool,
}

impl LoadState {
    /// Takes the next request, and returns its due time after the start.
    fn take(&self) -> Option<Duration> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let over = self.failed.load(Ordering::Relaxed) || interrupt::requested();
        (next < self.requests && !over).then(|| Duration::from_secs_f64(next as f64 / self.schedule.rate))
    }
}

/// Sends requests according to a schedule.
pub fn run(aim: &Aim, schedule: Schedule) -> anyhow::Result<Latencies> {
    let streams = (0..CONNECTIONS).map(|_| http::connect(aim.address)).collect::<anyhow::Result<Vec<_>>>()?;
    let requests = (schedule.rate * schedule.time.as_secs_f64()) as u64;
    // All threads must be running before the first request is due.
    let start = Instant::now() + Duration::from_millis(20);
    let state = LoadState { start, schedule, requests, next: AtomicU64::new(0), failed: AtomicBool::new(false) };
    let histogram = thread::scope(|scope| {
        let threads: Vec<_> = streams
            .into_iter()
            .map(|stream| scope.spawn(|| run_connection(stream, aim.template.clone(), &state)))
            .collect();
        let mut all = new_histogram()?;
        for thread in threads {
            all.add(thread.join().map_err(|_| anyhow!("the generator panicked"))??)?;
        }
        anyhow::Ok(all)
    })?;
    interrupt::check()?;
    Ok(Latencies { requests, histogram })
}

/// Runs one connection, and returns its latencies.
fn run_connection(
    stream: std::net::TcpStream,
    template: Template,
    state: &LoadState,
) -> anyhow::Result<Histogram<u64>> {
    let result = keep_time(stream, template, state);
    if result.is_err() {
        state.failed.store(true, Ordering::Relaxed);
    }
    result
}

fn keep_time(
    mut stream: std::net::TcpStream,
    mut template: Template,
    state: &LoadState,
) -> anyhow::Result<Histogram<u64>> {
    let mut histogram = new_histogram()?;
    let mut buffer = http::ResponseBuffer::new();
    while let Some(due) = state.take() {
        let at = state.start + due;
        thread::sleep(at.saturating_duration_since(Instant::now()));
        ensure!(
            state.start.elapsed() < state.schedule.time * OVERRUN,
            "{:.0} requests/s could not be held",
            state.schedule.rate
        );
        http::exchange(&mut stream, template.next(), &mut buffer)?;
        if due >= state.schedule.warm_up {
            histogram.saturating_record(u64::try_from(at.elapsed().as_micros()).unwrap_or(LONGEST));
        }
    }
    Ok(histogram)
}

fn new_histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, LONGEST, 3)?)
}
