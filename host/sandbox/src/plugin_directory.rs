//! Loads every plugin of a directory.
//!
//! File names are resolved inside a [`Dir`] that was opened once, so that none can lead out of it: a symbolic link to
//! `/etc` is refused and not followed.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read as _},
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;

use crate::{
    load::{LoadError, MAX_PLUGIN_BYTES, digest},
    plugin::Plugin,
    sandbox::Sandbox,
};

/// One file of a directory, with the plugin in it or an error.
#[derive(Debug)]
pub struct LoadedFile {
    /// Name of the file in the directory.
    pub name: String,
    /// The plugin, or the reason why the file is not one. A bad file never keeps the others from loading.
    pub result: Result<Plugin, FileError>,
}

/// The reason why a file of a directory is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read, or leads out of the directory.
    #[error("cannot read {name:?}: {source}; it must be readable and lie inside the plugin directory")]
    Read {
        /// Name of the file.
        name: String,
        /// The system's error.
        source: io::Error,
    },
    /// The entry is a directory, a pipe or a device.
    #[error("{name:?} is not a file; expected a component; move it out of the plugin directory")]
    NotAFile {
        /// Name of the file.
        name: String,
    },
    /// The host panicked while it loaded the file.
    #[error("{name:?}: loading it failed in the server itself; please report it with the file, and take the file away")]
    Panicked {
        /// Name of the file.
        name: String,
    },
    /// The file is not a valid plugin.
    #[error("{name:?}: {source}")]
    Load {
        /// Name of the file.
        name: String,
        /// The reason.
        source: LoadError,
    },
}

/// Loads every `*.wasm` file of a directory, in the order of their names. Blocks like [`Sandbox::load`].
///
/// A plugin that `known` returns for a file's digest is used as it is and not loaded again.
///
/// # Errors
///
/// The directory cannot be listed. Errors of single files are in [`LoadedFile::result`].
pub fn load_directory(
    sandbox: &Sandbox,
    directory: &Dir,
    known: impl Fn(&str) -> Option<Plugin>,
) -> io::Result<Vec<LoadedFile>> {
    load_each(directory, |wasm| match known(&digest(wasm)) {
        Some(plugin) => Ok(plugin),
        None => sandbox.load(wasm),
    })
}

fn load_each(directory: &Dir, load: impl Fn(&[u8]) -> Result<Plugin, LoadError>) -> io::Result<Vec<LoadedFile>> {
    let mut names = Vec::new();
    for entry in directory.entries()? {
        let name = entry?.file_name();
        if name.as_encoded_bytes().ends_with(b".wasm") {
            names.push(name);
        }
    }
    names.sort();
    let load = |file: OsString| {
        let name = Path::new(&file).display().to_string();
        let result = read_file(directory, &file, &name).and_then(|wasm| {
            // A compiler panic on one file must not affect the others. No state of the failed load is used again.
            match panic::catch_unwind(AssertUnwindSafe(|| load(&wasm))) {
                Ok(loaded) => loaded.map_err(|source| FileError::Load { name: name.clone(), source }),
                Err(_) => Err(FileError::Panicked { name: name.clone() }),
            }
        });
        LoadedFile { name, result }
    };
    Ok(names.into_iter().map(load).collect())
}

fn read_file(directory: &Dir, file: &OsStr, name: &str) -> Result<Vec<u8>, FileError> {
    let unreadable = |source| FileError::Read { name: name.to_owned(), source };
    // Without the flag, opening a pipe would wait for its other end. The opened file is checked and not its name, which may
    // belong to another file by now.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = directory.open_with(file, OpenOptions::new().read(true).custom_flags(flags)).map_err(unreadable)?;
    if !opened.metadata().map_err(unreadable)?.is_file() {
        return Err(FileError::NotAFile { name: name.to_owned() });
    }
    let mut wasm = Vec::new();
    // Reads one byte more than allowed to detect a larger file, whatever size the file system reports.
    let limit = MAX_PLUGIN_BYTES as u64 + 1;
    opened.take(limit).read_to_end(&mut wasm).map_err(unreadable)?;
    Ok(wasm)
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;

    use super::*;

    #[test]
    fn a_panic_affects_only_the_file_that_caused_it() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.wasm", "b.wasm"] {
            std::fs::write(directory.path().join(name), name).unwrap();
        }
        let opened = Dir::open_ambient_dir(directory.path(), ambient_authority()).unwrap();
        let loaded = load_each(&opened, |wasm| match wasm {
            b"a.wasm" => panic!("a bug of the compiler"),
            _ => Err(LoadError::NoManifest),
        });
        let problems: Vec<String> =
            loaded.unwrap().into_iter().map(|file| file.result.unwrap_err().to_string()).collect();
        insta::assert_snapshot!(problems[0], @r#""a.wasm": loading it failed in the server itself; please report it with the file, and take the file away"#);
        assert!(problems[1].starts_with(r#""b.wasm": the component has no manifest"#), "{problems:?}");
    }
}
