//! What is refused at load, and the sentence for each.

use inlet_sandbox::MAX_PLUGIN_BYTES;
use serde_json::json;

use crate::{
    SANDBOX,
    forge::{changed, component, manifest, sound, with_manifest},
};

fn refused(wasm: &[u8]) -> String {
    SANDBOX.load(wasm).expect_err("it should be refused").to_string()
}

#[test]
fn a_sound_one_loads() {
    let plugin = SANDBOX.load(&changed(|_| ())).unwrap();
    assert_eq!(plugin.manifest().key, "acme/forged");
    assert_eq!(plugin.manifest().methods, ["POST", "PUT", "PATCH"]);
    assert_eq!(plugin.manifest().max_body_bytes, 5 << 20);
    assert!(!plugin.answers());
    assert!(plugin.digest().starts_with("sha256:") && plugin.digest().len() == 71);
}

#[test]
fn a_manifest_reads_what_it_writes() {
    let plugin = SANDBOX.load(&changed(|_| ())).unwrap();
    let text = serde_json::to_vec(plugin.manifest()).unwrap();
    assert_eq!(&inlet_sandbox::Manifest::from_json(&text).unwrap(), plugin.manifest());
}

#[test]
fn not_wasm() {
    insta::assert_snapshot!(refused(b""), @"");
    insta::assert_snapshot!(refused(b"(component)"), @"");
}

#[test]
fn a_core_module() {
    insta::assert_snapshot!(refused(&wasm_encoder::Module::new().finish()), @"");
}

#[test]
fn a_damaged_component() {
    let whole = changed(|_| ());
    insta::assert_snapshot!(refused(&whole[..whole.len() / 2]), @"");
}

#[test]
fn too_large() {
    insta::assert_snapshot!(refused(&vec![0; MAX_PLUGIN_BYTES + 1]), @"");
}

#[test]
fn no_manifest() {
    insta::assert_snapshot!(refused(&sound()), @"");
}

#[test]
fn two_manifests() {
    let text = manifest().to_string();
    insta::assert_snapshot!(refused(&with_manifest(with_manifest(sound(), &text), &text)), @"");
}

#[test]
fn a_manifest_that_is_not_json() {
    insta::assert_snapshot!(refused(&with_manifest(sound(), "{\"key\":")), @"");
}

#[test]
fn a_manifest_with_an_unknown_field() {
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["colour"] = json!("red"))), @"");
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["links"]["blog"] = json!("https://a.invalid"))), @"");
}

#[test]
fn a_manifest_with_a_missing_or_wrong_field() {
    insta::assert_snapshot!(
        refused(&changed(|manifest| {
            manifest.as_object_mut().unwrap().remove("name");
        })),
        @""
    );
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["max_body_bytes"] = json!("5 MiB"))), @"");
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["version"] = json!("1.2"))), @"");
}

#[test]
fn a_link_that_would_run_or_leak() {
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["links"]["docs"] = json!("javascript:alert(1)"))), @"");
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["links"]["tutorial"] = json!("http://a.invalid"))), @"");
}

#[test]
fn an_unknown_contract_version() {
    // Whatever else such a manifest may hold.
    insta::assert_snapshot!(
        refused(&changed(|manifest| {
            manifest["contract"] = json!("0.2.0");
            manifest["colour"] = json!("red");
        })),
        @""
    );
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["contract"] = json!(1))), @"");
    let later = component("export translator;", |text| text.replace("source@0.1.0", "source@0.2.0"));
    insta::assert_snapshot!(refused(&with_manifest(later, &manifest().to_string())), @"");
}

#[test]
fn a_later_version_of_a_known_family_loads() {
    let later = component("import log; export translator;", |text| text.replace("source@0.1.0", "source@0.1.7"));
    let mut manifest = manifest();
    manifest["contract"] = json!("0.1.7");
    SANDBOX.load(&with_manifest(later.clone(), &manifest.to_string())).unwrap();
    manifest["contract"] = json!("0.1.0");
    insta::assert_snapshot!(refused(&with_manifest(later, &manifest.to_string())), @"");
}

#[test]
fn an_import_that_reaches_outside() {
    let curious = component("import outside:things/clock@0.1.0; export translator;", str::to_owned);
    insta::assert_snapshot!(refused(&with_manifest(curious, &manifest().to_string())), @"");
}

#[test]
fn no_export() {
    let mute = component("import log;", str::to_owned);
    insta::assert_snapshot!(refused(&with_manifest(mute, &manifest().to_string())), @"");
}

#[test]
fn an_export_or_import_of_another_shape() {
    let text = manifest().to_string();
    let other = component("export translator;", |text| text.replace("path: string", "path: list<string>"));
    insta::assert_snapshot!(refused(&with_manifest(other, &text)), @"");
    let other = component("import log; export translator;", |text| text.replace("level: level, message", "message"));
    insta::assert_snapshot!(refused(&with_manifest(other, &text)), @"");
}

#[test]
fn verification_vectors_that_do_not_verify() {
    let verification = json!({
        "scheme": "hmac", "header": "x-signature", "algorithm": "sha1", "encoding": "hex", "signed": ["{body}"],
        "vectors": [{
            "name": "single", "secret": "s3cr3t", "headers": {"x-signature": "00"}, "body": "{}", "verified": true,
        }],
    });
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["verification"] = verification)), @"");
}

#[test]
fn an_example_that_is_not_json() {
    let examples = json!([{"event_type": "track/A", "body": "{\"type\":"}]);
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["examples"] = examples)), @"");
}

#[test]
fn options_that_are_no_schema_or_live_elsewhere() {
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["options"] = json!({"type": "objekt"}))), @"");
    let remote = json!({"$ref": "https://acme.invalid/options.json"});
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["options"] = remote)), @"");
}
