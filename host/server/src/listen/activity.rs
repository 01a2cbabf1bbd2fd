//! The activity of a connection, as far as its time limits and its answers depend on it.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// The activity of a connection. The stream and the service of one connection share it.
#[derive(Debug, Clone)]
pub struct Activity(Arc<AtomicU8>);

/// A state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// The head of a request is awaited or arrives: the first of the connection, or one whose first byte is there.
    Head = 0,
    /// The service has a request.
    Busy = 1,
    /// The service has answered, and nothing of a next request came yet.
    Answered = 2,
}

impl Default for Activity {
    fn default() -> Self {
        Self(Arc::new(AtomicU8::new(State::Head as u8)))
    }
}

impl Activity {
    /// Notes that the service has a request.
    pub fn begin(&self) {
        self.set(State::Busy);
    }

    /// Notes that the service has answered.
    pub fn end(&self) {
        self.set(State::Answered);
    }

    pub(super) fn set(&self, state: State) {
        self.0.store(state as u8, Ordering::Relaxed);
    }

    // One task drives the stream and the service of a connection.
    pub(super) fn state(&self) -> State {
        match self.0.load(Ordering::Relaxed) {
            0 => State::Head,
            1 => State::Busy,
            _ => State::Answered,
        }
    }
}
