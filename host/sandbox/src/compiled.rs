//! Compiled plugins, kept in a directory: Python takes seconds to compile and milliseconds to read again.
//!
//! What is read here runs as native code, outside every sandbox. So the directory is one that only this user can write, a file
//! is named by what it was compiled from and for, and holds the digest of what follows; whatever does not fit, or could have been
//! written by someone else, is removed and compiled again.

use std::{
    fs,
    hash::Hasher as _,
    hash::{DefaultHasher, Hash as _},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use cap_std::{
    ambient_authority,
    fs::{Dir, DirEntry, OpenOptions, OpenOptionsExt as _},
};
use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, component::Component};

/// Bytes of a digest.
const DIGEST: usize = 32;

/// What every name ends in.
const ENDING: &str = ".compiled";

/// What the name of a file ends in that is being written.
const UNFINISHED: &str = ".unfinished";

/// Nothing is written for that long: what is as old was left behind by a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

/// What others may not do with what is run here.
const WRITABLE_BY_OTHERS: u32 = 0o022;

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
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Err(CacheError::WritableByOthers { path: path.to_owned(), mode });
        }
        let cache = Self { directory, max_bytes };
        // What cannot be removed takes room and does no harm.
        let _ = cache.remove_left_behind();
        Ok(cache)
    }

    /// Removes what was never finished. Not what another process may be writing at this moment.
    fn remove_left_behind(&self) -> io::Result<()> {
        for file in self.files(UNFINISHED)? {
            if file.modified.elapsed().is_ok_and(|age| age > LEFT_BEHIND) {
                self.remove(&file.name)?;
            }
        }
        Ok(())
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
        let mut file = self.directory.open(name)?.into_std();
        let found = file.metadata()?;
        if !is_ours(found.uid(), found.mode()) {
            // As good as spoiled.
            return Ok(Vec::new());
        }
        let mut content = Vec::new();
        (&mut file).take(self.max_bytes.saturating_add(1)).read_to_end(&mut content)?;
        // So that what is used stays. Where it cannot be marked, it merely goes earlier.
        let _ = file.set_modified(SystemTime::now());
        Ok(content)
    }

    /// Whole or not at all.
    fn write(&self, name: &str, compiled: &[u8]) -> io::Result<()> {
        // Other processes may have the directory as well, and other threads.
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let nth = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let unfinished = format!("{name}.{}-{nth}{UNFINISHED}", process::id());
        let written = self
            .write_new(&unfinished, &[&digest(name, compiled), compiled])
            .and_then(|()| self.directory.rename(&unfinished, &self.directory, name));
        if written.is_err() {
            // The disk may be full.
            let _ = self.remove(&unfinished);
        }
        written?;
        self.trim()
    }

    fn write_new(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        // Only this user's, whatever its umask.
        let mut file = self.directory.open_with(name, OpenOptions::new().write(true).create_new(true).mode(0o600))?;
        parts.iter().try_for_each(|part| file.write_all(part))
    }

    /// Removes what was not used for longest until the rest fits.
    fn trim(&self) -> io::Result<()> {
        let mut files = self.files(ENDING)?;
        files.sort();
        let mut bytes: u64 = files.iter().map(|file| file.length).sum();
        for file in files {
            if bytes <= self.max_bytes {
                break;
            }
            self.remove(&file.name)?;
            bytes -= file.length;
        }
        Ok(())
    }

    /// Files whose names end so.
    fn files(&self, ending: &str) -> io::Result<Vec<Kept>> {
        let mut files = Vec::new();
        for entry in self.directory.entries()? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().filter(|name| name.ends_with(ending)).map(str::to_owned) else {
                continue;
            };
            files.extend(present(Kept::of(&entry, name))?.flatten());
        }
        Ok(files)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        present(self.directory.remove_file(name)).map(|_| ())
    }
}

/// A file of the directory. The one that was not used for longest comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    modified: SystemTime,
    length: u64,
    name: String,
}

impl Kept {
    /// None: it is no file.
    fn of(entry: &DirEntry, name: String) -> io::Result<Option<Self>> {
        let metadata = entry.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        Ok(Some(Self { modified: metadata.modified()?.into_std(), length: metadata.len(), name }))
    }
}

/// None: it is gone, which is as well. Another process removes what it has no room for.
fn present<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Whether nobody else can have written a file, by its owner and its mode.
fn is_ours(owner: u32, mode: u32) -> bool {
    owner == rustix::process::geteuid().as_raw() && mode & WRITABLE_BY_OTHERS == 0
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

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, thread};

    use tempfile::TempDir;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_another_could_write_is_not_ours() {
        let us = rustix::process::geteuid().as_raw();
        assert!(is_ours(us, 0o100_600) && is_ours(us, 0o100_644));
        for mode in [0o100_620, 0o100_602, 0o100_666] {
            assert!(!is_ours(us, mode), "{mode:o}");
        }
        assert!(!is_ours(us + 1, 0o100_600));
    }

    #[test]
    fn what_is_written_is_for_this_user_alone() {
        let directory = TempDir::new().unwrap();
        let cache = CompiledCache::open(directory.path(), 1000).unwrap();
        cache.write("a.compiled", b"a").unwrap();
        let mode = fs::metadata(directory.path().join("a.compiled")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    /// What takes the place of the file stands for a full disk: the write fails once there is something to remove.
    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let directory = TempDir::new().unwrap();
        let cache = CompiledCache::open(directory.path(), 1000).unwrap();
        fs::create_dir(directory.path().join("a.compiled")).unwrap();
        assert!(cache.write("a.compiled", b"a").is_err());
        assert_eq!(names(directory.path()), ["a.compiled"]);
    }

    #[test]
    fn what_was_left_behind_is_removed_when_it_is_opened() {
        let directory = TempDir::new().unwrap();
        for (name, age) in
            [("old.unfinished", 2 * LEFT_BEHIND), ("new.unfinished", Duration::ZERO), ("old.compiled", 2 * LEFT_BEHIND)]
        {
            let file = fs::File::create(directory.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        CompiledCache::open(directory.path(), 1000).unwrap();
        assert_eq!(names(directory.path()), ["new.unfinished", "old.compiled"]);
    }

    /// As two processes would: what one has no room for, the other may be about to remove, or may just be writing.
    #[test]
    fn several_can_have_a_directory() {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let cache = CompiledCache::open(path, 40).unwrap();
                    for nth in 0..200 {
                        cache.write(&format!("{}.compiled", nth % 7), b"some bytes").unwrap();
                    }
                });
            }
        });
        assert!(names(path).iter().all(|name| name.ends_with(ENDING)), "{:?}", names(path));
    }
}
