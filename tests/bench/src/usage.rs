//! CPU time and memory of a process, from Linux's `/proc`.

use std::{fs, time::Duration};

use anyhow::Context as _;
use rustix::time::{ClockId, clock_gettime};

/// Resource usage of a process, read from `/proc`.
#[derive(Debug, Clone, Copy)]
pub struct Usage(u32);

impl Usage {
    /// Creates the usage of the process with this id.
    pub fn of(id: u32) -> Self {
        Self(id)
    }

    /// Returns the CPU time of all threads, including those that ended.
    pub fn cpu(self) -> anyhow::Result<Duration> {
        let stat = self.read("stat")?;
        let ticks = cpu_ticks(&stat).context("/proc/…/stat is not as documented")?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// Returns the resident memory in bytes.
    pub fn resident(self) -> anyhow::Result<u64> {
        self.status("VmRSS:")
    }

    /// Returns the peak of the resident memory since [`Usage::forget_peak`], in bytes.
    pub fn peak(self) -> anyhow::Result<u64> {
        self.status("VmHWM:")
    }

    /// Resets the peak, to exclude the compilation of plugins at the start.
    pub fn forget_peak(self) -> anyhow::Result<()> {
        fs::write(self.path("clear_refs"), "5").context("cannot reset a peak of memory")
    }

    fn status(self, name: &str) -> anyhow::Result<u64> {
        let status = self.read("status")?;
        kibibytes(&status, name)
            .map(|kibibytes| kibibytes * 1024)
            .with_context(|| format!("/proc/…/status has no {name}"))
    }

    fn path(self, file: &str) -> String {
        format!("/proc/{}/{file}", self.0)
    }

    fn read(self, file: &str) -> anyhow::Result<String> {
        let path = self.path(file);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}; the process may have ended"))
    }
}

/// Returns the CPU time of the calling thread.
pub fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

/// Returns the sum of `utime` and `stime`, the 14th and 15th field. The 2nd field is a name in parentheses that may
/// contain anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_after_any_name() {
        let stat = "42 (in) (let) S 1 42 42 0 -1 4194560 1 2 3 4 1500 250 0 0 20 0 9 0 1 2 3";
        assert_eq!(cpu_ticks(stat), Some(1750));
        assert_eq!(kibibytes("VmPeak:\t 9 kB\nVmRSS:\t  61234 kB\n", "VmRSS:"), Some(61234));
    }
}
