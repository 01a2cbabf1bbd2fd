//! Counts of events and times of stages, for charts.

use inlet_core::log::Outcome;

/// The seconds that a fine row stands for.
pub const FINE_STEP_S: i64 = 60;
/// The seconds that a coarse row stands for.
pub const COARSE_STEP_S: i64 = 3600;
/// The time for which fine rows are kept, in seconds.
pub const FINE_KEPT_S: i64 = 2 * 86_400;

/// The thing that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Events with this outcome.
    Outcome(Outcome),
    /// Requests that verification refused.
    Refused,
    /// Requests that spent a time of this bucket in this stage. Whoever counts gives both numbers their meaning.
    Stage {
        /// The stage.
        stage: u8,
        /// The bucket, below 64.
        bucket: u8,
    },
}

/// A count to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatisticsCount {
    /// The source environment.
    pub source_environment_id: i64,
    /// The thing that is counted.
    pub measure: Measure,
    /// The number to add.
    pub count: u64,
}

/// A stored count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatisticsRow {
    /// The source environment.
    pub source_environment_id: i64,
    /// The begin of the step, in seconds since 1970.
    pub at_s: i64,
    /// The thing that is counted.
    pub measure: Measure,
    /// The number.
    pub count: u64,
}

/// A range of time in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatisticsRange {
    /// The begin, in seconds since 1970; a multiple of the step.
    pub from_s: i64,
    /// The end, in seconds since 1970, which does not belong to it.
    pub to_s: i64,
    /// The step, in seconds: a multiple of [`FINE_STEP_S`]. One of [`COARSE_STEP_S`] reads the coarse rows.
    pub step_s: i64,
}
