//! The limits of a store's memories and tables.

use wasmtime::ResourceLimiter;

/// Elements that a table can have. A function table of a real plugin has hundreds.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 20_000;

/// The bytes of all linear memories of a store. Memories never shrink, so the current use is also the peak.
pub(crate) struct Memory {
    used: usize,
    limit: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

/// The guest asked for more memory than its limit.
#[derive(Debug, thiserror::Error)]
#[error("{wanted} bytes of memory asked for, {limit} allowed")]
pub(crate) struct MemoryExceeded {
    pub(crate) wanted: usize,
    pub(crate) limit: usize,
}

/// The guest asked for a larger table than its limit.
#[derive(Debug, thiserror::Error)]
#[error("{wanted} elements of a table asked for, {limit} allowed")]
pub(crate) struct TableExceeded {
    pub(crate) wanted: usize,
    pub(crate) limit: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.used.saturating_add(desired.saturating_sub(current));
        if wanted > self.limit {
            // `Ok(false)` would make most guests crash without a reason. An error names the limit in the event log.
            return Err(MemoryExceeded { wanted, limit: self.limit }.into());
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.used = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > MAX_TABLE_ELEMENTS {
            return Err(TableExceeded { wanted: desired, limit: MAX_TABLE_ELEMENTS }.into());
        }
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together() {
        let mut memory = Memory::new(100);
        assert!(memory.memory_growing(0, 60, None).unwrap());
        assert!(!memory.memory_growing(0, 30, Some(20)).unwrap(), "its own maximum is a refusal, as in wasmtime");
        assert!(memory.memory_growing(0, 40, None).unwrap());
        assert_eq!(
            memory.memory_growing(60, 61, None).unwrap_err().to_string(),
            "101 bytes of memory asked for, 100 allowed"
        );
        assert_eq!(memory.used(), 100);
    }
}
