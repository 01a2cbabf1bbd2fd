//! The health of a target, as the dispatcher of deliveries knows it since the process started.

/// The health of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetHealth {
    /// The last attempt that said something about the target succeeded.
    Works {
        /// The time of it, in milliseconds since 1970.
        at_ms: i64,
    },
    /// It fails on everything, and is only probed.
    Fails {
        /// The time since when, in milliseconds since 1970.
        since_ms: i64,
        /// The failures since then.
        failures: u32,
        /// The share of the time after which it is disabled, in percent: 50, 70 or 90 once it has been warned of; else 0.
        percent: u8,
        /// The time at which the last of `failures` or `percent` became worth telling, in milliseconds since 1970.
        told_ms: i64,
    },
}
