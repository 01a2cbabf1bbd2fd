//! Files that are refused at load, with the error sentence of each.

use inlet_sandbox::MAX_PLUGIN_BYTES;
use serde_json::{Value, json};
use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentExportKind, ComponentImportSection, ComponentInstanceSection,
    ComponentOuterAliasKind, ComponentSection, ComponentType, ComponentTypeRef, ComponentTypeSection, CustomSection,
    ModuleArg, ModuleSection, NestedComponentSection,
};

use crate::{
    SANDBOX,
    forge::{changed, component, manifest, sound, with_manifest},
    index_spaces::IndexSpaces,
};

fn refused(wasm: &[u8]) -> String {
    SANDBOX.load(wasm).expect_err("it should be refused").to_string()
}

#[test]
fn the_valid_component_loads() {
    let plugin = SANDBOX.load(&changed(|_| ())).unwrap();
    assert_eq!(plugin.manifest().key, "acme/forged");
    assert_eq!(plugin.manifest().methods, ["POST", "PUT", "PATCH"]);
    assert_eq!(plugin.manifest().max_body_bytes, 5 << 20);
    assert!(!plugin.answers());
    assert!(plugin.digest().starts_with("sha256:") && plugin.digest().len() == 71);
}

#[test]
fn a_serialized_manifest_reads_back() {
    let plugin = SANDBOX.load(&changed(|_| ())).unwrap();
    let text = serde_json::to_vec(plugin.manifest()).unwrap();
    assert_eq!(&inlet_sandbox::Manifest::from_json(&text).unwrap(), plugin.manifest());
}

#[test]
fn not_wasm() {
    insta::assert_snapshot!(refused(b""), @"the file is not WebAssembly: it begins with nothing; expected a component (0061736d); build it with `inlet plugin build`");
    insta::assert_snapshot!(refused(b"(component)"), @"the file is not WebAssembly: it begins with 28636f6d; expected a component (0061736d); build it with `inlet plugin build`");
}

#[test]
fn a_core_module() {
    insta::assert_snapshot!(refused(&wasm_encoder::Module::new().finish()), @"the file is a core WebAssembly module; expected a component; pack it with `inlet plugin pack`");
}

#[test]
fn a_damaged_component() {
    let whole = changed(|_| ());
    insta::assert_snapshot!(refused(&whole[..whole.len() / 2]), @"the file is a damaged component: unexpected end-of-file (at offset 0x7be); build or download it again");
}

#[test]
fn rules_that_are_too_large_or_there_twice() {
    let with = |sizes: &[usize]| {
        let mut wasm = changed(|_| ());
        for size in sizes {
            CustomSection { name: "inlet:rules".into(), data: vec![0; *size].into() }.append_to_component(&mut wasm);
        }
        wasm
    };
    assert!(SANDBOX.load(&with(&[32 << 10])).is_ok());
    let sentences = [refused(&with(&[(32 << 10) + 1])), refused(&with(&[1, 1]))];
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the component has 1 sections of rules ("inlet:rules") with 32769 bytes; expected one with at most 32768; build it again with `inlet plugin build`
    the component has 2 sections of rules ("inlet:rules") with 2 bytes; expected one with at most 32768; build it again with `inlet plugin build`
    "#);
}

#[test]
fn too_large() {
    insta::assert_snapshot!(refused(&vec![0; MAX_PLUGIN_BYTES + 1]), @"the file is larger than 64 MiB, the most that a plugin may have; build it for size");
}

#[test]
fn no_manifest() {
    insta::assert_snapshot!(refused(&sound()), @r#"the component has no manifest (custom section "inlet:manifest"); pack it with `inlet plugin pack` and a plugin.toml"#);
}

#[test]
fn two_manifests() {
    let text = manifest().to_string();
    insta::assert_snapshot!(refused(&with_manifest(with_manifest(sound(), &text), &text)), @r#"the component has 2 manifests (custom sections "inlet:manifest"); expected one; pack it again"#);
}

#[test]
fn a_manifest_that_is_not_json() {
    insta::assert_snapshot!(refused(&with_manifest(sound(), "{\"key\":")), @"the manifest is not JSON: EOF while parsing a value at line 1 column 7; pack the plugin again from its plugin.toml");
}

#[test]
fn a_manifest_with_an_unknown_field() {
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["colour"] = json!("red"))), @"the manifest is wrong at colour: it is not known; see wit/v0.1/manifest.schema.json");
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["links"]["blog"] = json!("https://a.invalid"))), @"the manifest is wrong at links.blog: it is not known; see wit/v0.1/manifest.schema.json");
}

