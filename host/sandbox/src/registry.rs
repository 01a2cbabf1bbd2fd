//! Plugins from a directory.
//!
//! Names that come from outside are resolved inside a [`Dir`] that was opened once, so that none can lead out of it: a
//! link in the directory to `/etc` is a refusal and not a read.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read as _},
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;

use crate::{
    engine::Sandbox,
    load::{LoadError, MAX_PLUGIN_BYTES, digest},
    plugin::Plugin,
};

/// What became of one file of a directory.
#[derive(Debug)]
pub struct LoadedFile {
    /// Its name in the directory.
    pub name: String,
    /// The plugin, or why there is none. One bad file never keeps the others from loading.
    pub result: Result<Plugin, FileError>,
}

/// Why a file of a directory is not a plugin.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read, or it leads out of the directory.
    #[error("cannot read {name:?}: {source}; it must be readable and lie inside the plugin directory")]
    Read {
        /// Its name.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is a directory, a pipe or a device.
    #[error("{name:?} is not a file; expected a component; move it out of the plugin directory")]
    NotAFile {
        /// Its name.
        name: String,
    },
    /// Loading it failed in the host itself.
    #[error("{name:?}: loading it failed in the server itself; please report it with the file, and take the file away")]
    Panicked {
        /// Its name.
        name: String,
    },
    /// It is not a plugin.
    #[error("{name:?}: {source}")]
    Load {
        /// Its name.
        name: String,
        /// Why.
        source: LoadError,
    },
}

/// Loads every `*.wasm` of a directory, in the order of their names. Blocks and compiles: see [`Sandbox::load`]; but not
/// what `known` has by its digest. An error: the directory itself could not be listed.
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
            // A compiler that panics on one file must not take the others with it. Nothing of what it was at is used again.
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
    // Opening a pipe would else wait for its other end. What was opened is looked at, and not its name: that may be another
    // file's by then.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = directory.open_with(file, OpenOptions::new().read(true).custom_flags(flags)).map_err(unreadable)?;
    if !opened.metadata().map_err(unreadable)?.is_file() {
        return Err(FileError::NotAFile { name: name.to_owned() });
    }
    let mut wasm = Vec::new();
    // One byte more than allowed shows that there is more, whatever the file system says about its size.
    let limit = MAX_PLUGIN_BYTES as u64 + 1;
    opened.take(limit).read_to_end(&mut wasm).map_err(unreadable)?;
    Ok(wasm)
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;

    use super::*;

    #[test]
    fn a_panic_while_a_file_is_loaded_is_a_problem_of_that_file() {
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
