//! The load of the server now, for operators.

use std::fs;

use crate::{Engine, engine::MAX_STREAMS};

/// The load of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The memory of the process, in bytes; none if the system does not tell.
    pub resident_bytes: Option<u64>,
    /// The bytes that requests hold.
    pub in_flight_bytes: u64,
    /// Requests whose body was read and that are not answered yet.
    pub in_flight_requests: u64,
    /// Requests that wait for the store's writer.
    pub writer_queue: u64,
    /// Sandboxes that nobody uses.
    pub sandboxes_free: u64,
    /// Open streams of the management API.
    pub streams: u64,
}

impl Engine {
    /// Returns the load of the server now.
    pub fn load(&self) -> Load {
        let held = self.ledger.held();
        Load {
            resident_bytes: resident_bytes(),
            in_flight_bytes: held.bytes as u64,
            in_flight_requests: held.inside as u64,
            writer_queue: self.store.stats().queued as u64,
            sandboxes_free: self.gate.free() as u64,
            streams: MAX_STREAMS.saturating_sub(self.streams.available_permits()) as u64,
        }
    }
}

/// Returns the memory of this process, as Linux tells it.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
