//! Compiled plugins, kept in a directory: Python takes seconds to compile and milliseconds to read again.
//!
//! What is read here runs as native code, outside every sandbox. So the directory is one that only this user can write, a file
//! is named by what it was compiled from and for, and holds the digest of what follows; whatever does not fit is removed, and
//! compiled again.

use std::{
    fs,
    hash::Hasher as _,
    hash::{DefaultHasher, Hash as _},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use cap_std::{ambient_authority, fs::Dir};
use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, component::Component};

/// Bytes of a digest.
const DIGEST: usize = 32;

/// What every name ends in.
const ENDING: &str = ".compiled";

/// A directory of compiled plugins.
#[derive(Debug)]
pub struct CompiledCache {
    directory: Dir,
    max_bytes: u64,
}

/// Why a directory is not used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be made or opened.
    #[error("cannot open {}: {source}; expected a directory that this user can write", path.display())]
    Open {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Someone else could put code there.
    #[error("{} can be written by others (mode {mode:o}); what is in it would be run; remove it", path.display())]
    WritableByOthers {
        /// Where.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Someone else made it.
    #[error("{} belongs to another user ({owner}); what is in it would be run; remove it", path.display())]
    NotOurs {
        /// Where.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
}

/// Where a plugin's native code came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compilation {
    /// It was compiled, and there is no cache or the cache has it now.
    Compiled,
    /// It was read from the cache.
    Cached,
    /// It was compiled, and will be again the next time.
    NotKept {
        /// Why the cache did not take it.
        reason: String,
    },
}

impl CompiledCache {
    /// The most that is kept, if nothing else is said: some twenty plugins in heavy languages.
    pub const MAX_BYTES: u64 = 1 << 30;

    /// Opens a directory, and makes it if there is none. Beyond `max_bytes` what was not used for longest is removed.
    pub fn open(path: &Path, max_bytes: u64) -> Result<Self, CacheError> {
        let failed = |source| CacheError::Open { path: path.to_owned(), source };
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let directory = Dir::open_ambient_dir(path, ambient_authority()).map_err(failed)?;
        // Of what was opened, and not of what the path leads to by then.
        let found = directory.try_clone().and_then(|directory| directory.into_std_file().metadata()).map_err(failed)?;
        let owner = found.uid();
        if owner != rustix::process::geteuid().as_raw() {
            return Err(CacheError::NotOurs { path: path.to_owned(), owner });
        }
        let mode = found.mode() & 0o777;
        if mode & 0o022 != 0 {
            return Err(CacheError::WritableByOthers { path: path.to_owned(), mode });
        }
        Ok(Self { directory, max_bytes })
    }

    /// What was kept of a component, if it is there and whole.
    pub(crate) fn get(&self, engine: &Engine, wasm_digest: &str) -> Option<Component> {
        let name = name(engine, wasm_digest);
        let content = self.read(&name).ok()?;
        let component = whole(&name, &content).and_then(|compiled| deserialize(engine, compiled));
        if component.is_none() {
            // Whatever spoiled it: it is compiled again, and this one never read again.
            let _ = self.directory.remove_file(&name);
        }
        component
    }

    /// Keeps a component.
    pub(crate) fn put(&self, engine: &Engine, wasm_digest: &str, component: &Component) -> Compilation {
        let kept = component
            .serialize()
            .map_err(|error| format!("{error:#}"))
            .and_then(|compiled| self.write(&name(engine, wasm_digest), &compiled).map_err(|error| error.to_string()));
        match kept {
            Ok(()) => Compilation::Compiled,
            Err(reason) => Compilation::NotKept { reason },
        }
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut file = self.directory.open(name)?;
        let mut content = Vec::new();
        (&mut file).take(self.max_bytes.saturating_add(1)).read_to_end(&mut content)?;
        // So that what is used stays. Where it cannot be marked, it merely goes earlier.
        let _ = file.into_std().set_modified(SystemTime::now());
        Ok(content)
    }

    fn write(&self, name: &str, compiled: &[u8]) -> io::Result<()> {
        // Whole or not at all. One server at a time has the data directory, and compiles one plugin at a time.
        let unfinished = format!("{name}.unfinished");
        let mut file = self.directory.create(&unfinished)?;
        file.write_all(&digest(name, compiled))?;
        file.write_all(compiled)?;
        drop(file);
        self.directory.rename(&unfinished, &self.directory, name)?;
        self.trim()
    }

    /// Removes what was not used for longest until the rest fits.
    fn trim(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in self.directory.entries()? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            files.push((metadata.modified()?.into_std(), metadata.len(), entry.file_name()));
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, length, _)| length).sum();
        for (_, length, name) in files {
            if bytes <= self.max_bytes {
                break;
            }
            self.directory.remove_file(&name)?;
            bytes -= length;
        }
        Ok(())
    }
}

/// Names what was compiled, and for which engine: its version, its configuration and this machine's processor.
fn name(engine: &Engine, wasm_digest: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{wasm_digest}-{:016x}{ENDING}", hasher.finish())
}

/// The name goes in, so that a file that was renamed is none of ours.
fn digest(name: &str, compiled: &[u8]) -> [u8; DIGEST] {
    Sha256::new().chain_update(name).chain_update(compiled).finalize().into()
}

/// What follows the digest, if it is what was written.
fn whole<'a>(name: &str, content: &'a [u8]) -> Option<&'a [u8]> {
    let (written, compiled) = content.split_at_checked(DIGEST)?;
    (written == digest(name, compiled)).then_some(compiled)
}

fn deserialize(engine: &Engine, compiled: &[u8]) -> Option<Component> {
    #[expect(
        unsafe_code,
        reason = "the bytes are what `Component::serialize` gave to this very program: they are whole by their digest, and \
                  nobody else can write the directory they come from"
    )]
    // SAFETY: see above; wasmtime itself refuses what another version or configuration wrote.
    let component = unsafe { Component::deserialize(engine, compiled) };
    component.ok()
}
