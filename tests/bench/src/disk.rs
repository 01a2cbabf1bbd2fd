//! Latency of durable writes on the disk, a lower bound for the latency of a commit.

use std::{io::Write as _, path::Path, time::Instant};

use anyhow::Context as _;

const APPENDS: usize = 100;

/// Returns the median time of appending 4 KiB with `fdatasync` in this directory, in milliseconds.
pub fn sync_milliseconds(directory: &Path) -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile_in(directory).context("cannot make a file in the data directory")?;
    let mut times = Vec::with_capacity(APPENDS);
    for _ in 0..APPENDS {
        let start = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[APPENDS / 2].as_secs_f64() * 1e3)
}
