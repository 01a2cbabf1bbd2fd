//! Constants of a plugin file, and its digest.

use sha2::{Digest as _, Sha256};

/// The largest file that is read, in bytes. A plugin with SpiderMonkey takes 12 MB, one with Python 18 MB.
pub const MAX_PLUGIN_BYTES: usize = 64 << 20;

/// The custom section that holds a plugin's manifest.
pub(super) const MANIFEST_SECTION: &str = "inlet:manifest";

/// The custom section that holds the rules of a plugin without code.
pub(super) const RULES_SECTION: &str = "inlet:rules";

/// The most bytes of rules. They are copied into the sandbox of each call.
pub(super) const MAX_RULES_BYTES: usize = 32 << 10;

/// Returns `sha256:` and the hexadecimal SHA-256 of a file, by which the file is identified.
pub(crate) fn digest(wasm: &[u8]) -> String {
    format!("sha256:{}", hex_digest(wasm))
}

pub(super) fn hex_digest(wasm: &[u8]) -> String {
    hex::encode(Sha256::digest(wasm))
}
