//! Embeds the bundled plugins, which `make plugins` builds into `target/plugins`.
//!
//! A program of its own (`plugins/pack`) builds them: a cargo build inside a build script would need a separate target
//! directory and would hide its errors.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() {
    if let Err(error) = embed_bundled() {
        println!("cargo::error=cannot embed the bundled plugins: {error}");
    }
}

fn embed_bundled() -> io::Result<()> {
    let manifest_dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let built = match env::var_os("INLET_BUNDLED_PLUGINS") {
        Some(directory) => PathBuf::from(directory),
        None => manifest_dir.join("../../target/plugins"),
    };
    println!("cargo::rerun-if-env-changed=INLET_BUNDLED_PLUGINS");
    // The directory changes when a new plugin is built, so that the list of names is read again.
    println!("cargo::rerun-if-changed={}", built.display());
    let mut source = String::from("/// The bundled plugins: file name and component.\n");
    source.push_str("pub const BUNDLED: &[(&str, &[u8])] = &[\n");
    for name in bundled_names(&manifest_dir.join("../../plugins"))? {
        let file = built.join(format!("{name}.wasm"));
        println!("cargo::rerun-if-changed={}", file.display());
        let Ok(file) = file.canonicalize() else {
            println!("cargo::error=the plugin {name}.wasm is not in target/plugins; run `make plugins` first");
            return Ok(());
        };
        source.push_str(&format!("    ({name:?}, include_bytes!({:?})),\n", file.display().to_string()));
    }
    source.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("bundled.rs"), source)
}

/// Returns the names of the bundled plugins, sorted: every folder directly in `sources` that holds a plugin.toml.
///
/// Other files among the built plugins, for example of a plugin that is no longer bundled, are not embedded.
fn bundled_names(sources: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in fs::read_dir(sources)? {
        let folder = folder?;
        let manifest = folder.path().join("plugin.toml");
        if manifest.is_file() {
            println!("cargo::rerun-if-changed={}", manifest.display());
            names.push(folder.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
