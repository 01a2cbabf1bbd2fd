//! The verification templates of many platforms: the manifest schema accepts each, and so does loading.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{SANDBOX, forge::changed};

#[test]
fn a_manifest_can_hold_the_scheme_of_every_platform() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/schemes");
    let mut found = 0;
    for file in fs::read_dir(directory).unwrap() {
        let file = file.unwrap().path();
        let scheme: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let plugin = SANDBOX.load(&changed(|manifest| manifest["verification"] = scheme.clone()));
        let plugin = plugin.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let read = serde_json::to_value(plugin.manifest().verification.as_ref()).unwrap();
        assert_eq!(read, scheme, "{}", file.display());
        found += 1;
    }
    assert!(found > 10, "found {found}");
}
