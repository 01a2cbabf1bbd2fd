//! Runs plugins. Nothing outside this crate uses wasmtime.
//!
//! A plugin is third-party code that sees every webhook of a source. Each call therefore gets a new sandbox: no memory of
//! earlier calls, a clock that does not advance, no network, no files, two imports (`log`, and the rules in its own
//! file), a WASI without access to anything, and five limits. The host treats the output as hostile until it is checked.
//!
//! One request, in the order of the folders:
//!
//! 1. [`Sandbox::load`] checks a `.wasm` file and compiles it (`load`); its [`manifest`] is read before compilation.
//! 2. [`Gate`] hands out permits, so that one busy source cannot take every sandbox (`run/gate.rs`).
//! 3. [`Plugin::translate`] creates a store, instantiates the component, calls it and drops the store
//!    (`run/execute.rs`), through the adapter of the plugin's contract version (`contract`). A call that takes longer
//!    than one time slice continues on a thread of lower priority (`run/long_calls`).
//! 4. `contract/checked.rs` checks the output, which becomes plain values of [`inlet_core::contract`] or a [`Fault`].
//!
//! Invariants:
//!
//! - No wasmtime type appears in the public API.
//! - A store serves one call.
//! - A value written by a guest leaves this crate only through `contract/checked.rs`.
//! - Imports point one way: `run` ← `wasi`, `run` ← `contract` ← `manifest` ← `forms` ← `load` ← `plugin` ← `sandbox`.

mod contract;
mod display;
pub mod forms;
mod load;
pub mod manifest;
mod option_check;
mod plugin;
mod plugin_code;
mod plugin_directory;
mod run;
mod sandbox;
mod wasi;

pub use contract::ContractError;
pub use load::{
    CacheError, Compilation, CompiledCache, LoadError, MAX_PLUGIN_BYTES, PublisherKey, SIGNATURE_SECTION,
    SIGNED_PREFIX, SignatureError, read_manifest, signed_message,
};
pub use manifest::{Manifest, ManifestError, OptionsError};
pub use plugin::Plugin;
pub use plugin_directory::{FileError, LoadedFile, load_directory};
pub use run::{
    Call, CallGuard, EngineConfig, EngineError, Fault, Gate, Limits, Permit, ShapeFault, SwapPossible, Wiping,
    swap_possible,
};
pub use sandbox::Sandbox;
