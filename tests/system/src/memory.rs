//! The memory of a process, from Linux's `/proc`.

use std::fs;

use crate::Server;

impl Server {
    /// Returns the resident memory in bytes.
    pub fn resident_memory(&self) -> u64 {
        memory(self.pid(), "VmRSS:")
    }

    /// Returns the peak of the resident memory since [`Server::forget_memory_peak`], in bytes.
    pub fn memory_peak(&self) -> u64 {
        memory_peak(self.pid())
    }

    /// Resets the peak, to exclude what the start needed.
    pub fn forget_memory_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.pid()), "5").unwrap();
    }
}

/// Returns the peak of the resident memory of a process, in bytes.
pub fn memory_peak(pid: u32) -> u64 {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
