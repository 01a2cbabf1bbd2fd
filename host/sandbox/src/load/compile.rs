//! Compiling components, one at a time, reading their code from the cache, or sharing that of a loaded plugin.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use wasmtime::{Engine, component::Component};

use super::{compilation::Compilation, compiled_cache::CompiledCache, error::LoadError, plugin_file::hex_digest};

/// The compiler of one engine, with its cache.
pub(super) struct Compiler {
    engine: Engine,
    cache: Option<CompiledCache>,
    is_compiling: Mutex<()>,
    /// The code of the plugins that are loaded, by the digest of what it was compiled from.
    in_use: Mutex<HashMap<String, Weak<Component>>>,
}

impl Compiler {
    pub(super) fn new(engine: Engine, cache: Option<CompiledCache>) -> Self {
        Self { engine, cache, is_compiling: Mutex::default(), in_use: Mutex::default() }
    }

    /// Returns the compiled component: that of a loaded plugin, from the cache, or compiled now. `code` is all of which the
    /// compiled code is made.
    pub(super) fn compile(&self, code: &[u8]) -> Result<(Arc<Component>, Compilation), LoadError> {
        let digest = hex_digest(code);
        if let Some(found) = self.find(&digest) {
            return Ok(found);
        }
        // One at a time: the compiler uses every core by itself, and requests come first.
        let _lock = self.is_compiling.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have compiled the same component while this one waited.
        if let Some(found) = self.find(&digest) {
            return Ok(found);
        }
        let component =
            Component::from_binary(&self.engine, code).map_err(|error| compile_error(format!("{error:#}")))?;
        let compilation = match &self.cache {
            Some(cache) => cache.put(&self.engine, &digest, &component),
            None => Compilation::Compiled,
        };
        Ok((self.share(digest, component), compilation))
    }

    /// Returns the code of a loaded plugin, or reads it from the cache.
    fn find(&self, digest: &str) -> Option<(Arc<Component>, Compilation)> {
        let in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner).get(digest).and_then(Weak::upgrade);
        if let Some(shared) = in_use {
            return Some((shared, Compilation::Shared));
        }
        let component = self.cache.as_ref()?.get(&self.engine, digest)?;
        Some((self.share(digest.to_owned(), component), Compilation::Cached))
    }

    /// Lets later loads use a component, until no plugin does any more. Returns the one that another thread shared first.
    fn share(&self, digest: String, component: Component) -> Arc<Component> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = in_use.get(&digest).and_then(Weak::upgrade) {
            return first;
        }
        in_use.retain(|_, component| component.strong_count() > 0);
        let component = Arc::new(component);
        in_use.insert(digest, Arc::downgrade(&component));
        component
    }
}

/// Separates the pooling allocator's refusals from the compiler's. Both have one type and differ in their words only; a
/// test fails if the words change.
fn compile_error(reason: String) -> LoadError {
    if reason.contains("exceeds the") { LoadError::ComponentSize { reason } } else { LoadError::Compile { reason } }
}
