//! The initial sizes of a component's memories and tables, checked before compilation.
//!
//! The pooling allocator would refuse them too, with a message for its own users.

use wasmparser::{Parser, Payload};

use super::error::LoadError;
use crate::run::state::memory::MAX_TABLE_ELEMENTS;

const PAGE: u64 = 64 << 10;

/// Refuses a component with a memory or table whose initial size does not fit into a sandbox.
pub(super) fn check(wasm: &[u8], max_memory: usize) -> Result<(), LoadError> {
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(LoadError::malformed)? {
            Payload::MemorySection(memories) => {
                for memory in memories {
                    let wanted = memory.map_err(LoadError::malformed)?.initial.saturating_mul(PAGE);
                    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
                    if wanted > max_memory {
                        return Err(LoadError::InitialMemory { wanted, limit: max_memory });
                    }
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    let wanted = table.map_err(LoadError::malformed)?.ty.initial;
                    if wanted > MAX_TABLE_ELEMENTS as u64 {
                        return Err(LoadError::InitialTable { wanted, limit: MAX_TABLE_ELEMENTS });
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}
