//! The most that rules may hold. Without them, the cost of a request would have no bound.

/// Batches within batches.
pub const BATCH_LEVELS: usize = 4;
/// The levels that `up:` reaches.
pub const UP_LEVELS: usize = 3;
/// Alternatives of one value.
pub const ALTERNATIVES: usize = 16;
/// Parts of one template, texts included.
pub const PARTS: usize = 16;
/// Conditions that must hold together.
pub const CONDITIONS: usize = 8;
/// Values that one condition compares with.
pub const COMPARED: usize = 64;
/// Rules of each of `ignore` and `reject`.
pub const VERDICTS: usize = 64;
/// Overrides.
pub const EVENTS: usize = 128;
/// Members of assembled data.
pub const MEMBERS: usize = 64;
/// Members that all pointers of one scope lead through, and different headers or query parameters.
pub const STEPS: usize = 250;
/// Reference tokens of one pointer.
pub const DEPTH: usize = 16;
/// Bytes of one text: a pointer, a name, a compared value, a message.
pub const TEXT_BYTES: usize = 512;
