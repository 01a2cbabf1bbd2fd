//! The event loop of the open loop: one thread, non-blocking connections, and a schedule.
//!
//! One thread, because the generator shares the machine's cores with the server, and every switch between threads of
//! the generator would be taken from the server. When the thread wakes late, it sends everything that is due at once.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use super::{
    Aim,
    answers::Answers,
    connection::{Connection, Progress},
    poll::{Poll, Readiness},
};
use crate::{http, interrupt, usage::thread_cpu};

/// The priority of the generator's thread, so that it wakes in time beside a busy server.
const NICE: i32 = -10;

/// The longest wait for answers while no request can be sent.
const FULL: Duration = Duration::from_millis(1);

/// The requests of a load and their bounds.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Requests per second, evenly spaced.
    pub rate: f64,
    /// Duration of sending.
    pub time: Duration,
    /// Duration at the start during which latencies are not recorded.
    pub warm_up: Duration,
    /// Number of connections. Each carries one request at a time.
    pub connections: usize,
    /// Number of due requests that may wait for a free connection; beyond it they are not sent, and counted so.
    pub waiting: usize,
    /// The time for which the last answers are awaited.
    pub patience: Duration,
    /// True if the generator goes before the server where both want a core, so that it is in time.
    pub has_priority: bool,
}

impl Load {
    /// Returns the number of requests.
    fn requests(&self) -> u64 {
        (self.rate * self.time.as_secs_f64()) as u64
    }

    /// Returns when a request is due, after the start.
    fn due(&self, request: u64) -> Duration {
        Duration::from_secs_f64(request as f64 / self.rate)
    }
}

/// The use of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is being opened.
    Opening,
    /// It can carry a request.
    Free,
    /// It carries a request that was due at this time after the start.
    Request(Duration),
}

/// The state of a running load.
struct Driver {
    aim: Aim,
    load: Load,
    start: Instant,
    poll: Poll,
    connections: Vec<(Connection, Use)>,
    /// The free connections. The one that is free for longest is used first, so that all are used.
    free: VecDeque<usize>,
    /// When the requests were due that wait for a connection.
    waiting: VecDeque<Duration>,
    in_flight: usize,
    answers: Answers,
    /// Buffers that are used again: events, and the bytes of a response.
    ready: Vec<Readiness>,
    scratch: Vec<u8>,
}

/// Sends requests according to a schedule, whatever the answers are.
pub fn run(aim: &Aim, load: Load) -> anyhow::Result<Answers> {
    if !load.has_priority {
        return drive(aim, load);
    }
    // A sender on another machine would not wait for the server's threads. Without the permission, it does.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
    let answers = drive(aim, load);
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 0);
    answers
}

fn drive(aim: &Aim, load: Load) -> anyhow::Result<Answers> {
    let mut driver = Driver {
        aim: aim.clone(),
        load,
        start: Instant::now(),
        poll: Poll::new()?,
        connections: Vec::with_capacity(load.connections),
        free: VecDeque::with_capacity(load.connections),
        waiting: VecDeque::new(),
        in_flight: 0,
        answers: Answers::new()?,
        ready: Vec::new(),
        scratch: vec![0; 64 * 1024],
    };
    driver.connect()?;
    let cpu = thread_cpu();
    driver.start = Instant::now();
    driver.send_and_receive()?;
    driver.answers.cpu = thread_cpu().saturating_sub(cpu);
    Ok(driver.answers)
}

impl Driver {
    /// Opens all connections.
    fn connect(&mut self) -> anyhow::Result<()> {
        let limit = Instant::now() + http::PATIENCE;
        for index in 0..self.load.connections {
            let connection = Connection::open(self.aim.address)?;
            self.poll.add(connection.stream(), index)?;
            self.connections.push((connection, Use::Opening));
            // Few at a time, so that they fit into the queue of the listener.
            let is_last = index + 1 == self.load.connections;
            while index + 1 - self.free.len() >= if is_last { 1 } else { 64 } {
                ensure!(Instant::now() < limit, "only {} of {} connections were opened", self.free.len(), index + 1);
                self.receive(limit)?;
            }
        }
        Ok(())
    }

