//! `--dry-run`: checks every row and sends nothing.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
};

use super::{chunk::Chunk, progress_file::Counts, reporter::Reporter, rows::Rows};

/// The most ids among which repeated ones are looked for; they take about 150 MB.
const MAX_IDS: usize = 10_000_000;

/// Checks all rows, and reports those that fail and the ids that come again. Returns the counts and the number of
/// repeated ids.
pub fn run(rows: &mut Rows, reporter: &mut Reporter) -> anyhow::Result<(Counts, u64)> {
    let mut counts = Counts::default();
    let mut ids = Ids::default();
    let mut repeated = 0;
    while let Some(chunk) = Chunk::read(rows)? {
        for (line, reason) in &chunk.refused {
            reporter.row_failed(&[*line], None, reason);
        }
        let mut in_chunk: HashMap<&str, u64> = HashMap::new();
        for (line, user) in chunk.users() {
            let before = in_chunk.insert(&user.id, line).map(|line| format!("on line {line}"));
            if before.is_some() || ids.was_seen(&user.id) {
                let before = before.unwrap_or_else(|| "on an earlier line".to_owned());
                let reason = format!("the id came {before} too; later rows are merged over earlier ones");
                reporter.row_failed(&[line], Some(&user.id), &reason);
                repeated += 1;
            }
        }
        counts.failed += chunk.refused.len() as u64;
        counts.identified += chunk.users().count() as u64;
        rows.input().checkpoint(chunk.end.byte);
        reporter.progress(counts, chunk.end.byte);
    }
    if ids.is_full() {
        reporter.line(&format!("repeated ids were looked for among the first {MAX_IDS} ids only"));
    }
    Ok((counts, repeated))
}

/// The ids so far, as hashes: two different ids have the same one in 400,000 files of ten million rows.
#[derive(Default)]
struct Ids {
    state: RandomState,
    hashes: HashSet<u64>,
}

impl Ids {
    /// Adds an id; returns true if it is there already.
    fn was_seen(&mut self, id: &str) -> bool {
        let hash = self.state.hash_one(id);
        match self.is_full() {
            true => self.hashes.contains(&hash),
            false => !self.hashes.insert(hash),
        }
    }

    fn is_full(&self) -> bool {
        self.hashes.len() >= MAX_IDS
    }
}
