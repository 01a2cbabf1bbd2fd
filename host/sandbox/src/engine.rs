//! The one engine of the process, and why each of its knobs stands where it does.
//!
//! The numbers are measured: with them a fresh sandbox costs about as much as parsing a 2 KB webhook natively. Change
//! one and run `cargo bench -p inlet-sandbox` before and after.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures, component::Linker,
};

use crate::{
    compiled::CompiledCache,
    contract,
    load::{self, LoadError},
    plugin::Plugin,
    slow::SlowLane,
    state::State,
    ticker::Ticker,
};

const MIB: usize = 1 << 20;
const KIB: usize = 1 << 10;

/// How many sandboxes there are, and how large one may get. Set by the operator, once per process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// Sandboxes that can exist at the same time.
    pub max_instances: u32,
    /// Bytes of memory that a sandbox may have at most; a plugin's own limit ([`crate::Limits::memory`]) is below it.
    pub max_memory: usize,
    /// How often a running plugin gives way to other tasks.
    pub tick: Duration,
    /// Whether a call counts its instructions ([`inlet_core::contract::Spent::instructions`]). Costs about two thirds on hot
    /// guest code: for the author's tool, where a count that is the same every time is the point.
    pub count_instructions: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { max_instances: 64, max_memory: 256 * MIB, tick: Duration::from_millis(5), count_instructions: false }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refuses the configuration, or the address space for the pool is not to be had.
    #[error(
        "cannot set up {max_instances} sandboxes of up to {max_memory} bytes: {reason}; lower the number of sandboxes or \
         raise the process's address-space limit (ulimit -v)"
    )]
    Pool {
        /// Sandboxes asked for.
        max_instances: u32,
        /// Bytes of memory of each.
        max_memory: usize,
        /// wasmtime's words.
        reason: String,
    },
    /// The thread that ends loops cannot be started.
    #[error("cannot start the thread that interrupts plugins: {0}; raise the process's thread limit (ulimit -u)")]
    Ticker(#[source] std::io::Error),
    /// The thread of slow calls cannot be started.
    #[error("cannot start the thread where slow plugins run: {0}; raise the process's thread limit (ulimit -u)")]
    SlowLane(#[source] std::io::Error),
}

/// The engine that every plugin of this process runs in. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State>,
    // A plugin's own limit cannot be above it: the pool has no room for more.
    pub(crate) max_memory: usize,
    pub(crate) counts: bool,
    pub(crate) cache: Option<CompiledCache>,
    pub(crate) compiling: Mutex<()>,
    pub(crate) slow: SlowLane,
    // Stops when the last clone goes.
    _ticker: Ticker,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Reserves the pool and starts the ticker and the thread of slow calls.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        Self::start(config, None)
    }

    /// The same; what is compiled is kept, and read again the next time.
    pub fn with_cache(config: EngineConfig, cache: CompiledCache) -> Result<Self, EngineError> {
        Self::start(config, Some(cache))
    }

    fn start(config: EngineConfig, cache: Option<CompiledCache>) -> Result<Self, EngineError> {
        let pool = |error: wasmtime::Error| EngineError::Pool {
            max_instances: config.max_instances,
            max_memory: config.max_memory,
            reason: format!("{error:#}"),
        };
        let engine = Engine::new(&configure(&config)).map_err(pool)?;
        let linker = contract::linker(&engine).map_err(pool)?;
        let ticker = Ticker::start(&engine, config.tick).map_err(EngineError::Ticker)?;
        let slow = SlowLane::start().map_err(EngineError::SlowLane)?;
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                linker,
                max_memory: config.max_memory,
                counts: config.count_instructions,
                cache,
                compiling: Mutex::new(()),
                slow,
                _ticker: ticker,
            }),
        })
    }

    /// Looks a plugin over and compiles it. Takes seconds of processor time for a large one: call it from
    /// `spawn_blocking`, never from a task.
    pub fn load(&self, wasm: &[u8]) -> Result<Plugin, LoadError> {
        load::load(&self.inner, wasm)
    }
}

fn configure(config: &EngineConfig) -> Config {
    let mut engine = Config::new();
    engine
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)))
        // A loop is interrupted at a tick. Costs about a third on hot guest code; fuel costs twice that.
        .epoch_interruption(true)
        .consume_fuel(config.count_instructions)
        // The event loop of async components: no plugin has one, and without it a call is a plain call on a fiber.
        .concurrency_support(false)
        // Addresses in our messages would differ from build to build and tell an author nothing.
        .wasm_backtrace_max_frames(None)
        // Starting from a copy-on-write image of the data segments is what makes instantiation cheap.
        .memory_init_cow(true);
    for feature in UNUSED {
        engine.wasm_features(feature, false);
    }
    engine
}

/// What no supported toolchain emits: less to trust in the compiler and less to keep deterministic. Several memories are not among
/// it: where a component is made of components (QuickJS), wasmtime's own code between them moves values from one to another.
const UNUSED: [WasmFeatures; 7] = [
    WasmFeatures::THREADS,
    WasmFeatures::MEMORY64,
    WasmFeatures::RELAXED_SIMD,
    WasmFeatures::CUSTOM_PAGE_SIZES,
    WasmFeatures::WIDE_ARITHMETIC,
    WasmFeatures::STACK_SWITCHING,
    WasmFeatures::EXCEPTIONS,
];

fn pool(config: &EngineConfig) -> PoolingAllocationConfig {
    // wit-component makes two or three core instances of one module; Python is a program of many, 38. Only counted: nothing is
    // set aside for an instance that is not there, so that room for large plugins costs the small ones nothing.
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
        // Address space only; what a plugin may touch is its store's limit.
        .max_memory_size(config.max_memory)
        // Below these sizes a used slot is wiped and kept instead of given back to the kernel: no page faults next time.
        .linear_memory_keep_resident(MIB)
        .table_keep_resident(64 * KIB)
        .async_stack_keep_resident(64 * KIB)
        // Asks the kernel (6.7 or later) which pages were touched and wipes only those. Without it two threads are
        // slower than one.
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(100);
    pool
}
