//! The steps of loading a plugin.

use std::sync::Arc;

use wasmtime::{
    Engine,
    component::{Component, Linker},
};

use super::{
    code::code_of,
    compilation::Compilation,
    compile::Compiler,
    compiled_cache::CompiledCache,
    component_size,
    error::LoadError,
    initial_size,
    outline::{Outline, outline},
    plugin_file::{MAX_PLUGIN_BYTES, digest},
    signature::{PublisherKey, publisher_key},
};
use crate::{
    contract::{self, Adapter, ContractError, RULES_IMPORT, exported_version, is_contract_import},
    display::shorten,
    manifest::Manifest,
    run::state::State,
    wasi,
};

/// Loads plugins into one engine.
pub(crate) struct Loader {
    compiler: Compiler,
    linker: Linker<State>,
    max_memory: usize,
}

/// A checked and compiled plugin.
pub(crate) struct LoadedPlugin {
    pub(crate) manifest: Manifest,
    /// `sha256:` and the hexadecimal digest of the file.
    pub(crate) digest: String,
    pub(crate) publisher_key: Option<PublisherKey>,
    pub(crate) compilation: Compilation,
    pub(crate) adapter: Adapter,
    /// The rules of a plugin without code; empty for another one.
    pub(crate) rules: Arc<[u8]>,
    /// The compiled component, which plugins with the same code share.
    pub(crate) code: Arc<Component>,
}

impl Loader {
    /// Creates a loader for sandboxes with `max_memory` bytes. Compiled code is kept in `cache`, if there is one.
    pub(crate) fn new(engine: Engine, max_memory: usize, cache: Option<CompiledCache>) -> wasmtime::Result<Self> {
        let linker = contract::linker(&engine)?;
        Ok(Self { compiler: Compiler::new(engine, cache), linker, max_memory })
    }

    /// Checks a file and compiles it.
    pub(crate) fn load(&self, wasm: &[u8]) -> Result<LoadedPlugin, LoadError> {
        check_file_size(wasm)?;
        let outline = outline(wasm)?;
        let manifest = Manifest::from_json(outline.manifest)?;
        let (family, version) = exported_version(&outline.exports, &manifest.contract)?;
        check_imports(&outline)?;
        initial_size::check(wasm, self.max_memory)?;
        component_size::check(wasm)?;
        let publisher_key = publisher_key(wasm)?;
        let (code, compilation) = self.compiler.compile(&code_of(wasm).map_err(LoadError::malformed)?)?;
        let mut linker = self.linker.clone();
        wasi::link(&mut linker, &code).map_err(|error| ContractError::imports(&version, &error))?;
        let adapter = Adapter::new(&linker, &code, family, &version)?;
        let (digest, rules) = (digest(wasm), Arc::from(outline.rules));
        Ok(LoadedPlugin { manifest, digest, publisher_key, compilation, adapter, rules, code })
    }
}

/// Reads a component's manifest without compiling or running anything. [`crate::Sandbox::load`] checks more.
pub fn read_manifest(wasm: &[u8]) -> Result<Manifest, LoadError> {
    check_file_size(wasm)?;
    Ok(Manifest::from_json(outline(wasm)?.manifest)?)
}

fn check_file_size(wasm: &[u8]) -> Result<(), LoadError> {
    if wasm.len() > MAX_PLUGIN_BYTES { Err(LoadError::TooLarge) } else { Ok(()) }
}

/// Refuses every import but the contract's own, the rules of the file itself, and the frozen WASI. There are no permissions to grant.
fn check_imports(outline: &Outline<'_>) -> Result<(), LoadError> {
    let is_allowed = |name: &str| is_contract_import(name) || name == RULES_IMPORT || wasi::interface(name).is_some();
    match outline.imports.iter().find(|name| !is_allowed(name)) {
        Some(name) => Err(LoadError::ForbiddenImport { name: shorten(name) }),
        None => Ok(()),
    }
}
