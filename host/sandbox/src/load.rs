//! Loading: what is refused, and in which order.
//!
//! Everything that can be known without compiling is known before: the manifest is data, the contract version is in the
//! names of the exports, and what a plugin wants to reach is in its imports.

use std::sync::{Arc, PoisonError};

use semver::Version;
use sha2::{Digest, Sha256};
use wasmparser::{BinaryReaderError, Parser, Payload};
use wasmtime::component::Component;

use crate::{
    binary::{self, MANIFEST_SECTION, Outline},
    compiled::Compilation,
    contract::{Adapter, Family, KNOWN, PACKAGE},
    engine::Inner,
    limits::{bytes, shortened},
    manifest::{Manifest, ManifestError},
    parts,
    plugin::{Loaded, Plugin},
    signature::{SignatureError, publisher_key},
    state::MAX_TABLE_ELEMENTS,
    wasi,
};

/// The largest file that is looked at. SpiderMonkey takes 12 MB, Python 18.
pub const MAX_PLUGIN_BYTES: usize = 64 << 20;

/// Why a file is not taken as a plugin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is larger than [`MAX_PLUGIN_BYTES`].
    #[error("the file is larger than {}, the most that a plugin may have; build it for size", bytes(MAX_PLUGIN_BYTES))]
    TooLarge,
    /// It is not WebAssembly.
    #[error(
        "the file is not WebAssembly: it begins with {found}; expected a component (0061736d); build it with `inlet plugin \
         build`"
    )]
    NotWasm {
        /// The first bytes.
        found: String,
    },
    /// It is WebAssembly, of the kind that has no types.
    #[error("the file is a core WebAssembly module; expected a component; pack it with `inlet plugin pack`")]
    CoreModule,
    /// It begins as a component and goes on as something else.
    #[error("the file is a damaged component: {reason}; build or download it again")]
    Malformed {
        /// The parser's words.
        reason: String,
    },
    /// It says nothing about itself.
    #[error(
        "the component has no manifest (custom section {MANIFEST_SECTION:?}); pack it with `inlet plugin \
         pack` and a plugin.toml"
    )]
    NoManifest,
    /// It says several things about itself.
    #[error("the component has {found} manifests (custom sections {MANIFEST_SECTION:?}); expected one; pack it again")]
    ManyManifests {
        /// Sections found.
        found: usize,
    },
    /// What it says is not acceptable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// It is signed, and the signature is not right.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It wants to reach more than a plugin may.
    #[error(
        "the component imports {name:?}; a plugin may import {PACKAGE}log and the frozen WASI only: no network, no HTTP; build \
         it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)"
    )]
    ForbiddenImport {
        /// The import.
        name: String,
    },
    /// It was built against a contract version that this host does not know.
    #[error("the component exports {found:?}; this Inlet knows contract {KNOWN}; use a newer Inlet or an older plugin")]
    UnknownContract {
        /// The export.
        found: String,
    },
    /// It exports nothing that could be called.
    #[error("the component does not export {expected:?}; export it, as the world {PACKAGE}source says")]
    NoExport {
        /// The export looked for.
        expected: String,
    },
    /// The manifest speaks of one contract version and the code of another.
    #[error(
        "the manifest says contract {manifest} and the component exports {found:?}; pack it again with the SDK it was built with"
    )]
    ContractMismatch {
        /// In the manifest.
        manifest: String,
        /// The export.
        found: String,
    },
    /// An export has the right name and the wrong type.
    #[error("the component's export {export:?} is not what contract {KNOWN} says: {reason}; build it against wit/v0.1")]
    ExportShape {
        /// The function.
        export: String,
        /// The first difference.
        reason: String,
    },
    /// An import has the right name and the wrong type.
    #[error(
        "the component's imports are not what contract {KNOWN} and WASI 0.2 say: {reason}; build it against wit/v0.1"
    )]
    Imports {
        /// The first difference.
        reason: String,
    },
    /// It begins with more memory than a sandbox has.
    #[error(
        "the component begins with {found} of memory; a sandbox has {allowed}; build it with less, or raise the server's \
         max_sandbox_memory",
        found = bytes(*wanted),
        allowed = bytes(*limit)
    )]
    Memory {
        /// Bytes that it declares.
        wanted: usize,
        /// Bytes that a sandbox has.
        limit: usize,
    },
    /// It begins with a larger table than a sandbox has.
    #[error(
        "the component begins with a table of {wanted} elements; {limit} are allowed; keep its data in memory and not in \
         tables"
    )]
    Table {
        /// Elements that it declares.
        wanted: u64,
        /// Elements allowed.
        limit: usize,
    },
    /// It has more parts than a sandbox has room for.
    #[error(
        "the component asks for more than a sandbox has: {reason}; build it as one module with one memory and one table"
    )]
    Parts {
        /// What there is too much of, in our words or the pool's.
        reason: String,
    },
    /// The compiler refuses it.
    #[error(
        "the component does not compile: {reason}; build it for plain WebAssembly without threads, SIMD extensions or 64-bit memory"
    )]
    Compile {
        /// The compiler's words.
        reason: String,
    },
}

