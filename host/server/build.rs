//! Embeds the bundled plugins, the components that `make plugins` left in `target/plugins`.
//!
//! They are built by a small program apart (`plugins/pack`): a cargo build inside a build script would need a target
//! directory of its own and would hide its errors.

use std::{env, fs, path::PathBuf};

/// The plugins that come with the server.
const BUNDLED: [&str; 5] = ["census", "hightouch", "http", "rudderstack", "segment"];

fn main() {
    bundled();
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