    fn send_and_receive(&mut self) -> anyhow::Result<()> {
        let (requests, end) = (self.load.requests(), self.start + self.load.time + self.load.patience);
        let mut next = 0;
        loop {
            let now = self.start.elapsed();
            while next < requests && self.load.due(next) <= now {
                self.take(self.load.due(next), now);
                next += 1;
            }
            self.send_waiting();
            let is_done = next == requests && self.waiting.is_empty() && self.in_flight == 0;
            if is_done || Instant::now() >= end || interrupt::requested() {
                break;
            }
            let is_full = self.free.is_empty() && self.waiting.len() >= self.load.waiting;
            self.receive(match next < requests {
                // Nothing can be sent before an answer comes. What is due until then is counted later.
                true if is_full => Instant::now() + FULL,
                true => self.start + self.load.due(next),
                false => end,
            })?;
        }
        self.answers.unanswered = (self.in_flight + self.waiting.len()) as u64;
        interrupt::check()
    }

    /// Lets a request wait for a connection, unless too many do.
    fn take(&mut self, due: Duration, now: Duration) {
        self.answers.lateness.record(now - due);
        match self.waiting.len() < self.load.waiting.max(self.free.len()) {
            true => self.waiting.push_back(due),
            false => self.answers.unsent += 1,
        }
    }

    /// Sends as many waiting requests as connections are free.
    fn send_waiting(&mut self) {
        while let Some(index) = (!self.waiting.is_empty()).then(|| self.free.pop_front()).flatten() {
            let Some(due) = self.waiting.pop_front() else { return };
            let (connection, used) = &mut self.connections[index];
            connection.send(self.aim.template.next());
            *used = Use::Request(due);
            self.in_flight += 1;
        }
    }

    /// Waits for events, but not beyond `until`, and takes all answers that have come.
    fn receive(&mut self, until: Instant) -> anyhow::Result<()> {
        let mut ready = std::mem::take(&mut self.ready);
        self.poll.wait(until, &mut ready)?;
        ready.drain(..).try_for_each(|event| self.on_event(event))?;
        self.ready = ready;
        Ok(())
    }

    fn on_event(&mut self, Readiness { index, is_closed }: Readiness) -> anyhow::Result<()> {
        let (connection, used) = &mut self.connections[index];
        match *used {
            Use::Opening | Use::Free if is_closed => self.reopen(index),
            Use::Free => Ok(()),
            Use::Opening => {
                *used = Use::Free;
                self.free.push_back(index);
                Ok(())
            }
            Use::Request(due) => match connection.advance(&mut self.scratch)? {
                Progress::Pending => Ok(()),
                Progress::Closed => {
                    self.in_flight -= 1;
                    self.answers.closed += 1;
                    self.reopen(index)
                }
                Progress::Answered { status, is_reusable } => {
                    self.in_flight -= 1;
                    let latency = (due >= self.load.warm_up).then(|| self.start.elapsed().saturating_sub(due));
                    self.answers.add(status, latency)?;
                    if !is_reusable || is_closed {
                        return self.reopen(index);
                    }
                    *used = Use::Free;
                    self.free.push_back(index);
                    Ok(())
                }
            },
        }
    }

    /// Replaces a connection that cannot be used again.
    fn reopen(&mut self, index: usize) -> anyhow::Result<()> {
        if self.connections[index].1 == Use::Opening
            && let Some(error) = self.connections[index].0.stream().take_error()?
        {
            return Err(error).context("cannot connect");
        }
        if self.connections[index].1 == Use::Free {
            self.free.retain(|free| *free != index);
        }
        let connection = Connection::open(self.aim.address)?;
        self.poll.add(connection.stream(), index)?;
        self.connections[index] = (connection, Use::Opening);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{Ipv4Addr, SocketAddr, TcpListener},
        thread,
    };