/// What a component says about itself, of which nothing is compiled or run. [`crate::Sandbox::load`] checks more.
pub fn read_manifest(wasm: &[u8]) -> Result<Manifest, LoadError> {
    if wasm.len() > MAX_PLUGIN_BYTES {
        return Err(LoadError::TooLarge);
    }
    Ok(Manifest::from_json(binary::outline(wasm)?.manifest)?)
}

pub(crate) fn load(sandbox: &Arc<Inner>, wasm: &[u8]) -> Result<Plugin, LoadError> {
    if wasm.len() > MAX_PLUGIN_BYTES {
        return Err(LoadError::TooLarge);
    }
    let outline = binary::outline(wasm)?;
    let manifest = Manifest::from_json(outline.manifest)?;
    let (family, version) = contract_version(&manifest, &outline)?;
    check_imports(&outline)?;
    check_sizes(wasm, sandbox.max_memory)?;
    parts::check(wasm)?;
    let publisher_key = publisher_key(wasm)?;
    let digest = hex::encode(Sha256::digest(wasm));
    let (component, compilation) = compiled(sandbox, &digest, wasm)?;
    let mut linker = sandbox.linker.clone();
    wasi::link(&mut linker, &component).map_err(|error| LoadError::Imports { reason: format!("{error:#}") })?;
    let adapter = Adapter::new(&linker, &component, family, &version)?;
    let digest = named(&digest);
    Ok(Plugin::new(Loaded { sandbox: Arc::clone(sandbox), manifest, digest, publisher_key, compilation, adapter }))
}

/// What a file is known by.
pub(crate) fn digest(wasm: &[u8]) -> String {
    named(&hex::encode(Sha256::digest(wasm)))
}

fn named(digest: &str) -> String {
    format!("sha256:{digest}")
}

/// The version check: which of the component's exports is a translator that this host knows.
fn contract_version(manifest: &Manifest, outline: &Outline<'_>) -> Result<(Family, Version), LoadError> {
    let translator = format!("{PACKAGE}translator@");
    let expected = format!("{translator}{}", manifest.contract);
    let exported = outline.exports.iter().find_map(|name| Some((*name, name.strip_prefix(&translator)?)));
    let Some((found, version)) = exported else { return Err(LoadError::NoExport { expected }) };
    let unknown = || LoadError::UnknownContract { found: shortened(found) };
    let version = Version::parse(version).map_err(|_| unknown())?;
    let family = Family::of(&version).ok_or_else(unknown)?;
    if found != expected {
        return Err(LoadError::ContractMismatch { manifest: manifest.contract.clone(), found: shortened(found) });
    }
    Ok((family, version))
}

/// No grants. `types` has nothing but types in it, and the frozen WASI nothing behind it.
fn check_imports(outline: &Outline<'_>) -> Result<(), LoadError> {
    let allowed = |name: &str| {
        ["log@", "types@"].iter().any(|interface| {
            let version = name.strip_prefix(PACKAGE).and_then(|name| name.strip_prefix(interface));
            version
                .and_then(|version| Version::parse(version).ok())
                .is_some_and(|version| Family::of(&version).is_some())
        })
    };
    match outline.imports.iter().find(|name| !allowed(name) && wasi::interface(name).is_none()) {
        Some(name) => Err(LoadError::ForbiddenImport { name: shortened(name) }),
        None => Ok(()),
    }
}

/// From the cache, if there is one and it has it.
fn compiled(sandbox: &Inner, digest: &str, wasm: &[u8]) -> Result<(Component, Compilation), LoadError> {
    let cached = || sandbox.cache.as_ref().and_then(|cache| cache.get(&sandbox.engine, digest));
    if let Some(component) = cached() {
        return Ok((component, Compilation::Cached));
    }
    // One at a time: the compiler uses every core by itself, and serving goes first.
    let _turn = sandbox.compiling.lock().unwrap_or_else(PoisonError::into_inner);
    // Who waited may have waited for this very one.
    if let Some(component) = cached() {
        return Ok((component, Compilation::Cached));
    }
    let component = Component::from_binary(&sandbox.engine, wasm).map_err(|error| refused(format!("{error:#}")))?;
    let compilation = match &sandbox.cache {
        Some(cache) => cache.put(&sandbox.engine, digest, &component),
        None => Compilation::Compiled,
    };
    Ok((component, compilation))
}

/// What the modules inside begin with has room in a sandbox. The pool would refuse it too, in words for its own authors.
fn check_sizes(wasm: &[u8], max_memory: usize) -> Result<(), LoadError> {
    const PAGE: u64 = 64 << 10;

    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(malformed)? {
            Payload::MemorySection(memories) => {
                for memory in memories {
                    let wanted = memory.map_err(malformed)?.initial.saturating_mul(PAGE);
                    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
                    if wanted > max_memory {
                        return Err(LoadError::Memory { wanted, limit: max_memory });
                    }
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    let wanted = table.map_err(malformed)?.ty.initial;
                    if wanted > MAX_TABLE_ELEMENTS as u64 {
                        return Err(LoadError::Table { wanted, limit: MAX_TABLE_ELEMENTS });
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn malformed(error: BinaryReaderError) -> LoadError {
    LoadError::Malformed { reason: error.to_string() }
}

/// The pool's refusals are the compiler's errors: only their words tell them apart. A test fails when those change.
fn refused(reason: String) -> LoadError {
    if reason.contains("exceeds the") { LoadError::Parts { reason } } else { LoadError::Compile { reason } }
}
