//! Embeds what `inlet plugin new` writes into an author's project: the SDK's source and the contract.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() {
    if let Err(error) = vendored() {
        println!("cargo::error=cannot embed the SDK: {error}");
    }
}

/// Paths are those of the repository, so that the SDK finds the contract where it is used to.
fn vendored() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mut files = Vec::new();
    for place in ["plugins/sdk/src", "wit/v0.1"] {
        println!("cargo::rerun-if-changed={}", root.join(place).display());
        collect(&root.join(place), &mut files)?;
    }
    files.sort();
    let mut source = String::from("/// Path in the repository, and text.\n");
    source.push_str("const VENDORED: &[(&str, &str)] = &[\n");
    for file in files {
        let path = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        source.push_str(&format!("    ({path:?}, include_str!({:?})),\n", file.display().to_string()));
    }
    source.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("vendored.rs"), source)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
