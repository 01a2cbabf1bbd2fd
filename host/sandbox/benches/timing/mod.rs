//! Measurements that other programs on the machine disturb little.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Returns the processor time used by this thread.
pub fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Returns the microseconds of processor time per call of each closure: medians of interleaved rounds.
pub fn interleaved<const N: usize>(mut calls: [&mut dyn FnMut(); N]) -> [f64; N] {
    const ROUNDS: usize = 31;
    const CALLS: u32 = 300;
    let mut rounds = [(); N].map(|()| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (call, times) in calls.iter_mut().zip(&mut rounds) {
            let start = used();
            (0..CALLS).for_each(|_| call());
            times.push((used() - start).as_secs_f64() * 1e6 / f64::from(CALLS));
        }
    }
    rounds.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    })
}
