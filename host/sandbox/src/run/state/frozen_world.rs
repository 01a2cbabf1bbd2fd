//! The world that a guest sees through WASI during one call: a stopped clock, a fixed stream of random numbers, and the
//! output lines that are not yet complete.

use super::logs::Logs;

/// The standard output or error stream of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputStream {
    Stdout,
    Stderr,
}

/// Random bytes that one request can have. Seeds take a few; the guest's clock does not count the host's work on them.
const MAX_RANDOM_BYTES: u64 = 1 << 20;

/// The guest asked for more than [`MAX_RANDOM_BYTES`].
#[derive(Debug, thiserror::Error)]
#[error("it asked for {asked} random bytes at once, where at most {MAX_RANDOM_BYTES} are given")]
struct TooMuchRandom {
    asked: u64,
}

/// The world of one call. Equal calls see equal worlds.
pub(crate) struct FrozenWorld {
    now_ms: u64,
    random: u64,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl FrozenWorld {
    /// The world at a time in milliseconds since 1970.
    pub(crate) fn at(now_ms: u64) -> Self {
        Self { now_ms, random: 0, stdout: Vec::new(), stderr: Vec::new() }
    }

    /// Returns the time in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Returns the next number of the stream (SplitMix64). The distribution is random, the sequence the same in every
    /// call.
    pub(crate) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        if length > MAX_RANDOM_BYTES {
            return Err(TooMuchRandom { asked: length }.into());
        }
        let length = length as usize;
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(self.random().to_le_bytes());
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Appends printed bytes to a stream and logs every completed line.
    pub(crate) fn print(&mut self, stream: OutputStream, bytes: &[u8], logs: &mut Logs) {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let unfinished = lines.next_back().unwrap_or_default();
        for rest_of_line in lines {
            self.extend(stream, rest_of_line, logs);
            self.finish(stream, logs);
        }
        self.extend(stream, unfinished, logs);
    }

    /// Logs lines without a line break at their end. Called once the call has ended.
    pub(super) fn finish_lines(&mut self, logs: &mut Logs) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            if !self.line(stream).is_empty() {
                self.finish(stream, logs);
            }
        }
    }

    /// Appends as much of a line as a log line can hold.
    fn extend(&mut self, stream: OutputStream, bytes: &[u8], logs: &Logs) {
        let line = self.line(stream);
        let free = logs.max_line_bytes().saturating_sub(line.len());
        line.extend_from_slice(&bytes[..bytes.len().min(free)]);
    }

    fn finish(&mut self, stream: OutputStream, logs: &mut Logs) {
        let line = std::mem::take(self.line(stream));
        let line = String::from_utf8_lossy(&line);
        let level = match stream {
            OutputStream::Stdout => "info",
            OutputStream::Stderr => "warn",
        };
        let line = logs.truncate(line.trim_end_matches('\r')).to_owned();
        logs.push(level, line);
    }

    fn line(&mut self, stream: OutputStream) -> &mut Vec<u8> {
        match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        OutputStream::{Stderr, Stdout},
        *,
    };

    fn printed(log_bytes: usize, parts: &[(OutputStream, &[u8])]) -> Vec<(String, String)> {
        let (mut world, mut logs) = (FrozenWorld::at(0), Logs::new(100, log_bytes));
        for (stream, part) in parts {
            world.print(*stream, part, &mut logs);
        }
        world.finish_lines(&mut logs);
        let (lines, _) = logs.into_parts();
        lines.into_iter().map(|line| (line.level, line.message)).collect()
    }

    fn line(level: &str, message: &str) -> (String, String) {
        (level.to_owned(), message.to_owned())
    }

    #[test]
    fn lines_are_joined_across_writes_and_split_at_line_breaks() {
        let parts: [(OutputStream, &[u8]); 4] =
            [(Stdout, b"a"), (Stderr, b"w1\nw2"), (Stdout, b"b\r\n\n"), (Stdout, "\u{2603}".as_bytes())];
        let expected =
            [line("warn", "w1"), line("info", "ab"), line("info", ""), line("info", "\u{2603}"), line("warn", "w2")];
        assert_eq!(printed(100, &parts), expected);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        assert_eq!(printed(3, &[(Stdout, b"ab"), (Stdout, b"cdef")]), [line("info", "abc")]);
        assert_eq!(printed(3, &[(Stdout, b"a\xff")]), [line("info", "a")], "whole characters stay");
    }

    #[test]
    fn the_stream_of_random_numbers_is_fixed() {
        let mut world = FrozenWorld::at(1_700_000_000_123);
        // The published first numbers of SplitMix64 from 0.
        assert_eq!([world.random(), world.random()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        assert_eq!(FrozenWorld::at(0).random_bytes(9).unwrap(), [0xaf, 0xcd, 0x1d, 0x7b, 0x39, 0xa8, 0x20, 0xe2, 0xf4]);
        assert!(world.random_bytes(0).unwrap().is_empty());
        assert!(world.random_bytes(u64::MAX).is_err());
    }
}