    use super::*;
    use crate::template::Template;

    /// Serves connections with `answer`, which gets the number of the request on its connection and returns the bytes
    /// to answer with; `None` closes the connection without an answer.
    fn serve(answer: fn(usize) -> Option<&'static [u8]>) -> anyhow::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut bytes = vec![0; 65536];
                    let mut request = 0;
                    while let Ok(read) = stream.read(&mut bytes) {
                        let Some(answer) = (read > 0).then(|| answer(request)).flatten() else { return };
                        if stream.write_all(answer).is_err() {
                            return;
                        }
                        request += 1;
                    }
                });
            }
        });
        Ok(address)
    }

    fn load(rate: f64) -> Load {
        let time = Duration::from_millis(500);
        Load {
            rate,
            time,
            warm_up: Duration::ZERO,
            connections: 8,
            waiting: 8,
            patience: Duration::from_secs(1),
            has_priority: false,
        }
    }

    fn aim(address: SocketAddr) -> Aim {
        Aim { address, template: Template::same("/", "", "{}") }
    }

    #[test]
    fn every_request_is_counted_once_by_its_status() -> anyhow::Result<()> {
        let address = serve(|request| match request % 4 {
            0 | 1 => Some(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
            2 => Some(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"),
            _ => None,
        })?;
        let answers = run(&aim(address), Load { waiting: usize::MAX, ..load(400.0) })?;
        assert_eq!(answers.due(), 200, "{}", answers.summary());
        assert_eq!(answers.unsent + answers.unanswered, 0, "{}", answers.summary());
        assert_eq!(answers.count(200) + answers.count(503) + answers.closed, 200);
        assert!(answers.count(200) >= 100 && answers.count(503) >= 40 && answers.closed >= 40, "{}", answers.summary());
        Ok(())
    }

    #[test]
    fn a_connection_whose_end_is_announced_is_not_used_again() -> anyhow::Result<()> {
        let address = serve(|request| match request {
            0 => Some(b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
            _ => Some(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"),
        })?;
        let answers = run(&aim(address), Load { waiting: usize::MAX, ..load(100.0) })?;
        assert_eq!((answers.count(503), answers.due()), (50, 50), "{}", answers.summary());
        Ok(())
    }

    #[test]
    fn what_finds_no_connection_waits_in_bounds_and_counts_from_when_it_was_due() -> anyhow::Result<()> {
        let address = serve(|_| {
            thread::sleep(Duration::from_millis(200));
            Some(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        })?;
        let answers = run(&aim(address), load(1000.0))?;
        assert_eq!((answers.due(), answers.unanswered), (500, 0), "{}", answers.summary());
        // Eight connections answer eight requests in 200 ms, and eight more wait meanwhile.
        assert!((24..=40).contains(&answers.count(200)), "{}", answers.summary());
        assert_eq!(answers.unsent, 500 - answers.count(200));
        let longest = answers.milliseconds(200, 1.0).unwrap_or_default();
        assert!(longest >= 390.0, "a request that waited 200 ms for a connection took {longest} ms");
        Ok(())
    }

    #[test]
    fn large_requests_are_sent_piece_by_piece() -> anyhow::Result<()> {
        let address = serve(|_| {
            thread::sleep(Duration::from_millis(1));
            Some(b"")
        })?;
        let body = "x".repeat(20 << 20);
        let aim = Aim { address, template: Template::same("/", "", &body) };
        // The server never answers: no write may block the loop, which ends in time.
        let load = Load { connections: 2, ..load(4.0) };
        let answers = run(&aim, load)?;
        assert_eq!((answers.unanswered, answers.due()), (2, 2), "{}", answers.summary());
        Ok(())
    }
}
