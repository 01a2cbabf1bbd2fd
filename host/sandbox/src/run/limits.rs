//! The limits of one call into a plugin.
//!
//! One type that every conversion of guest output takes, so that none is unbounded.

use std::time::Duration;

const MIB: usize = 1 << 20;
const KIB: usize = 1 << 10;

/// The default of [`Limits::items`] (semantics.md §3). The SDK checks the same number, so that it refuses a request before
/// it builds the items; the conformance suite compares the two.
const MAX_ITEMS: usize = 20_000;

/// The limits of one call into a plugin. The defaults suit every bundled plugin; an operator can set others per plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Processor time for every started 4 MiB of body.
    pub time: Duration,
    /// Bytes of linear memory, summed over all memories.
    pub memory: usize,
    /// Number of items in a translation.
    pub items: usize,
    /// Bytes of a string that the core interprets: event type, code, tag, pointer, member name.
    pub string: usize,
    /// Bytes of a text that the core passes on unread: memo, body of a reply.
    pub text: usize,
    /// Nesting depth of JSON written by the plugin.
    pub depth: usize,
    /// Bytes that may be copied out of the sandbox, in addition to four times the body.
    pub lifted: usize,
    /// Number of log lines kept; the newest are kept.
    pub log_lines: usize,
    /// Bytes of log lines kept.
    pub log_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(1),
            memory: 256 * MIB,
            items: MAX_ITEMS,
            string: 64 * KIB,
            text: 8 * MIB,
            depth: inlet_core::json::MAX_DEPTH,
            lifted: 16 * MIB,
            log_lines: 100,
            log_bytes: 64 * KIB,
        }
    }
}

impl Limits {
    /// Returns the processor time allowed for a body of `body_bytes`. An empty body counts as a started block.
    pub fn time_for(&self, body_bytes: usize) -> Duration {
        let blocks = body_bytes.div_ceil(4 * MIB).max(1);
        self.time.saturating_mul(u32::try_from(blocks).unwrap_or(u32::MAX))
    }

    /// Returns the bytes that may be copied out of the sandbox for a body of `body_bytes`. The limit is generous: a
    /// plugin may write every value out instead of pointing at it, and list elements count with their in-memory size.
    pub fn lifted_for(&self, body_bytes: usize) -> usize {
        body_bytes.saturating_mul(4).saturating_add(self.lifted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_given_per_started_block_of_four_mebibytes() {
        let limits = Limits::default();
        assert_eq!(limits.time_for(0), Duration::from_secs(1));
        assert_eq!(limits.time_for(4 * MIB), Duration::from_secs(1));
        assert_eq!(limits.time_for(4 * MIB + 1), Duration::from_secs(2));
        assert_eq!(limits.time_for(32 * MIB), Duration::from_secs(8));
    }
}
