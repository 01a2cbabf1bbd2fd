//! Turns a core wasm module and a plugin.toml into a plugin that Inlet loads.
