//! What the frozen WASI keeps for one call: a clock that stands, a fixed stream of numbers, and lines that are not full yet.

use wasmtime::component::{ComponentType, Lower};

use crate::state::Logs;

/// A moment, as `wasi:clocks/wall-clock` gives it.
#[derive(ComponentType, Lower, Debug, Clone, Copy, PartialEq, Eq)]
#[component(record)]
pub(crate) struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

/// Where printed lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    Stdout,
    Stderr,
}

/// The most that is given at once. Seeds take some bytes; the guest's clock stands while the host is busy for it.
const MAX_RANDOM_BYTES: u64 = 1 << 20;

/// More than a sandbox gives.
#[derive(Debug, thiserror::Error)]
#[error("it asked for {asked} random bytes at once, where at most {MAX_RANDOM_BYTES} are given")]
struct TooMuchRandom {
    asked: u64,
}

/// The world as a guest sees it through WASI during one call.
pub(crate) struct Frozen {
    now_ms: u64,
    random: u64,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Frozen {
    /// The world at a time in milliseconds since 1970.
    pub(crate) fn at(now_ms: u64) -> Self {
        Self { now_ms, random: 0, stdout: Vec::new(), stderr: Vec::new() }
    }

    pub(super) fn now(&mut self) -> Datetime {
        let milliseconds = (self.now_ms % 1000) as u32;
        Datetime { seconds: self.now_ms / 1000, nanoseconds: milliseconds * 1_000_000 }
    }

    pub(super) fn resolution() -> Datetime {
        Datetime { seconds: 0, nanoseconds: 1_000_000 }
    }

    /// The same moment on the clock that only ever advances.
    pub(super) fn nanoseconds(&self) -> u64 {
        self.now_ms.saturating_mul(1_000_000)
    }

    /// The next number of the stream (SplitMix64): spread like random ones, the same in every call.
    pub(super) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
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

    /// Takes what was printed; every full line goes into the log.
    pub(super) fn print(&mut self, output: Output, bytes: &[u8], logs: &mut Logs) {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let unfinished = lines.next_back().unwrap_or_default();
        for rest_of_line in lines {
            self.extend(output, rest_of_line, logs);
            self.finish(output, logs);
        }
        self.extend(output, unfinished, logs);
    }

    /// Lines that no line break ended, once the call is over.
    pub(crate) fn finish_all(&mut self, logs: &mut Logs) {
        for output in [Output::Stdout, Output::Stderr] {
            if !self.line(output).is_empty() {
                self.finish(output, logs);
            }
        }
    }

    /// Keeps as much of a line as the log can hold.
    fn extend(&mut self, output: Output, bytes: &[u8], logs: &Logs) {
        let line = self.line(output);
        let room = logs.max_line().saturating_sub(line.len());
        line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn finish(&mut self, output: Output, logs: &mut Logs) {
        let line = std::mem::take(self.line(output));
        let line = String::from_utf8_lossy(&line);
        let level = match output {
            Output::Stdout => "info",
            Output::Stderr => "warn",
        };
        let line = logs.fitting(line.trim_end_matches('\r')).to_owned();
        logs.push(level, line);
    }

    fn line(&mut self, output: Output) -> &mut Vec<u8> {
        match output {
            Output::Stdout => &mut self.stdout,
            Output::Stderr => &mut self.stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, call::Given, state::State};

    fn printed(log_bytes: usize, parts: &[(Output, &[u8])]) -> Vec<(String, String)> {
        let mut state = State::new(&Limits { log_bytes, ..Limits::default() }, usize::MAX, Given::default());
        for (output, part) in parts {
            state.wasi.print(*output, part, &mut state.logs);
        }
        let (lines, _) = state.into_logs();
        lines.into_iter().map(|line| (line.level, line.message)).collect()
    }

    fn line(level: &str, message: &str) -> (String, String) {
        (level.to_owned(), message.to_owned())
    }

    #[test]
    fn lines_are_put_together_and_apart() {
        let parts: [(Output, &[u8]); 4] = [
            (Output::Stdout, b"a"),
            (Output::Stderr, b"w1\nw2"),
            (Output::Stdout, b"b\r\n\n"),
            (Output::Stdout, "\u{2603}".as_bytes()),
        ];
        let expected =
            [line("warn", "w1"), line("info", "ab"), line("info", ""), line("info", "\u{2603}"), line("warn", "w2")];
        assert_eq!(printed(100, &parts), expected);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        assert_eq!(printed(3, &[(Output::Stdout, b"ab"), (Output::Stdout, b"cdef")]), [line("info", "abc")]);
        assert_eq!(printed(3, &[(Output::Stdout, b"a\xff")]), [line("info", "a")], "whole characters stay");
    }

    #[test]
    fn the_clock_stands_and_the_stream_is_fixed() {
        let mut frozen = Frozen::at(1_700_000_000_123);
        assert_eq!(frozen.now(), Datetime { seconds: 1_700_000_000, nanoseconds: 123_000_000 });
        assert_eq!(frozen.nanoseconds(), 1_700_000_000_123_000_000);
        // The published first numbers of SplitMix64 from 0.
        assert_eq!([frozen.random(), frozen.random()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        assert_eq!(Frozen::at(0).random_bytes(9).unwrap(), [0xaf, 0xcd, 0x1d, 0x7b, 0x39, 0xa8, 0x20, 0xe2, 0xf4]);
        assert!(frozen.random_bytes(0).unwrap().is_empty());
        assert!(frozen.random_bytes(u64::MAX).is_err());
    }
}
