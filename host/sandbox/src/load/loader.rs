//! The steps of loading a plugin.

use std::sync::Arc;

use semver::Version;
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
    contract::{
        self, Adapter, ContractError, RULES_IMPORT, VersionFamily, exported_version, exports_answerer,
        is_contract_import,
    },
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

/// A checked plugin, compiled or to be compiled.
pub(crate) struct LoadedPlugin {
    pub(crate) manifest: Manifest,
    /// `sha256:` and the hexadecimal digest of the file.
    pub(crate) digest: String,
    pub(crate) publisher_key: Option<PublisherKey>,
    /// True if it exports an answerer.
    pub(crate) answers: bool,
    /// The rules of a plugin without code; empty for another one.
    pub(crate) rules: Arc<[u8]>,
    contract: Contract,
}

/// The version of the contract for which a plugin was built.
#[derive(Debug, Clone)]
pub(crate) struct Contract {
    family: VersionFamily,
    version: Version,
}

impl LoadedPlugin {
    /// Returns the version of the contract, with which it is compiled.
    pub(crate) fn contract(&self) -> Contract {
        self.contract.clone()
    }
}

/// The native code of a plugin.
pub(crate) struct Code {
    pub(crate) compilation: Compilation,
    pub(crate) adapter: Adapter,
    /// The compiled component, which plugins with the same code share.
    pub(crate) component: Arc<Component>,
}

impl Loader {
    /// Creates a loader for sandboxes with `max_memory` bytes. Compiled code is kept in `cache`, if there is one.
    pub(crate) fn new(engine: Engine, max_memory: usize, cache: Option<CompiledCache>) -> wasmtime::Result<Self> {
        let linker = contract::linker(&engine)?;
        Ok(Self { compiler: Compiler::new(engine, cache), linker, max_memory })
    }

    /// Checks a file as far as that needs no compilation.
    pub(crate) fn check(&self, wasm: &[u8]) -> Result<LoadedPlugin, LoadError> {
        check_file_size(wasm)?;
        let outline = outline(wasm)?;
        let manifest = Manifest::from_json(outline.manifest)?;
        let (family, version) = exported_version(&outline.exports, &manifest.contract)?;
        check_imports(&outline)?;
        initial_size::check(wasm, self.max_memory)?;
        component_size::check(wasm)?;
        let publisher_key = publisher_key(wasm)?;
        let answers = exports_answerer(&outline.exports, &version);
        let (digest, rules) = (digest(wasm), Arc::from(outline.rules));
        Ok(LoadedPlugin { manifest, digest, publisher_key, answers, rules, contract: Contract { family, version } })
    }

    /// Compiles a checked file, reads its code from the cache, or shares that of another plugin.
    pub(crate) fn compile(&self, contract: &Contract, wasm: &[u8]) -> Result<Code, LoadError> {
        let (component, compilation) = self.compiler.compile(&code_of(wasm).map_err(LoadError::malformed)?)?;
        let mut linker = self.linker.clone();
        wasi::link(&mut linker, &component).map_err(|error| ContractError::imports(&contract.version, &error))?;
        let adapter = Adapter::new(&linker, &component, contract.family, &contract.version)?;
        Ok(Code { compilation, adapter, component })
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
