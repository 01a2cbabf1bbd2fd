//! What one call into a plugin may use.
//!
//! One type, threaded through everything that reads what a guest wrote, so that no conversion is without a bound.

use std::time::Duration;

const MIB: usize = 1 << 20;
const KIB: usize = 1 << 10;

/// What one call into a plugin may use. The defaults suit every bundled plugin; an operator can set others per plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Running time for every started 4 MiB of body.
    pub time: Duration,
    /// Bytes of linear memory, all memories together.
    pub memory: usize,
    /// Items of a translation.
    pub items: usize,
    /// Bytes of a string that the core decides on: event type, code, tag, pointer, member name.
    pub string: usize,
    /// Bytes of a text that the core only carries: memo, the body of a reply.
    pub text: usize,
    /// Levels of JSON that the plugin wrote.
    pub depth: usize,
    /// Bytes that may be copied out of the sandbox, over and above four times the body.
    pub lifted: usize,
    /// Log lines that are kept; the newest stay.
    pub log_lines: usize,
    /// Bytes of log lines that are kept.
    pub log_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(1),
            memory: 256 * MIB,
            items: 5000,
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
    /// Running time allowed for a body of this size. An empty body counts as a started block.
    pub fn time_for(&self, body_bytes: usize) -> Duration {
        let blocks = body_bytes.div_ceil(4 * MIB).max(1);
        self.time.saturating_mul(u32::try_from(blocks).unwrap_or(u32::MAX))
    }

    /// Bytes that may be copied out of the sandbox for a body of this size. Generous: a plugin may write every value
    /// out instead of pointing at it, and list elements count with their in-memory size.
    pub fn lifted_for(&self, body_bytes: usize) -> usize {
        body_bytes.saturating_mul(4).saturating_add(self.lifted)
    }
}

/// A number of bytes as people write it: `912 bytes`, `256 MiB`.
pub(crate) fn bytes(count: usize) -> String {
    match count {
        MIB.. => {
            let written = format!("{:.1}", count as f64 / MIB as f64);
            format!("{} MiB", written.trim_end_matches(".0"))
        }
        KIB.. if count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        _ => format!("{count} bytes"),
    }
}

/// The begin of a text for a sentence, which may quote names and values of any size.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 300;
    match text.len() {
        ..=MOST => text.to_owned(),
        _ => format!("{}…", &text[..text.floor_char_boundary(MOST)]),
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

    #[test]
    fn sizes_read_as_people_write_them() {
        assert_eq!(bytes(912), "912 bytes");
        assert_eq!(bytes(64 * KIB), "64 KiB");
        assert_eq!(bytes(64 * KIB + 1), "65537 bytes");
        assert_eq!(bytes(256 * MIB), "256 MiB");
        assert_eq!(bytes(16 * MIB + 8), "16 MiB");
        assert_eq!(bytes(16 * MIB + 512 * KIB), "16.5 MiB");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened(&"a".repeat(300)), "a".repeat(300));
        assert_eq!(shortened(&"\u{2603}".repeat(101)), format!("{}…", "\u{2603}".repeat(100)));
    }
}
