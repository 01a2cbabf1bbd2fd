//! Loading: from the bytes of a `.wasm` file to a compiled plugin.
//!
//! [`Loader::check`] runs the checks in order, and [`Loader::compile`] follows. Everything that can be checked without compiling is
//! checked first: the manifest is data, the contract version is part of the names of the exports, and the imports show what a plugin wants to
//! reach.

mod code;
mod compilation;
mod compile;
mod compiled_cache;
mod component_size;
mod error;
mod initial_size;
mod loader;
mod outer_sections;
mod outline;
mod plugin_file;
mod signature;

pub use compilation::Compilation;
pub use compiled_cache::{CacheError, CompiledCache};
pub use error::LoadError;
pub use loader::read_manifest;
pub(crate) use loader::{Code, Contract, LoadedPlugin, Loader};
pub use plugin_file::MAX_PLUGIN_BYTES;
pub(crate) use plugin_file::digest;
pub use signature::{PublisherKey, SIGNATURE_SECTION, SIGNED_PREFIX, SignatureError, signed_message};
