//! The log lines of one call.

use std::collections::VecDeque;

use inlet_core::contract::GuestLog;

/// The newest log lines of one call. The newest are kept because the last line before a crash matters most.
pub(crate) struct Logs {
    lines: VecDeque<GuestLog>,
    bytes: usize,
    dropped: u32,
    max_lines: usize,
    max_bytes: usize,
}

impl Logs {
    pub(super) fn new(max_lines: usize, max_bytes: usize) -> Self {
        Self { lines: VecDeque::new(), bytes: 0, dropped: 0, max_lines, max_bytes }
    }

    /// Returns the bytes that a single line can have.
    pub(super) fn max_line_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Truncates a line to the bytes that a line can have. Called before the line is copied.
    pub(crate) fn truncate<'a>(&self, message: &'a str) -> &'a str {
        &message[..message.floor_char_boundary(self.max_bytes)]
    }

    /// Appends a line and drops the oldest lines that no longer fit.
    pub(crate) fn push(&mut self, level: &'static str, message: String) {
        self.bytes += message.len();
        self.lines.push_back(GuestLog { level: level.to_owned(), message });
        while self.lines.len() > self.max_lines || self.bytes > self.max_bytes {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.message.len();
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Returns the kept lines and the number of dropped ones.
    pub(super) fn into_parts(self) -> (Vec<GuestLog>, u32) {
        (self.lines.into(), self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(logs: Logs) -> (Vec<String>, u32) {
        let (lines, dropped) = logs.into_parts();
        (lines.into_iter().map(|line| line.message).collect(), dropped)
    }

    #[test]
    fn the_newest_lines_stay() {
        let mut logs = Logs::new(2, 100);
        for line in ["a", "b", "c"] {
            logs.push("info", line.to_owned());
        }
        assert_eq!(messages(logs), (vec!["b".to_owned(), "c".to_owned()], 1));
    }

    #[test]
    fn bytes_are_bounded_and_characters_stay_whole() {
        let mut logs = Logs::new(10, 4);
        for line in ["abc", "☃☃"] {
            let line = logs.truncate(line).to_owned();
            logs.push("info", line);
        }
        assert_eq!(messages(logs), (vec!["☃".to_owned()], 1));
    }
}
