//! The sandbox: loads plugins and gives them instances to run in.

use std::sync::Arc;

use crate::{
    load::{Code, CompiledCache, Contract, LoadError, Loader},
    plugin::Plugin,
    plugin_code::PluginCode,
    run::{EngineConfig, EngineError, SwapPossible, pool::Pool},
};

/// The engine that every plugin of a process runs in. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Arc<Pool>,
    loader: Loader,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Reserves the pool and starts the threads of ticks and of long calls.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        Self::start(&config, None)
    }

    /// Same as [`Sandbox::new`], with a cache of compiled plugins.
    pub fn with_cache(config: EngineConfig, cache: CompiledCache) -> Result<Self, EngineError> {
        Self::start(&config, Some(cache))
    }

    fn start(config: &EngineConfig, cache: Option<CompiledCache>) -> Result<Self, EngineError> {
        let pool = Pool::start(config)?;
        let loader = Loader::new(pool.engine.clone(), pool.max_memory, cache)
            .map_err(|error| EngineError::pool(config, &error))?;
        Ok(Self { inner: Arc::new(Inner { pool: Arc::new(pool), loader }) })
    }

    /// Returns the reason why sandboxes are wiped without a scan of their pages, if memory could be swapped out when the
    /// engine started.
    pub fn swap(&self) -> Option<&SwapPossible> {
        self.inner.pool.swap.as_ref()
    }

    /// Checks a plugin and compiles it. A large plugin takes seconds of processor time: call this from `spawn_blocking`,
    /// never from a task.
    pub fn load(&self, wasm: &[u8]) -> Result<Plugin, LoadError> {
        let loaded = self.inner.loader.check(wasm)?;
        let code = self.compile(&loaded.contract(), wasm)?;
        Ok(Plugin::new(Arc::clone(&self.inner.pool), loaded, PluginCode::compiled(code)))
    }

    /// Same as [`Sandbox::load`], but the plugin is compiled when it is first called. For plugins that are trusted to compile, and
    /// large: most servers have many that no source of theirs uses.
    pub fn load_when_called(&self, wasm: &'static [u8]) -> Result<Plugin, LoadError> {
        let loaded = self.inner.loader.check(wasm)?;
        let code = PluginCode::when_called(self.clone(), wasm);
        Ok(Plugin::new(Arc::clone(&self.inner.pool), loaded, code))
    }

    /// Compiles a checked plugin.
    pub(crate) fn compile(&self, contract: &Contract, wasm: &[u8]) -> Result<Code, LoadError> {
        self.inner.loader.compile(contract, wasm)
    }
}
