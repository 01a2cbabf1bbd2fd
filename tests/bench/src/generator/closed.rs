//! A closed loop: every connection sends its next request as soon as the previous one is answered.

use std::{
    net::TcpStream as StdStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use super::Aim;
use crate::{http, interrupt, template::Template, usage::thread_cpu};

/// Numbers of open connections at which the maximum is measured: the first wherever only one is.
pub const CONNECTIONS: [usize; 2] = [64, 256];
/// Number of sending threads. A generator that is itself the bottleneck would slow the bare handler, which improves the
/// ratios.
const THREADS: usize = 2;

/// The end of a load: the first bound that is reached. Requests that were sent are answered before it ends.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Maximum duration.
    pub time: Duration,
    /// Maximum number of requests.
    pub requests: u64,
}

impl Bounds {
    /// Bounds only the duration.
    pub fn time(time: Duration) -> Self {
        Self { time, requests: u64::MAX }
    }
}

/// The result of a load.
#[derive(Debug, Clone, Copy)]
pub struct Completed {
    /// Number of requests, all answered 200.
    pub requests: u64,
    /// Time from the first request to the last answer.
    pub time: Duration,
    /// CPU time of the generator.
    pub cpu: Duration,
}

impl Completed {
    /// Returns the CPU time of the generator, in microseconds per request.
    pub fn cpu_per_request(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.requests as f64
    }
}

/// State that all connections share.
struct LoadState {
    start: Instant,
    bounds: Bounds,
    sent: AtomicU64,
}

impl LoadState {
    /// Returns true if another request may be sent.
    fn may_send(&self) -> bool {
        self.sent.fetch_add(1, Ordering::Relaxed) < self.bounds.requests
            && self.start.elapsed() < self.bounds.time
            && !interrupt::requested()
    }
}

/// Sends requests as fast as they are answered, over this number of connections.
pub fn run(aim: &Aim, connections: usize, bounds: Bounds) -> anyhow::Result<Completed> {
    let streams = (0..connections).map(|_| http::connect(aim.address)).collect::<anyhow::Result<Vec<_>>>()?;
    let state = Arc::new(LoadState { start: Instant::now(), bounds, sent: AtomicU64::new(0) });
    let mut shares: Vec<Vec<StdStream>> = (0..THREADS).map(|_| Vec::new()).collect();
    for (at, stream) in streams.into_iter().enumerate() {
        shares[at % THREADS].push(stream);
    }
    let (requests, cpu) = thread::scope(|scope| {
        let threads: Vec<_> =
            shares.into_iter().map(|share| scope.spawn(|| send(share, &aim.template, &state))).collect();
        let (mut requests, mut cpu) = (0, Duration::ZERO);
        for thread in threads {
            let (answered, used) = thread.join().map_err(|_| anyhow!("the generator panicked"))??;
            (requests, cpu) = (requests + answered, cpu + used);
        }
        anyhow::Ok((requests, cpu))
    })?;
    let time = state.start.elapsed();
    interrupt::check()?;
    Ok(Completed { requests, time, cpu })
}

/// Runs the connections of one thread, and returns the number of answers and the CPU time of the thread.
fn send(streams: Vec<StdStream>, template: &Template, state: &Arc<LoadState>) -> anyhow::Result<(u64, Duration)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let all = async {
        let mut connections = JoinSet::new();
        for stream in streams {
            stream.set_nonblocking(true)?;
            connections.spawn(run_connection(TcpStream::from_std(stream)?, template.clone(), state.clone()));
        }
        let mut requests = 0;
        while let Some(count) = connections.join_next().await {
            requests += count??;
        }
        Ok(requests)
    };
    let limit = state.bounds.time + http::PATIENCE;
    let answered = runtime.block_on(async { tokio::time::timeout(limit, all).await });
    let answered: anyhow::Result<u64> = answered.context("answers stopped coming")?;
    Ok((answered?, thread_cpu()))
}

/// Runs one connection, and returns the number of answers.
async fn run_connection(mut stream: TcpStream, mut template: Template, state: Arc<LoadState>) -> anyhow::Result<u64> {
    let mut buffer = http::ResponseBuffer::new();
    let mut answered = 0;
    while state.may_send() {
        stream.write_all(template.next()).await.context("cannot send")?;
        buffer.clear();
        loop {
            let read = stream.read(buffer.spare()).await.context("cannot read the answer")?;
            if buffer.advance(read)? {
                break;
            }
        }
        answered += 1;
    }
    Ok(answered)
}
