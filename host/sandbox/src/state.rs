//! What a store holds besides the guest: its clock, its memory limiter, its log lines, and what stands behind WASI.

use std::collections::VecDeque;

use inlet_core::contract::GuestLog;
use wasmtime::ResourceLimiter;

use crate::{call::Given, clock::Clock, limits::Limits, wasi::Frozen};

/// Elements of a table. A function table of a real plugin has hundreds.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 20_000;

/// The data of one call's store.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) memory: Memory,
    pub(crate) logs: Logs,
    pub(crate) wasi: Frozen,
}

impl State {
    pub(crate) fn new(limits: &Limits, max_memory: usize, given: Given) -> Self {
        Self {
            clock: Clock::new(limits.time_for(given.bytes)),
            wasi: Frozen::at(given.now_ms),
            memory: Memory { used: 0, limit: limits.memory.min(max_memory) },
            logs: Logs {
                lines: VecDeque::new(),
                bytes: 0,
                dropped: 0,
                max_lines: limits.log_lines,
                max_bytes: limits.log_bytes,
            },
        }
    }

    /// The lines in the order in which they were written, and how many are missing.
    pub(crate) fn into_logs(mut self) -> (Vec<GuestLog>, u32) {
        self.wasi.finish_all(&mut self.logs);
        self.logs.into_parts()
    }
}

/// Counts the linear memories of a store together. Memories never shrink, so what is used is also the largest.
pub(crate) struct Memory {
    used: usize,
    limit: usize,
}

impl Memory {
    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

/// The guest asked for more memory than it may have.
#[derive(Debug, thiserror::Error)]
#[error("{wanted} bytes of memory asked for, {limit} allowed")]
pub(crate) struct MemoryExceeded {
    pub(crate) wanted: usize,
    pub(crate) limit: usize,
}

/// The guest asked for a larger table than it may have.
#[derive(Debug, thiserror::Error)]
#[error("{wanted} elements of a table asked for, {limit} allowed")]
pub(crate) struct TableExceeded {
    pub(crate) wanted: usize,
    pub(crate) limit: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.used.saturating_add(desired.saturating_sub(current));
        if wanted > self.limit {
            // An error and not a refusal: what a guest does with a refusal is anybody's guess, mostly a crash without
            // a reason, and our log should name the reason.
            return Err(MemoryExceeded { wanted, limit: self.limit }.into());
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.used = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > MAX_TABLE_ELEMENTS {
            // An error for the same reason.
            return Err(TableExceeded { wanted: desired, limit: MAX_TABLE_ELEMENTS }.into());
        }
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}

/// The newest log lines of one call. The newest stay because the last one before a crash is the one that matters.
pub(crate) struct Logs {
    lines: VecDeque<GuestLog>,
    bytes: usize,
    dropped: u32,
    max_lines: usize,
    max_bytes: usize,
}

impl Logs {
    /// Bytes of the longest line that fits at all.
    pub(crate) fn max_line(&self) -> usize {
        self.max_bytes
    }

    /// The part of a line that fits at all. Called before the line is copied.
    pub(crate) fn fitting<'a>(&self, message: &'a str) -> &'a str {
        &message[..message.floor_char_boundary(self.max_bytes)]
    }

    /// Keeps a line and drops the oldest ones that no longer fit.
    pub(crate) fn push(&mut self, level: &'static str, message: String) {
        self.bytes += message.len();
        self.lines.push_back(GuestLog { level: level.to_owned(), message });
        while self.lines.len() > self.max_lines || self.bytes > self.max_bytes {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.message.len();
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    fn into_parts(self) -> (Vec<GuestLog>, u32) {
        (self.lines.into(), self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(log_lines: usize, log_bytes: usize) -> Logs {
        State::new(&Limits { log_lines, log_bytes, ..Limits::default() }, usize::MAX, Given::default()).logs
    }

    fn messages(logs: Logs) -> (Vec<String>, u32) {
        let (lines, dropped) = logs.into_parts();
        (lines.into_iter().map(|line| line.message).collect(), dropped)
    }

    #[test]
    fn the_newest_lines_stay() {
        let mut logs = logs(2, 100);
        for line in ["a", "b", "c"] {
            logs.push("info", line.to_owned());
        }
        assert_eq!(messages(logs), (vec!["b".to_owned(), "c".to_owned()], 1));
    }

    #[test]
    fn bytes_are_bounded_and_characters_stay_whole() {
        let mut logs = logs(10, 4);
        for line in ["abc", "☃☃"] {
            let fitting = logs.fitting(line).to_owned();
            logs.push("info", fitting);
        }
        assert_eq!(messages(logs), (vec!["☃".to_owned()], 1));
    }

    #[test]
    fn memories_count_together() {
        let mut memory = State::new(&Limits { memory: 100, ..Limits::default() }, usize::MAX, Given::default()).memory;
        assert!(memory.memory_growing(0, 60, None).unwrap());
        assert!(!memory.memory_growing(0, 30, Some(20)).unwrap(), "its own maximum is a refusal, as without us");
        assert!(memory.memory_growing(0, 40, None).unwrap());
        assert_eq!(
            memory.memory_growing(60, 61, None).unwrap_err().to_string(),
            "101 bytes of memory asked for, 100 allowed"
        );
        assert_eq!(memory.used(), 100);
    }
}
