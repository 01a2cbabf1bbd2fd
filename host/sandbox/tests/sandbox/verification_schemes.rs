//! The verification templates of many platforms: the manifest schema accepts each, and so does loading.

use std::{fs, path::Path};

use inlet_core::verification::Template;
use serde_json::{Value, json};

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

#[test]
fn a_manifest_of_version_2_can_hold_what_one_of_version_1_cannot() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/schemes_of_version_2");
    let mut found = 0;
    for file in fs::read_dir(directory).unwrap() {
        let file = file.unwrap().path();
        let scheme: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let with = |version: Option<u64>| {
            changed(|manifest| {
                manifest["verification"] = scheme.clone();
                match version {
                    Some(version) => manifest["manifest"] = version.into(),
                    None => drop(manifest.as_object_mut().unwrap().remove("manifest")),
                }
            })
        };
        let plugin = SANDBOX.load(&with(Some(2))).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let expected: Template = serde_json::from_value(scheme.clone()).unwrap();
        assert_eq!(plugin.manifest().verification.as_ref(), Some(&expected), "{}", file.display());
        assert!(SANDBOX.load(&with(None)).is_err(), "{}: an older host would refuse it", file.display());
        found += 1;
    }
    assert!(found > 15, "found {found}");
}

/// A member that is new in templates must not pass for what it is not in a manifest of version 1.
#[test]
fn a_template_of_version_2_is_refused_in_version_1_by_its_name() {
    let refused = SANDBOX.load(&changed(|manifest| {
        manifest.as_object_mut().unwrap().remove("manifest");
        manifest["verification"] = json!({
            "scheme": "signature", "header": "x-signature", "algorithm": "hmac_sha256", "encoding": "hex",
            "signed": ["{url}{body}"], "uncovered": "The headers.",
            "vectors": [{"name": "one", "secret": "s", "headers": {}, "body": "", "verified": false}],
        });
    }));
    insta::assert_snapshot!(refused.err().unwrap(), @r#"the manifest is wrong at verification.signed.0: "{url}{body}" is of manifest version 2; add `manifest = 2`; see wit/v0.1/manifest.schema.json"#);
}
