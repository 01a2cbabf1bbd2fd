//! The manifests of all platforms, as a server reads them: every signature vector verifies, and every handshake can be answered.

use std::{fs, path::Path};

use inlet_sandbox::Manifest;
use serde_json::Value;

#[test]
fn every_manifest_of_a_platform_is_taken_with_its_vectors() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/platforms");
    let mut faults = Vec::new();
    let mut vectors = 0;
    for folder in fs::read_dir(directory).unwrap() {
        let file = folder.unwrap().path().join("plugin.toml");
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let manifest: Value = toml::from_str(&text).unwrap();
        match Manifest::from_json(manifest.to_string().as_bytes()) {
            Ok(manifest) => vectors += manifest.verification.map_or(0, |scheme| scheme.vectors().len()),
            Err(error) => faults.push(format!("{}: {error}", manifest["key"])),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(vectors > 50, "{vectors}");
}
