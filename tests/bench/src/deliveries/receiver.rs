//! Receivers of deliveries: one that counts, one that tells when each delivery arrives, and one that never answers.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::mpsc::{self, Receiver as Channel, Sender},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use crate::{bare_handler, http, interrupt, process::Process};

/// The time between two looks at a count.
const LOOK: Duration = Duration::from_millis(2);

/// Returns the URL of a bare handler.
pub fn url(bare: &Process) -> String {
    format!("http://{}{}", bare.address, bare_handler::PATH)
}

/// Returns the number of requests that a bare handler has received.
pub fn received(bare: &Process) -> anyhow::Result<u64> {
    let text = http::request(bare.address, &format!("GET {}", bare_handler::RECEIVED), None, "")?;
    text.parse().context("the bare handler's count is no number")
}

/// Waits until a bare handler has received so many requests in all, and returns the time.
pub fn wait_for(bare: &Process, count: u64, patience: Duration) -> anyhow::Result<Instant> {
    let limit = Instant::now() + patience;
    loop {
        let found = received(bare)?;
        if found >= count {
            return Ok(Instant::now());
        }
        interrupt::check()?;
        ensure!(Instant::now() < limit, "only {found} of {count} deliveries arrived within {patience:?}");
        thread::sleep(LOOK);
    }
}

/// A receiver in this process that answers 200 and tells the time of each delivery.
pub struct TimedReceiver {
    /// Its URL.
    pub url: String,
    arrivals: Channel<Instant>,
}

impl TimedReceiver {
    /// Starts it. Its threads end with their connections.
    pub fn start() -> anyhow::Result<Self> {
        let (listener, url) = listen()?;
        let (arrived, arrivals) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let arrived = arrived.clone();
                thread::spawn(move || answer_all(stream, &arrived));
            }
        });
        Ok(Self { url, arrivals })
    }

    /// Returns the time of the next delivery.
    pub fn next(&self) -> anyhow::Result<Instant> {
        self.arrivals.recv_timeout(http::PATIENCE).context("a delivery did not arrive")
    }
}

/// Answers the requests of a connection, one after the other.
fn answer_all(mut stream: TcpStream, arrived: &Sender<Instant>) -> Option<()> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let end = loop {
            if let Some(end) = request_end(&bytes) {
                break end;
            }
            let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
            bytes.extend_from_slice(&piece[..read]);
        };
        arrived.send(Instant::now()).ok()?;
        bytes.drain(..end);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").ok()?;
    }
}

/// Returns the length of the first request; `None` if it is not whole.
fn request_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text.split("\r\n").filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head + 4 + length.unwrap_or_default();
    (bytes.len() >= end).then_some(end)
}

/// Starts a receiver that accepts connections and never answers, and returns its URL.
pub fn start_hanging() -> anyhow::Result<String> {
    let (listener, url) = listen()?;
    thread::spawn(move || {
        // Kept open until the process ends.
        let mut connections = Vec::new();
        connections.extend(listener.incoming().flatten());
    });
    Ok(url)
}

/// Returns the URL of a port at which nobody listens.
pub fn refusing() -> anyhow::Result<String> {
    listen().map(|(_, url)| url)
}

fn listen() -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    let url = format!("http://{}/hook", listener.local_addr()?);
    Ok((listener, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_with_its_body() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST";
        for length in 0..request.len() {
            let end = request_end(&request[..length]);
            assert_eq!(end, (length >= request.len() - 4).then_some(request.len() - 4), "{length}");
        }
    }

    #[test]
    fn deliveries_are_told_one_by_one() -> anyhow::Result<()> {
        let receiver = TimedReceiver::start()?;
        let address = receiver.url.trim_start_matches("http://").trim_end_matches("/hook").parse()?;
        for _ in 0..2 {
            http::request(address, "POST /hook", None, "{}")?;
            receiver.next()?;
        }
        Ok(())
    }
}
