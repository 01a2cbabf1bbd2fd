//! Embeds the bundled plugins, the components that `make plugins` left in `target/plugins`, and what `inlet plugin new` gives
//! to an author: the SDK's source and the contract.
//!
//! They are built by a small program apart (`plugins/pack`): a cargo build inside a build script would need a target
//! directory of its own and would hide its errors.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// The plugins that come with the server.
const BUNDLED: [&str; 5] = ["census", "hightouch", "http", "rudderstack", "segment"];

fn main() {
    bundled();
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

fn bundled() {
    let manifest_dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let plugins = match env::var_os("INLET_BUNDLED_PLUGINS") {
        Some(directory) => PathBuf::from(directory),
        None => manifest_dir.join("../../target/plugins"),
    };
    println!("cargo::rerun-if-env-changed=INLET_BUNDLED_PLUGINS");
    let mut source = String::from("/// The bundled plugins: file name and component.\n");
    source.push_str("pub const BUNDLED: &[(&str, &[u8])] = &[\n");
    for name in BUNDLED {
        let file = plugins.join(format!("{name}.wasm"));
        println!("cargo::rerun-if-changed={}", file.display());
        let Ok(file) = file.canonicalize() else {
            println!("cargo::error=the plugin {name}.wasm is not in target/plugins; run `make plugins` first");
            return;
        };
        source.push_str(&format!("    ({name:?}, include_bytes!({:?})),\n", file.display().to_string()));
    }
    source.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("bundled.rs");
    if let Err(error) = fs::write(&out, source) {
        println!("cargo::error=cannot write {}: {error}", out.display());
    }
}
