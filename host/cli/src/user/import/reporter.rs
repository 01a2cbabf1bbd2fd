//! The messages of an import, on standard error: rows that failed, and how far it is.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::progress_file::Counts;
use crate::output::{byte_bar, note};

/// The pause between two lines of progress where there is no terminal, and so no bar.
const PAUSE: Duration = Duration::from_secs(5);

/// Writes messages.
pub struct Reporter {
    /// The bar over the input's bytes; hidden where there is no terminal.
    bar: ProgressBar,
    begun: Instant,
    /// The number of rows that earlier runs did.
    rows_before: u64,
    /// The length of the input, in bytes, if it is known.
    size: Option<u64>,
    /// The time of the last line of progress.
    last: Instant,
}

impl Reporter {
    pub fn new(size: Option<u64>, rows_before: u64) -> Self {
        let (bar, now) = (byte_bar(size, ""), Instant::now());
        Self { bar, begun: now, rows_before, size, last: now }
    }

    /// Writes a line that stays.
    pub fn line(&mut self, text: &str) {
        self.bar.suspend(|| note(text));
    }

    /// Writes that a row failed. `lines` are those on which it may stand.
    pub fn row_failed(&mut self, lines: &[u64], id: Option<&str>, reason: &str) {
        let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
        let id = id.map(|id| format!("{id:?}: ")).unwrap_or_default();
        self.line(&format!("line {}: {id}{reason}", lines.join(" or ")));
    }

    /// Writes how far the import is, from time to time. `byte` is the position in the input.
    pub fn progress(&mut self, counts: Counts, byte: u64) {
        let rows = counts.rows();
        let seconds = self.begun.elapsed().as_secs_f64();
        let pace = rows.saturating_sub(self.rows_before) as f64 / seconds.max(0.001);
        let counted = format!("{rows} rows, {} failed, {pace:.0}/s", counts.failed);
        if !self.bar.is_hidden() {
            self.bar.set_position(byte);
            self.bar.set_message(counted);
            return;
        }
        if self.last.elapsed() < PAUSE {
            return;
        }
        self.last = Instant::now();
        let part = self.size.filter(|size| *size > 0).map(|size| format!("{} %, ", 100 * byte.min(size) / size));
        note(&format!("{}{counted}", part.unwrap_or_default()));
    }

    /// Removes the bar, at the end.
    pub fn clear(&mut self) {
        self.bar.finish_and_clear();
    }
}
