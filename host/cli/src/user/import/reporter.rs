//! The messages of an import, on standard error: rows that failed, and how far it is.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    time::{Duration, Instant},
};

use super::progress_file::Counts;

/// The pause between two lines of progress: on a terminal, where the line rewrites itself, and elsewhere.
const PAUSE_ON_TERMINAL: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_secs(5);

/// Writes messages.
pub struct Reporter {
    is_terminal: bool,
    begun: Instant,
    /// The number of rows that earlier runs did.
    rows_before: u64,
    /// The length of the input, in bytes, if it is known.
    size: Option<u64>,
    /// The time of the last line of progress.
    last: Instant,
    /// True while the last line of the terminal is one of progress.
    has_line: bool,
}

impl Reporter {
    pub fn new(size: Option<u64>, rows_before: u64) -> Self {
        let now = Instant::now();
        Self { is_terminal: stderr().is_terminal(), begun: now, rows_before, size, last: now, has_line: false }
    }

    /// Writes a line that stays.
    pub fn line(&mut self, text: &str) {
        self.clear();
        self.write(&format!("{text}\n"));
    }

    /// Writes that a row failed. `lines` are those on which it may stand.
    pub fn row_failed(&mut self, lines: &[u64], id: Option<&str>, reason: &str) {
        let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
        let id = id.map(|id| format!("{id:?}: ")).unwrap_or_default();
        self.line(&format!("line {}: {id}{reason}", lines.join(" or ")));
    }

    /// Writes how far the import is, from time to time. `byte` is the position in the input.
    pub fn progress(&mut self, counts: Counts, byte: u64) {
        let pause = if self.is_terminal { PAUSE_ON_TERMINAL } else { PAUSE };
        if self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        let rows = counts.rows();
        let part = self.size.filter(|size| *size > 0).map(|size| format!(" ({} %)", 100 * byte.min(size) / size));
        let seconds = self.begun.elapsed().as_secs_f64();
        let pace = rows.saturating_sub(self.rows_before) as f64 / seconds.max(0.001);
        let text = format!("{rows} rows{}, {} failed, {pace:.0}/s", part.unwrap_or_default(), counts.failed);
        match self.is_terminal {
            true => {
                self.write(&format!("\r\x1b[K{text}"));
                self.has_line = true;
            }
            false => self.write(&format!("{text}\n")),
        }
    }

    /// Removes the line of progress.
    pub fn clear(&mut self) {
        if self.has_line {
            self.write("\r\x1b[K");
            self.has_line = false;
        }
    }

    /// A message that cannot be written is no reason to stop.
    fn write(&self, text: &str) {
        let mut stderr = stderr().lock();
        let _ = stderr.write_all(text.as_bytes());
        let _ = stderr.flush();
    }
}
