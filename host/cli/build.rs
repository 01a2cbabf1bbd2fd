//! Embeds the source of the plugin SDK, the contract and the schemas of cases, which `inlet plugin new` copies into an author's project,
//! the declarative component, of which `inlet plugin build` makes plugins without code, and the catalogue of plugins.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// Files of the repository that are embedded, and directories with all of their files.
const EMBEDDED: [&str; 5] = [
    "plugins/sdk/src",
    "wit/manifest",
    "wit/v0.2",
    "plugins/conformance/request.schema.json",
    "plugins/conformance/expected.schema.json",
];

fn main() {
    if let Err(error) = embed() {
        println!("cargo::error=cannot embed the SDK: {error}");
    }
    if let Err(error) = embed_built() {
        println!("cargo::error=cannot embed what `make plugins` builds: {error}");
    }
}

/// Writes `embedded.rs`. The paths in it are relative to the repository, because the SDK includes the contract by a
/// relative path.
fn embed() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..").canonicalize()?;
    let mut files = Vec::new();
    for path in EMBEDDED.map(|path| root.join(path)) {
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() { collect(&path, &mut files)? } else { files.push(path) }
    }
    files.sort();
    let mut source = String::from(
        "/// Files of the SDK, the contract and the schemas of cases: path in the repository, and text.\n",
    );
    source.push_str("pub(super) const SDK_AND_CONTRACT: &[(&str, &str)] = &[\n");
    for file in files {
        let path = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        source.push_str(&format!("    ({path:?}, include_str!({:?})),\n", file.display().to_string()));
    }
    source.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs"), source)
}

/// Files that `make plugins` builds: the name of the constant, the file and its description.
const BUILT: [(&str, &str, &str); 2] = [
    ("DECLARATIVE", "declarative.component", "The component that interprets rules, without rules."),
    (
        "CATALOG",
        "catalog.archive",
        "The archive of the plugins that ship with this program and are installed on demand.",
    ),
];

/// Writes `embedded_plugins.rs`.
fn embed_built() -> io::Result<()> {
    let manifest_dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let built = match env::var_os("INLET_BUNDLED_PLUGINS") {
        Some(directory) => PathBuf::from(directory),
        None => manifest_dir.join("../../target/plugins"),
    };
    println!("cargo::rerun-if-env-changed=INLET_BUNDLED_PLUGINS");
    let mut source = String::new();
    for (constant, name, description) in BUILT {
        let file = built.join(name);
        println!("cargo::rerun-if-changed={}", file.display());
        let Ok(file) = file.canonicalize() else {
            println!("cargo::error={name} is not in target/plugins; run `make plugins` first");
            return Ok(());
        };
        let path = file.display().to_string();
        source.push_str(&format!("/// {description}\npub const {constant}: &[u8] = include_bytes!({path:?});\n"));
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded_plugins.rs"), source)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
