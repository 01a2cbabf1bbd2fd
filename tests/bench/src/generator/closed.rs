//! Closed loop: every connection sends its next request as soon as it has the answer to the last one.

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
use crate::{http, interrupt, template::Template};

/// Connections that are held open and used again.
pub const CONNECTIONS: usize = 64;
/// Threads that send. A generator that is itself the limit would slow the bare handler down, and so flatter the ratios.
const THREADS: usize = 2;

/// When a load ends: at whichever comes first. What was sent is always answered before it ends.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// For so long.
    pub time: Duration,
    /// So many requests.
    pub requests: u64,
}

impl Bounds {
    /// For so long.
    pub fn time(time: Duration) -> Self {
        Self { time, requests: u64::MAX }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    /// Requests, every one of them answered 200.
    pub requests: u64,
    /// From the first request to the last answer.
    pub time: Duration,
}

/// What all connections share.
struct Course {
    start: Instant,
    bounds: Bounds,
    sent: AtomicU64,
}

impl Course {
    /// Whether one more may be sent.
    fn goes_on(&self) -> bool {
        self.sent.fetch_add(1, Ordering::Relaxed) < self.bounds.requests
            && self.start.elapsed() < self.bounds.time
            && !interrupt::requested()
    }
}

/// Sends as fast as answers come.
pub fn run(aim: &Aim, bounds: Bounds) -> anyhow::Result<Done> {
    let streams = (0..CONNECTIONS).map(|_| http::connect(aim.address)).collect::<anyhow::Result<Vec<_>>>()?;
    let course = Arc::new(Course { start: Instant::now(), bounds, sent: AtomicU64::new(0) });
    let mut shares: Vec<Vec<StdStream>> = (0..THREADS).map(|_| Vec::new()).collect();
    for (at, stream) in streams.into_iter().enumerate() {
        shares[at % THREADS].push(stream);
    }
    let requests = thread::scope(|scope| {
        let threads: Vec<_> =
            shares.into_iter().map(|share| scope.spawn(|| send(share, &aim.template, &course))).collect();
        let counts = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("the generator panicked"))?);
        counts.sum::<anyhow::Result<u64>>()
    })?;
    let time = course.start.elapsed();
    interrupt::check()?;
    Ok(Done { requests, time })
}

/// One thread's connections; how many answers they had.
fn send(streams: Vec<StdStream>, template: &Template, course: &Arc<Course>) -> anyhow::Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let all = async {
        let mut connections = JoinSet::new();
        for stream in streams {
            stream.set_nonblocking(true)?;
            connections.spawn(converse(TcpStream::from_std(stream)?, template.clone(), course.clone()));
        }
        let mut requests = 0;
        while let Some(count) = connections.join_next().await {
            requests += count??;
        }
        Ok(requests)
    };
    let limit = course.bounds.time + http::PATIENCE;
    runtime.block_on(async { tokio::time::timeout(limit, all).await }).context("answers stopped coming")?
}

/// One connection; how many answers it had.
async fn converse(mut stream: TcpStream, mut template: Template, course: Arc<Course>) -> anyhow::Result<u64> {
    let mut inbox = http::Inbox::new();
    let mut answered = 0;
    while course.goes_on() {
        stream.write_all(template.next()).await.context("cannot send")?;
        inbox.clear();
        loop {
            let read = stream.read(inbox.room()).await.context("cannot read the answer")?;
            if inbox.took(read)? {
                break;
            }
        }
        answered += 1;
    }
    Ok(answered)
}