#[test]
fn a_manifest_with_a_missing_or_wrong_field() {
    insta::assert_snapshot!(
        refused(&changed(|manifest| {
            manifest.as_object_mut().unwrap().remove("name");
        })),
        @"the manifest is wrong at name: it is missing; see wit/v0.1/manifest.schema.json"
    );
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["max_body_bytes"] = json!("5 MiB"))), @r#"the manifest is wrong at max_body_bytes: expected integer, found "5 MiB"; see wit/v0.1/manifest.schema.json"#);
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["version"] = json!("1.2"))), @r#"the manifest is wrong at version: "1.2" does not match "^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"; see wit/v0.1/manifest.schema.json"#);
}

#[test]
fn a_link_that_would_run_or_leak() {
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["links"]["docs"] = json!("javascript:alert(1)"))), @r#"the manifest is wrong at links.docs: expected a link that begins with https://, found "javascript:alert(1)"; see wit/v0.1/manifest.schema.json"#);
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["links"]["tutorial"] = json!("http://a.invalid"))), @r#"the manifest is wrong at links.tutorial: expected a link that begins with https://, found "http://a.invalid"; see wit/v0.1/manifest.schema.json"#);
}

#[test]
fn an_unknown_contract_version() {
    // The version is checked before other fields.
    insta::assert_snapshot!(
        refused(&changed(|manifest| {
            manifest["contract"] = json!("0.3.0");
            manifest["colour"] = json!("red");
        })),
        @"the manifest says contract 0.3.0; this Inlet knows 0.1 and 0.2; use a newer Inlet or an older plugin"
    );
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["contract"] = json!(1))), @r#"the manifest names no contract version: found 1; expected "contract": "0.2.0""#);
    let later = component("export translator;", |text| text.replace("source@0.1.0", "source@0.4.0"));
    insta::assert_snapshot!(refused(&with_manifest(later, &manifest().to_string())), @r#"the component exports "inlet:source/translator@0.4.0"; this Inlet knows contract 0.1 and 0.2; use a newer Inlet or an older plugin"#);
}

#[test]
fn a_later_version_of_a_known_family_loads() {
    let later = component("import log; export translator;", |text| text.replace("source@0.1.0", "source@0.1.7"));
    let mut manifest = manifest();
    manifest["contract"] = json!("0.1.7");
    SANDBOX.load(&with_manifest(later.clone(), &manifest.to_string())).unwrap();
    manifest["contract"] = json!("0.1.0");
    insta::assert_snapshot!(refused(&with_manifest(later, &manifest.to_string())), @r#"the manifest says contract 0.1.0 and the component exports "inlet:source/translator@0.1.7"; pack it again with the SDK it was built with"#);
}

#[test]
fn no_export() {
    let mute = component("import log;", str::to_owned);
    insta::assert_snapshot!(refused(&with_manifest(mute, &manifest().to_string())), @r#"the component does not export "inlet:source/translator@0.1.0"; export it, as the world inlet:source/source says"#);
}

#[test]
fn an_export_or_import_of_another_shape() {
    let text = manifest().to_string();
    let other = component("export translator;", |text| text.replace("path: string", "path: list<string>"));
    insta::assert_snapshot!(refused(&with_manifest(other, &text)), @r#"the component's export "inlet:source/translator@0.1.0#translate" is not what contract 0.1 says: type mismatch for field path: expected `string` found `list`; build it against wit/v0.1"#);
    let other = component("import log; export translator;", |text| text.replace("level: level, message", "message"));
    insta::assert_snapshot!(refused(&with_manifest(other, &text)), @"the component's imports are not what contract 0.1 and WASI 0.2 say: component imports instance `inlet:source/log@0.1.0`, but a matching implementation was not found in the linker: instance export `log` has the wrong type: type mismatch with parameters: expected 2-tuple, found 1-tuple; build it against wit/v0.1");
}

#[test]
fn verification_that_is_incomplete_or_does_not_verify() {
    let verification = json!({
        "scheme": "signature", "header": "x-signature", "algorithm": "hmac_sha1", "encoding": "hex",
        "signed": ["{body}", "{timestamp}.{nonce}.{body}"], "uncovered": "The headers.",
        "vectors": [{"name": "a", "secret": "s", "headers": {}, "body": "{}", "verified": false}],
    });
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["verification"] = verification)), @r#"the manifest is wrong at verification.signed.1: verification.signed holds "{timestamp}.{nonce}.{body}"; expected a template with {body} or {body:<JSON Pointer>} and, if they are signed too, {timestamp}, {id}, {method} and {header:<name>}; a manifest of version 2 may also hold {text:<JSON Pointer>}, {text_or_empty:<JSON Pointer>}, {absent:<JSON Pointer>}, {form:sorted}, {crc32:body}, {url}, {path}, {query:<name>} and {option:<name>}; see wit/v0.1/manifest.schema.json"#);
    let verification = json!({"scheme": "signature", "header": "x-signature"});
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["verification"] = verification)), @"the manifest is wrong at verification.algorithm: it is missing; see wit/v0.1/manifest.schema.json");
    let verification = json!({"scheme": "hmac", "header": "x-signature"});
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["verification"] = verification)), @r#"the manifest is wrong at verification.scheme: expected "shared_secret" or "signature", found "hmac"; see wit/v0.1/manifest.schema.json"#);
    let verification = json!({"header": "x-signature"});
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["verification"] = verification)), @"the manifest is wrong at verification.scheme: it is missing; see wit/v0.1/manifest.schema.json");
    let verification = json!("signature");
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["verification"] = verification)), @r#"the manifest is wrong at verification: expected object, found "signature"; see wit/v0.1/manifest.schema.json"#);
    let verification = json!({
        "scheme": "signature", "header": "x-signature", "algorithm": "hmac_sha1", "encoding": "hex", "signed": ["{body}"],
        "uncovered": "The headers.",
        "vectors": [{
            "name": "single", "secret": "s3cr3t", "headers": {"x-signature": "00"}, "body": "{}", "verified": true,
        }],
    });
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["verification"] = verification)), @r#"the manifest's verification is wrong: verification vector "single": expected verified = true, covers = any, found verified = false (failed), where the template makes x-signature: f717d461cefc70d136e3e49fbcb90ce682c31fb8; correct the vector or the template in the manifest"#);
}

