//! Components with another manifest: another version or key of a plugin, made without building one.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The same component with a manifest that was changed.
pub fn repack(wasm: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    inlet_pack::repack(wasm, change).unwrap()
}

/// The digest by which a component is known.
pub fn digest(wasm: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(wasm)))
}
