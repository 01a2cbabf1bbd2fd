//! The times that groups take, by which the wait of a job is estimated.

use std::time::Duration;

/// Costs below which the time of a group is mostly the wait for the disk.
const SMALL: u64 = 64 * 1024;
/// Costs above which it is mostly the work.
const LARGE: u64 = 256 * 1024;
/// The weight of the newest group, one in so many.
const MEMORY: f64 = 8.0;

/// Averages of the newest groups: a time for each group, and a time for its cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceTimes {
    /// Seconds for each group.
    group: f64,
    /// Seconds for each unit of cost.
    cost: f64,
    /// The cost of a full group.
    full_group: f64,
}

impl ServiceTimes {
    /// Returns times of a usual machine, which hold until groups were measured.
    pub(super) fn new(full_group: u64) -> Self {
        Self { group: 0.001, cost: 10e-9, full_group: full_group.max(1) as f64 }
    }

    /// Learns from a group that was committed.
    pub(super) fn learn(&mut self, cost: u64, took: Duration) {
        let took = took.as_secs_f64();
        if cost < SMALL {
            self.group += (took - self.group) / MEMORY;
        } else if cost >= LARGE {
            let for_cost = (took - self.group).max(0.0) / cost as f64;
            self.cost += (for_cost - self.cost) / MEMORY;
        }
    }

    /// Returns the time that a cost takes, in groups of their usual size.
    pub(super) fn of(&self, cost: u64) -> Duration {
        let cost = cost as f64;
        let groups = (cost / self.full_group).ceil();
        Duration::try_from_secs_f64(groups * self.group + cost * self.cost).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_disk_makes_groups_slow_and_not_their_work() {
        let mut times = ServiceTimes::new(2 << 20);
        (0..100).for_each(|_| times.learn(4096, Duration::from_millis(50)));
        (0..100).for_each(|_| times.learn(1 << 20, Duration::from_millis(60)));
        let close = |found: Duration, expected_ms: u64| {
            found.abs_diff(Duration::from_millis(expected_ms)) < Duration::from_millis(5)
        };
        assert!(close(times.of(4096), 50), "{:?}", times.of(4096));
        assert!(close(times.of(8 << 20), 4 * 50 + 8 * 10), "{:?}", times.of(8 << 20));
        assert_eq!(times.of(0), Duration::ZERO);
    }
}
