//! A cache of compiled plugins in a directory. Python takes seconds to compile and milliseconds to read again.
//!
//! Cached code runs natively, outside every sandbox. Only this user can write the directory, a file's name contains the
//! digest of what was compiled and the engine it was compiled for, and a file begins with a digest of its name and content. A
//! file that does not match, or that another user could have written, is removed and the component compiled again.

mod error;
mod files;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
};

use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, component::Component};

pub use self::error::CacheError;
use self::files::{CacheFiles, EXTENSION};
use super::compilation::Compilation;

/// Bytes of a digest.
const DIGEST: usize = 32;

/// A directory of compiled plugins.
#[derive(Debug)]
pub struct CompiledCache {
    files: CacheFiles,
}

impl CompiledCache {
    /// The default size limit in bytes: enough for about twenty plugins in heavy languages.
    pub const MAX_BYTES: u64 = 1 << 30;

    /// Opens a directory, and creates it if it does not exist. The least recently used files are removed beyond
    /// `max_bytes`.
    pub fn open(path: &Path, max_bytes: u64) -> Result<Self, CacheError> {
        Ok(Self { files: CacheFiles::open(path, max_bytes)? })
    }

    /// Returns a cached component. A file that does not pass the checks is removed.
    pub(super) fn get(&self, engine: &Engine, code_digest: &str) -> Option<Component> {
        let name = file_name(engine, code_digest);
        let content = self.files.read(&name).ok()?;
        let component = verified(&name, &content).and_then(|compiled| deserialize(engine, compiled));
        if component.is_none() {
            let _ = self.files.remove(&name);
        }
        component
    }

    /// Stores a component that was just compiled.
    pub(super) fn put(&self, engine: &Engine, code_digest: &str, component: &Component) -> Compilation {
        let name = file_name(engine, code_digest);
        let stored = component.serialize().map_err(|error| format!("{error:#}")).and_then(|compiled| {
            self.files.write(&name, &[&digest(&name, &compiled), &compiled]).map_err(|error| error.to_string())
        });
        match stored {
            Ok(()) => Compilation::Compiled,
            Err(reason) => Compilation::NotCached { reason },
        }
    }
}

/// Returns the name of a cached file: the digest of what was compiled and a hash of the engine's version, its configuration and
/// the processor.
fn file_name(engine: &Engine, code_digest: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{code_digest}-{:016x}{EXTENSION}", hasher.finish())
}

/// Returns the digest of a file. It covers the name, so a renamed file does not pass.
fn digest(name: &str, compiled: &[u8]) -> [u8; DIGEST] {
    Sha256::new().chain_update(name).chain_update(compiled).finalize().into()
}

/// Returns the compiled code in a file if the digest before it matches.
fn verified<'a>(name: &str, content: &'a [u8]) -> Option<&'a [u8]> {
    let (written, compiled) = content.split_at_checked(DIGEST)?;
    (written == digest(name, compiled)).then_some(compiled)
}

fn deserialize(engine: &Engine, compiled: &[u8]) -> Option<Component> {
    #[expect(
        unsafe_code,
        reason = "the bytes are the output of `Component::serialize` in this program: their digest proves that they are \
                  complete, and no other user can write the directory they come from"
    )]
    // SAFETY: see the reason above; wasmtime itself refuses the output of another version or configuration.
    let component = unsafe { Component::deserialize(engine, compiled) };
    component.ok()
}
