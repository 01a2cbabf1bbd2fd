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

/// The pause before a request is sent again that was answered 503.
const PAUSE: Duration = Duration::from_secs(1);

/// The end of a load: the first bound that is reached. Requests that were sent are answered before it ends.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Maximum duration.
    pub time: Duration,
    /// Maximum number of requests.
    pub requests: u64,
    /// True if a request that is answered 503 is sent again, as senders do; else it fails the load.
    pub repeats: bool,
}

impl Bounds {
    /// Bounds a load that stores this number of requests, each of which is sent until it is taken.
    pub fn stored(requests: u64, time: Duration) -> Self {
        Self { time, requests, repeats: true }
    }

    /// Bounds only the duration.
    pub fn time(time: Duration) -> Self {
        Self { time, requests: u64::MAX, repeats: false }
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
    /// Returns the requests per second.
    pub fn requests_per_second(&self) -> f64 {
        self.requests as f64 / self.time.as_secs_f64()
    }

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

/// Sends a request and waits for its response, which stays in the buffer. Returns its status.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut http::ResponseBuffer) -> anyhow::Result<u16> {
    stream.write_all(request).await.context("cannot send")?;
    buffer.clear();
    loop {
        let read = stream.read(buffer.spare()).await.context("cannot read the answer")?;
        if let Some(status) = buffer.advance(read)? {
            return Ok(status);
        }
    }
}

/// Runs one connection, and returns the number of answers.
async fn run_connection(mut stream: TcpStream, mut template: Template, state: Arc<LoadState>) -> anyhow::Result<u64> {
    let mut buffer = http::ResponseBuffer::new();
    let mut answered = 0;
    while state.may_send() {
        let request = template.next();
        while exchange(&mut stream, request, &mut buffer).await? == 503
            && state.bounds.repeats
            && !interrupt::requested()
        {
            tokio::time::sleep(PAUSE).await;
        }
        buffer.check()?;
        answered += 1;
    }
    Ok(answered)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{SocketAddr, TcpListener},
    };

    use super::*;

    /// Answers the requests of one connection with these statuses.
    fn answer(statuses: &'static [&'static str]) -> anyhow::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || -> std::io::Result<()> {
            let (mut stream, _) = listener.accept()?;
            for status in statuses {
                let (mut request, mut piece) = (Vec::new(), [0; 4096]);
                while !request.ends_with(b"]") && !request.ends_with(b"}") {
                    let read = stream.read(&mut piece)?;
                    request.extend_from_slice(&piece[..read]);
                }
                stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}").as_bytes())?;
            }
            Ok(())
        });
        Ok(address)
    }

    #[test]
    fn what_is_to_be_stored_is_sent_again_after_a_503_and_nothing_else_is() -> anyhow::Result<()> {
        let aim = |address| Aim { address, template: Template::new("/", 1) };
        let refused = &["503 Service Unavailable", "200 OK"];
        let done = run(&aim(answer(refused)?), 1, Bounds::stored(1, Duration::from_secs(30)))?;
        assert_eq!(done.requests, 1);
        let measured = Bounds { requests: 1, ..Bounds::time(Duration::from_secs(30)) };
        let error = run(&aim(answer(refused)?), 1, measured).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err("answered 503: {}".to_owned()));
        let error = run(&aim(answer(&["500 Oops"])?), 1, Bounds::stored(1, Duration::from_secs(30)));
        assert_eq!(error.map(|_| ()).map_err(|error| error.to_string()), Err("answered 500: {}".to_owned()));
        Ok(())
    }
}