#[test]
fn an_example_that_is_not_json() {
    let examples = json!([{"event_type": "track/A", "body": "{\"type\":"}]);
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["examples"] = examples)), @r#"the manifest's example "track/A" is not JSON: it is not valid JSON: EOF while parsing a value at line 1 column 8; correct its body"#);
}

#[test]
fn options_that_are_no_schema_or_refer_to_other_documents() {
    insta::assert_snapshot!(refused(&changed(|manifest| manifest["options"] = json!({"type": "objekt"}))), @r#"the manifest's options are not a JSON Schema: type: "objekt" is not valid under any of the schemas listed in the 'anyOf' keyword; correct [options] in its plugin.toml"#);
    let options = |options: Value| refused(&changed(|manifest| manifest["options"] = options));
    insta::assert_snapshot!(options(json!({"$ref": "https://acme.invalid/options.json"})), @r#"the manifest's options are not a JSON Schema: it refers to "https://acme.invalid/options.json", and other documents are not fetched; write out here what that one says, for example under $defs; correct [options] in its plugin.toml"#);
    insta::assert_snapshot!(options(json!({"properties": {"a": {"$ref": "file:///etc/passwd"}}})), @r#"the manifest's options are not a JSON Schema: it refers to "file:///etc/passwd", and other documents are not fetched; write out here what that one says, for example under $defs; correct [options] in its plugin.toml"#);
}

/// Builds a component that instantiates `inner` the given number of times.
fn many(inner: &Component, times: usize) -> Component {
    let mut outer = Component::new();
    outer.section(&NestedComponentSection(inner));
    outer.section(&instances(0, times));
    outer
}

fn instances(component: u32, times: usize) -> ComponentInstanceSection {
    let mut instances = ComponentInstanceSection::new();
    let none: [(&str, ComponentExportKind, u32); 0] = [];
    (0..times).for_each(|_| {
        instances.instantiate(component, none);
    });
    instances
}

/// Builds the valid component with `inner` in it, instantiated once.
fn holding(inner: &Component) -> Vec<u8> {
    let mut outer = changed(|_| ());
    let index = IndexSpaces::of(&outer).components;
    NestedComponentSection(inner).append_to_component(&mut outer);
    instances(index, 1).append_to_component(&mut outer);
    outer
}

#[test]
fn components_that_multiply() {
    let empty = Component::new();
    // A million instances once compiled.
    insta::assert_snapshot!(refused(&holding(&many(&many(&many(&empty, 100), 100), 100))), @"the component asks for more than a sandbox has: it instantiates 10100 modules and components, all together, and 500 are allowed; build it as one module with one memory and one table");
    let mut module = Component::new();
    module.section(&ModuleSection(&wasm_encoder::Module::new()));
    let mut start = wasm_encoder::InstanceSection::new();
    (0..400).for_each(|_| {
        start.instantiate(0, Vec::<(&str, ModuleArg)>::new());
    });
    module.section(&start);
    let one = many(&empty, 490);
    insta::assert_snapshot!(refused(&holding(&many(&module, 2))), @"the component asks for more than a sandbox has: it instantiates 802 modules and components, all together, and 500 are allowed; build it as one module with one memory and one table");
    // The same through an outer alias and through an export.
    let mut named = Component::new();
    let mut alias = ComponentAliasSection::new();
    alias.alias(Alias::Outer { kind: ComponentOuterAliasKind::Component, count: 1, index: 0 });
    named.section(&alias).section(&instances(0, 2));
    let mut outer = Component::new();
    outer.section(&NestedComponentSection(&one)).section(&NestedComponentSection(&named)).section(&instances(1, 1));
    insta::assert_snapshot!(refused(&holding(&outer)), @"the component asks for more than a sandbox has: it instantiates 982 modules and components, all together, and 500 are allowed; build it as one module with one memory and one table");
    let mut exported = Component::new();
    let mut export = wasm_encoder::ComponentExportSection::new();
    export.export("again", ComponentExportKind::Component, 0, None);
    exported.section(&NestedComponentSection(&one)).section(&export).section(&instances(1, 2));
    insta::assert_snapshot!(refused(&holding(&exported)), @"the component asks for more than a sandbox has: it instantiates 982 modules and components, all together, and 500 are allowed; build it as one module with one memory and one table");
}

#[test]
fn a_few_components_in_one_another() {
    let few = many(&many(&Component::new(), 10), 10);
    assert!(SANDBOX.load(&holding(&few)).is_ok());
}

#[test]
fn components_that_cannot_be_counted() {
    let mut given = Component::new();
    let mut types = ComponentTypeSection::new();
    types.component(&ComponentType::new());
    let mut import = ComponentImportSection::new();
    import.import("given", ComponentTypeRef::Component(0));
    given.section(&types).section(&import).section(&instances(0, 2));
    insta::assert_snapshot!(refused(&holding(&many(&given, 0))), @"the component asks for more than a sandbox has: it instantiates what it is given, or takes out of an instance, and only what is written in it can be counted; build it as one module with one memory and one table");
}

#[test]
fn components_deep_inside_one_another() {
    let deep = (0..30).fold(Component::new(), |inner, _| many(&inner, 1));
    insta::assert_snapshot!(refused(&holding(&deep)), @"the component asks for more than a sandbox has: its components lie more than 20 deep inside one another; build it as one module with one memory and one table");
}

/// Few instances of a large component: its types count once per instance.
#[test]
fn a_large_component_many_times() {
    let mut large = Component::new();
    let mut types = ComponentTypeSection::new();
    for _ in 0..30_000 {
        types.defined_type().primitive(wasm_encoder::PrimitiveValType::U8);
    }
    large.section(&types);
    insta::assert_snapshot!(refused(&holding(&many(&large, 200))), @"the component asks for more than a sandbox has: how its parts are put together takes 5.7 MiB, and 4 MiB are allowed; build it as one module with one memory and one table");
}

#[test]
fn a_manifest_that_is_too_large() {
    // The text is not JSON either, but the size is checked first.
    insta::assert_snapshot!(refused(&with_manifest(sound(), &"[".repeat(2 << 20))), @"the manifest has 2 MiB; at most 1 MiB are allowed; shorten its examples and texts in its plugin.toml");
    let examples = |count| {
        let example = json!({"event_type": "track/A", "body": {"text": "a".repeat(100 << 10)}});
        changed(|manifest| manifest["examples"] = json!(vec![example; count]))
    };
    assert!(SANDBOX.load(&examples(10)).is_ok());
    insta::assert_snapshot!(refused(&examples(11)), @"the manifest has 1.1 MiB; at most 1 MiB are allowed; shorten its examples and texts in its plugin.toml");
}
