//! Runs plugins. wasmtime lives only here.
//!
//! A plugin is a stranger's code that sees every webhook of a source, so it gets a new sandbox for every request: no
//! memory of an earlier one, no clock that moves, no network, no file, one import (`log`) and a WASI with nothing behind it, and
//! five limits. What it returns is
//! hostile until it has been bounded.
//!
//! How a request goes through, and where to read about it:
//!
//! 1. [`Sandbox::load`] looks a `.wasm` over before anything of it is compiled (`load`, `binary`, `parts`,
//!    [`manifest`]).
//! 2. [`Gate`] hands out permits, so that one busy source cannot take every sandbox.
//! 3. [`Plugin::translate`] makes a store, instantiates, calls, and drops it again (`call`), through the adapter of the
//!    plugin's contract version (`contract`).
//! 4. `contract::checked` turns what came back into the plain values of [`inlet_core::contract`], or a [`Fault`].
//!
//! Invariants: nothing of wasmtime appears in the public API; a store is used for one call; a value that a guest wrote
//! leaves this crate only through `contract::checked`.

mod binary;
mod call;
mod clock;
mod compiled;
mod contract;
mod engine;
mod fault;
mod gate;
mod limits;
mod load;
pub mod manifest;
mod parts;
mod plugin;
mod registry;
mod signature;
mod slow;
mod state;
mod ticker;
mod wasi;

pub use call::{Call, Held};
pub use compiled::{CacheError, Compilation, CompiledCache};
pub use engine::{EngineConfig, EngineError, Sandbox};
pub use fault::{Fault, ShapeFault};
pub use gate::{Gate, Permit};
pub use limits::Limits;
pub use load::{LoadError, MAX_PLUGIN_BYTES, read_manifest};
pub use manifest::{Manifest, ManifestError, OptionsError};
pub use plugin::Plugin;
pub use registry::{FileError, LoadedFile, load_directory};
pub use signature::{PublisherKey, SIGNATURE_SECTION, SIGNED_PREFIX, SignatureError, signed_message};
