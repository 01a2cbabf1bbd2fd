//! Idempotency: an action that succeeded is never carried out again for the same key within its window.
//!
//! Source of the rules: semantics.md §4. A record names the executions with one key in one source environment and the
//! mappings that succeeded in each; it is written in the same transaction as what they did.

mod encoding;
mod key;
mod record;

use uuid::Uuid;

pub use key::{HashKey, KeyReading, MAX_KEY_CHARS, RecordId, ScopedKey, fingerprint, read_composed_key, read_key};
pub use record::{Execution, Precedent, Record};

/// The mapping id under which the built-in identify of an `identify` event is recorded.
pub const BUILT_IN_IDENTIFY: Uuid = Uuid::nil();
