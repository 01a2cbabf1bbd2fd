//! Generations of idempotency records, where several servers write.

/// The size of the newest generation from which the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenerationSize {
    /// The number of records; from 65,536 on they are estimated. It grows by as many for every 32 generations, because a look-up
    /// asks the filter of each.
    pub records: u64,
    /// The age from which it ends with any record, in milliseconds.
    pub age_ms: i64,
}

/// A generation to which no record is added any more, with what finds its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedGeneration {
    pub(crate) number: i64,
    /// The time at which most of its records have expired, in milliseconds since 1970.
    pub(crate) mostly_until_ms: i64,
    /// Says which hashes are not in it.
    pub(crate) filter: Vec<u8>,
}
