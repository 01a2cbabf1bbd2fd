//! Programs that some tests need and that `make toolchains` installs.

use std::{env, ffi::OsString, io::Write as _, path::PathBuf};

/// Returns the search path.
pub fn path() -> OsString {
    env::var_os("PATH").unwrap_or_default()
}

/// Returns true if the search path holds this program.
pub fn is_there(program: &str) -> bool {
    env::split_paths(&path()).any(|directory| directory.join(program).is_file())
}

/// Returns the directory in which `make toolchains` unpacks packages.
fn unpacked() -> Option<PathBuf> {
    let test = env::current_exe().ok()?;
    // target/debug/deps/system-…
    Some(test.ancestors().nth(3)?.join("toolchains"))
}

/// Returns the library that fakes the system's clock.
pub fn libfaketime() -> Option<PathBuf> {
    let libraries = unpacked()?.join("usr/lib").read_dir().ok()?;
    let libraries = libraries.flatten().map(|architecture| architecture.path().join("faketime/libfaketimeMT.so.1"));
    libraries.into_iter().find(|library| library.is_file())
}

/// Returns the checker of Prometheus, from the search path or where `make toolchains` puts it.
pub fn promtool() -> Option<PathBuf> {
    let unpacked = unpacked()?.join("usr/bin/promtool");
    match is_there("promtool") {
        true => Some(PathBuf::from("promtool")),
        false => unpacked.is_file().then_some(unpacked),
    }
}

/// Notes that a test is skipped. Writes directly to the terminal, because the output of passing tests is captured.
///
/// # Panics
///
/// In CI, where `INLET_ALL_TOOLCHAINS` declares that everything is installed.
pub fn skipped(what: &str, missing: &str) {
    assert!(env::var_os("INLET_ALL_TOOLCHAINS").is_none(), "{what}: {missing}; run `make toolchains`");
    let _ = writeln!(std::io::stderr(), "skipped: {what}: {missing}");
}
