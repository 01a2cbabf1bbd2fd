//! Components with an edited manifest: other versions or keys of a plugin, made without a build.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Returns the component with a manifest edited by `change`.
pub fn repack(wasm: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    inlet_pack::repack(wasm, change).unwrap()
}

/// Returns the digest that identifies a component.
pub fn digest(wasm: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(wasm)))
}
