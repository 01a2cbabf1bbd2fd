//! Constants of a plugin file, and its digest.

use sha2::{Digest as _, Sha256};

/// The largest file that is read, in bytes. A plugin with SpiderMonkey takes 12 MB, one with Python 18 MB.
pub const MAX_PLUGIN_BYTES: usize = 64 << 20;

/// The custom section that holds a plugin's manifest.
pub(super) const MANIFEST_SECTION: &str = "inlet:manifest";

/// Returns `sha256:` and the hexadecimal SHA-256 of a file, by which the file is identified.
pub(crate) fn digest(wasm: &[u8]) -> String {
    prefixed(&hex_digest(wasm))
}

pub(super) fn hex_digest(wasm: &[u8]) -> String {
    hex::encode(Sha256::digest(wasm))
}

pub(super) fn prefixed(hex_digest: &str) -> String {
    format!("sha256:{hex_digest}")
}
