//! The configuration of the wasmtime engine, with the reason for each setting.
//!
//! The values are measured: with them a fresh sandbox costs about as much as parsing a 2 KB webhook natively. Run
//! `cargo bench -p inlet-sandbox` before and after changing one.

use std::time::Duration;

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures};

const MIB: usize = 1 << 20;
const KIB: usize = 1 << 10;

/// The number and size of sandboxes. Set by the operator, once per process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// Number of sandboxes that can exist at the same time.
    pub max_instances: u32,
    /// Bytes of memory that a sandbox can have. It caps a plugin's own limit ([`crate::Limits::memory`]).
    pub max_memory: usize,
    /// Interval at which the running time of guests is checked.
    pub tick: Duration,
    /// True if calls count their instructions ([`inlet_core::contract::Spent::instructions`]). Costs about two thirds on
    /// hot guest code. The author's tool sets it, because the count is the same in every run.
    pub count_instructions: bool,
    /// The way in which a used sandbox is wiped.
    pub wiping: Wiping,
}

/// The way in which the memory of a used sandbox is wiped before the next call gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wiping {
    /// Asks the kernel which pages were written and wipes those, unless memory can be swapped out when the engine starts: a page
    /// that was swapped out would be overlooked.
    Auto,
    /// Wipes the first part of every memory and returns the rest to the kernel. Each call then pays for the pages that it
    /// touches, and calls on several cores wait for each other.
    Whole,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            max_instances: 64,
            max_memory: 256 * MIB,
            tick: Duration::from_millis(5),
            count_instructions: false,
            wiping: Wiping::Auto,
        }
    }
}

/// A failure to start the engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refuses the configuration, or the address space for the pool is not available.
    #[error(
        "cannot set up {max_instances} sandboxes of up to {max_memory} bytes: {reason}; lower the number of sandboxes or \
         raise the process's address-space limit (ulimit -v)"
    )]
    Pool {
        /// Number of sandboxes configured.
        max_instances: u32,
        /// Bytes of memory of each sandbox.
        max_memory: usize,
        /// wasmtime's message.
        reason: String,
    },
    /// The ticker thread cannot be started.
    #[error("cannot start the thread that interrupts plugins: {0}; raise the process's thread limit (ulimit -u)")]
    Ticker(#[source] std::io::Error),
    /// The thread of long calls cannot be started.
    #[error("cannot start the thread where slow plugins run: {0}; raise the process's thread limit (ulimit -u)")]
    LongCalls(#[source] std::io::Error),
}

impl EngineError {
    pub(crate) fn pool(config: &EngineConfig, error: &wasmtime::Error) -> Self {
        EngineError::Pool {
            max_instances: config.max_instances,
            max_memory: config.max_memory,
            reason: format!("{error:#}"),
        }
    }
}

/// `scan_pages` is true if the kernel may be asked which pages of a used sandbox were written.
pub(super) fn configure(config: &EngineConfig, scan_pages: bool) -> Config {
    let mut engine = Config::new();
    engine
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pooling(config, scan_pages)))
        // Interrupts loops at ticks. Costs about a third on hot guest code; fuel costs twice that.
        .epoch_interruption(true)
        .consume_fuel(config.count_instructions)
        // No plugin uses async components. Without their event loop a call is a plain call on a fiber.
        .concurrency_support(false)
        // Addresses in messages would differ between builds and tell an author nothing.
        .wasm_backtrace_max_frames(None)
        // Data segments start as a copy-on-write image, which makes instantiation cheap.
        .memory_init_cow(true);
    for feature in DISABLED_FEATURES {
        engine.wasm_features(feature, false);
    }
    engine
}

/// Features that no supported toolchain emits. Disabling them leaves less compiler code to trust and fewer sources of
/// nondeterminism. Multiple memories stay enabled: wasmtime's own code copies values between the inner components of a
/// composed component such as QuickJS.
const DISABLED_FEATURES: [WasmFeatures; 7] = [
    WasmFeatures::THREADS,
    WasmFeatures::MEMORY64,
    WasmFeatures::RELAXED_SIMD,
    WasmFeatures::CUSTOM_PAGE_SIZES,
    WasmFeatures::WIDE_ARITHMETIC,
    WasmFeatures::STACK_SWITCHING,
    WasmFeatures::EXCEPTIONS,
];

fn pooling(config: &EngineConfig, scan_pages: bool) -> PoolingAllocationConfig {
    // wit-component makes two or three core instances of one module; a Python component has 38. The number is only a
    // count: no memory is reserved for instances that do not exist, so small plugins pay nothing for large ones.
    const CORE_INSTANCES: u32 = 64;
    const MEMORIES: u32 = 2;
    const TABLES: u32 = 4;

    let instances = config.max_instances.max(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_memories(instances.saturating_mul(MEMORIES))
        .max_memories_per_component(MEMORIES)
        .total_tables(instances.saturating_mul(TABLES))
        .max_tables_per_component(TABLES)
        // Reserves address space only. The store's limiter bounds the memory that a plugin uses.
        .max_memory_size(config.max_memory)
        // A used slot below these sizes is wiped and kept instead of returned to the kernel: the next call has no page
        // faults.
        .linear_memory_keep_resident(MIB)
        .table_keep_resident(64 * KIB)
        .async_stack_keep_resident(64 * KIB)
        // Asks the kernel (6.7 or later) which pages were touched and wipes only those. Without it two threads are
        // slower than one. A page that was written and then swapped out is not found.
        .pagemap_scan(if scan_pages { Enabled::Auto } else { Enabled::No })
        .max_unused_warm_slots(100);
    pool
}
