//! Compiling components, one at a time, or reading their code from the cache.

use std::sync::{Mutex, PoisonError};

use wasmtime::{Engine, component::Component};

use super::{compilation::Compilation, compiled_cache::CompiledCache, error::LoadError};

/// The compiler of one engine, with its cache.
pub(super) struct Compiler {
    engine: Engine,
    cache: Option<CompiledCache>,
    is_compiling: Mutex<()>,
}

impl Compiler {
    pub(super) fn new(engine: Engine, cache: Option<CompiledCache>) -> Self {
        Self { engine, cache, is_compiling: Mutex::new(()) }
    }

    /// Returns the component from the cache, or compiles it. `digest` is the hexadecimal SHA-256 of `wasm`.
    pub(super) fn compile(&self, digest: &str, wasm: &[u8]) -> Result<(Component, Compilation), LoadError> {
        if let Some(component) = self.cached(digest) {
            return Ok((component, Compilation::Cached));
        }
        // One at a time: the compiler uses every core by itself, and requests come first.
        let _lock = self.is_compiling.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have compiled the same component while this one waited.
        if let Some(component) = self.cached(digest) {
            return Ok((component, Compilation::Cached));
        }
        let component =
            Component::from_binary(&self.engine, wasm).map_err(|error| compile_error(format!("{error:#}")))?;
        let compilation = match &self.cache {
            Some(cache) => cache.put(&self.engine, digest, &component),
            None => Compilation::Compiled,
        };
        Ok((component, compilation))
    }

    fn cached(&self, digest: &str) -> Option<Component> {
        self.cache.as_ref()?.get(&self.engine, digest)
    }
}

/// Separates the pooling allocator's refusals from the compiler's. Both have one type and differ in their words only; a
/// test fails if the words change.
fn compile_error(reason: String) -> LoadError {
    if reason.contains("exceeds the") { LoadError::ComponentSize { reason } } else { LoadError::Compile { reason } }
}
