//! Compiled plugins that the servers of all tests share: compiling the bundled ones takes each server seconds of processor time.
//!
//! A new data directory gets a copy of those that another server compiled. The server checks every file against the component
//! and its own engine, so that a stale one is compiled again. Tests that bring their own data directory start without any.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// The folder in a data directory.
const FOLDER: &str = "compiled";
/// The largest file that is shared: what is compiled from a language with a large runtime is not.
const MAX_BYTES: u64 = 2 << 20;
/// The most files that are shared. Every change of a plugin leaves one behind.
const MAX_FILES: usize = 64;

/// Creates a data directory with the shared files.
pub fn seed(shared: &Path, data_dir: &Path) -> io::Result<()> {
    private().create(data_dir)?;
    let target = data_dir.join(FOLDER);
    private().create(&target)?;
    for file in files(shared) {
        // Copied, because a test may damage its own. One that another process just removed is left out.
        let copied = fs::copy(&file, target.join(file.file_name().unwrap_or_default()));
        if let Err(error) = copied
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
    }
    Ok(())
}

/// Shares what a server compiled at its start.
pub fn share(shared: &Path, data_dir: &Path) -> io::Result<()> {
    private().recursive(true).create(shared)?;
    let (here, known) = (files(&data_dir.join(FOLDER)), files(shared));
    let name = |path: &PathBuf| path.file_name().map(ToOwned::to_owned).unwrap_or_default();
    let new: Vec<&PathBuf> = here.iter().filter(|file| !known.iter().any(|known| name(known) == name(file))).collect();
    if known.len() + new.len() > MAX_FILES {
        known.iter().try_for_each(|file| ignore_not_found(fs::remove_file(file)))?;
    }
    for file in new.into_iter().filter(|file| fs::metadata(file).is_ok_and(|found| found.len() <= MAX_BYTES)) {
        // Renamed, so that no other test reads a part of it.
        let unfinished = NamedTempFile::new_in(shared)?;
        fs::copy(file, unfinished.path())?;
        unfinished.persist(shared.join(name(file)))?;
    }
    Ok(())
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Returns the compiled plugins of a folder; none if there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|found| found == "compiled")).collect()
}

fn ignore_not_found(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
