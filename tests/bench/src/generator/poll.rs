//! Waiting for sockets and for a point in time, with one `epoll` and one `timerfd`.
//!
//! A `timerfd` is exact to some microseconds, while the time-out of `epoll_wait` counts in milliseconds.

use std::{
    net::TcpStream,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, Event, EventData, EventFlags},
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime},
};

/// The mark of the timer's event.
const TIMER: u64 = u64::MAX;
/// Maximum number of events that one wait returns.
const EVENTS: usize = 1024;

/// Sockets, each with an index, and a timer.
pub struct Poll {
    epoll: OwnedFd,
    timer: OwnedFd,
    alarm: Option<Instant>,
    events: Vec<Event>,
}

/// An event of a socket.
#[derive(Debug, Clone, Copy)]
pub struct Readiness {
    /// The index of the socket.
    pub index: usize,
    /// True if the other side sends nothing more.
    pub is_closed: bool,
}

impl Poll {
    /// Creates a set without sockets.
    pub fn new() -> anyhow::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot create an epoll")?;
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)
            .context("cannot create a timer")?;
        // Edge-triggered, so that the timer need not be read.
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), EventFlags::IN | EventFlags::ET)?;
        Ok(Self { epoll, timer, alarm: None, events: Vec::with_capacity(EVENTS) })
    }

    /// Adds a socket. A socket that is closed leaves the set by itself.
    pub fn add(&self, stream: &TcpStream, index: usize) -> anyhow::Result<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&self.epoll, stream, EventData::new_u64(index as u64), flags).context("cannot watch a connection")
    }

    /// Waits for events of sockets, but not beyond `until`, and adds them to `ready`.
    pub fn wait(&mut self, until: Instant, ready: &mut Vec<Readiness>) -> anyhow::Result<()> {
        if self.alarm != Some(until) {
            // Zero would disarm the timer.
            let rest = until.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
            let value = Timespec { tv_sec: rest.as_secs().try_into()?, tv_nsec: rest.subsec_nanos().into() };
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            let setting = Itimerspec { it_interval: none, it_value: value };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &setting).context("cannot set a timer")?;
            self.alarm = Some(until);
        }
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("cannot wait for connections"),
        }
        let closed = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        for event in &self.events {
            match (event.data.u64(), event.flags) {
                (TIMER, _) => self.alarm = None,
                (index, flags) => ready.push(Readiness { index: index as usize, is_closed: flags.intersects(closed) }),
            }
        }
        Ok(())
    }
}
