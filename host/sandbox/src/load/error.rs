//! The reasons why a file is not loaded, one error sentence each.

use wasmparser::BinaryReaderError;

use super::{
    plugin_file::{MANIFEST_SECTION, MAX_PLUGIN_BYTES, MAX_RULES_BYTES, RULES_SECTION},
    signature::SignatureError,
};
use crate::{
    contract::{ContractError, PACKAGE},
    display::format_bytes,
    manifest::ManifestError,
};

/// The reason why a file is not loaded as a plugin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is larger than [`MAX_PLUGIN_BYTES`].
    #[error(
        "the file is larger than {}, the most that a plugin may have; build it for size",
        format_bytes(MAX_PLUGIN_BYTES)
    )]
    TooLarge,
    /// The file is not WebAssembly.
    #[error(
        "the file is not WebAssembly: it begins with {found}; expected a component (0061736d); build it with `inlet plugin \
         build`"
    )]
    NotWasm {
        /// The first bytes, in hexadecimal digits.
        found: String,
    },
    /// The file is a core module, which has no typed interface.
    #[error("the file is a core WebAssembly module; expected a component; pack it with `inlet plugin pack`")]
    CoreModule,
    /// The file begins as a component and cannot be parsed to its end.
    #[error("the file is a damaged component: {reason}; build or download it again")]
    Malformed {
        /// The parser's message.
        reason: String,
    },
    /// The component has no manifest.
    #[error(
        "the component has no manifest (custom section {MANIFEST_SECTION:?}); pack it with `inlet plugin \
         pack` and a plugin.toml"
    )]
    NoManifest,
    /// The component has several manifests.
    #[error("the component has {found} manifests (custom sections {MANIFEST_SECTION:?}); expected one; pack it again")]
    ManyManifests {
        /// Number of manifest sections.
        found: usize,
    },
    /// The component has several sections of rules, or too large ones.
    #[error(
        "the component has {sections} sections of rules ({RULES_SECTION:?}) with {bytes} bytes; expected one with at most \
         {MAX_RULES_BYTES}; build it again with `inlet plugin build`"
    )]
    Rules {
        /// Number of sections.
        sections: usize,
        /// Bytes of all of them.
        bytes: usize,
    },
    /// The manifest is invalid.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The component is signed, and the signature is invalid.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The component's imports or exports do not match the contract.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// The component imports an interface that plugins have no access to.
    #[error(
        "the component imports {name:?}; a plugin may import {PACKAGE}log and the frozen WASI only: no network, no HTTP; build \
         it without (Rust: for wasm32-unknown-unknown; Python: with --stub-wasi)"
    )]
    ForbiddenImport {
        /// The import.
        name: String,
    },
    /// A memory's initial size exceeds the memory of a sandbox.
    #[error(
        "the component begins with {found} of memory; a sandbox has {allowed}; build it with less, or raise the server's \
         max_sandbox_memory",
        found = format_bytes(*wanted),
        allowed = format_bytes(*limit)
    )]
    InitialMemory {
        /// Bytes that the component declares.
        wanted: usize,
        /// Bytes of a sandbox.
        limit: usize,
    },
    /// A table's initial size exceeds the limit.
    #[error(
        "the component begins with a table of {wanted} elements; {limit} are allowed; keep its data in memory and not in \
         tables"
    )]
    InitialTable {
        /// Elements that the component declares.
        wanted: u64,
        /// Elements allowed.
        limit: usize,
    },
    /// The component consists of more parts than a sandbox can hold.
    #[error(
        "the component asks for more than a sandbox has: {reason}; build it as one module with one memory and one table"
    )]
    ComponentSize {
        /// The exceeded limit, as this crate or the pooling allocator words it.
        reason: String,
    },
    /// The compiler refuses the component.
    #[error(
        "the component does not compile: {reason}; build it for plain WebAssembly without threads, SIMD extensions or 64-bit memory"
    )]
    Compile {
        /// The compiler's message.
        reason: String,
    },
}

impl LoadError {
    pub(super) fn malformed(error: BinaryReaderError) -> Self {
        LoadError::Malformed { reason: error.to_string() }
    }
}
