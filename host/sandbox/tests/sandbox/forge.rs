//! Components made up on the spot: the right shape around functions that do nothing, to be refused for one reason each.

use serde_json::{Value, json};
use wasm_encoder::{ComponentSection, CustomSection};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

/// The contract's own text.
const CONTRACT: [&str; 4] = [
    include_str!("../../../../wit/v0.1/types.wit"),
    include_str!("../../../../wit/v0.1/translator.wit"),
    include_str!("../../../../wit/v0.1/answerer.wit"),
    include_str!("../../../../wit/v0.1/log.wit"),
];

/// A component of a world with these items, for a contract that is changed by `change` first.
pub fn component(world: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let package = "package inlet:source@0.1.0;";
    let contract: String = CONTRACT.iter().map(|text| text.replace(package, "")).collect();
    let text = change(&format!("{package}\n{contract}\nworld forged {{ {world} }}"));
    let mut resolve = Resolve::default();
    resolve.push_str("outside.wit", "package outside:things@0.1.0; interface clock { now: func() -> u64; }").unwrap();
    let package = resolve.push_str("forged.wit", &text).unwrap();
    let world = resolve.select_world(&[package], Some("forged")).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// The component that every refusal differs from in one thing.
pub fn sound() -> Vec<u8> {
    component("import log; export translator;", str::to_owned)
}

/// Adds a manifest to a component.
pub fn with_manifest(mut component: Vec<u8>, manifest: &str) -> Vec<u8> {
    CustomSection { name: "inlet:manifest".into(), data: manifest.as_bytes().into() }
        .append_to_component(&mut component);
    component
}

/// The manifest that every refusal differs from in one thing.
pub fn manifest() -> Value {
    json!({
        "key": "acme/forged",
        "name": "Forged",
        "version": "1.2.3",
        "contract": "0.1.0",
        "description": "Made up on the spot.",
        "categories": ["Infrastructure"],
        "links": {"website": "https://acme.invalid/", "docs": "https://acme.invalid/webhooks"},
    })
}

/// A sound component with a manifest that was changed.
pub fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut manifest = manifest();
    change(&mut manifest);
    with_manifest(sound(), &manifest.to_string())
}
