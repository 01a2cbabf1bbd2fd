//! Libraries that stand between a program and the C library, built from C source.

use std::{fs, path::Path, process::Command};

use crate::find_cc;

/// Builds a library for `LD_PRELOAD` in a directory; returns the value of that variable.
pub fn build_shim(directory: &Path, source: &str) -> String {
    let (file, library) = (directory.join("shim.c"), directory.join("shim.so"));
    fs::write(&file, source).unwrap();
    let built = Command::new(find_cc())
        // Without the macros that give `pwrite` another type or name.
        .args(["-shared", "-fPIC", "-O1", "-U_FORTIFY_SOURCE", "-o"])
        .args([&library, &file])
        .arg("-ldl")
        .status();
    assert!(built.expect("the C compiler that the README asks for").success());
    library.display().to_string()
}
