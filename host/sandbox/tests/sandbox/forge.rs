//! Forged components: a valid shape around functions that do nothing. Each test changes one thing that is then refused.

use serde_json::{Value, json};
use wasm_encoder::{ComponentSection, CustomSection};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve, WorldId};

/// The text of the contract.
const CONTRACT: [&str; 4] = [
    include_str!("../../../../wit/v0.1/types.wit"),
    include_str!("../../../../wit/v0.1/translator.wit"),
    include_str!("../../../../wit/v0.1/answerer.wit"),
    include_str!("../../../../wit/v0.1/log.wit"),
];

/// Packages outside of the contract, with one function of each interface.
const OUTSIDE: [&str; 9] = [
    "package outside:things@0.1.0; interface clock { now: func() -> u64; }",
    "package wasi:filesystem@0.2.6; interface preopens { get-directories: func() -> list<string>; }",
    "package wasi:sockets@0.2.6; interface instance-network { instance-network: func() -> u32; }",
    "package wasi:http@0.2.6; interface outgoing-handler { handle: func(url: string) -> string; }",
    "package wasi:clocks@0.2.6; interface wall-clock { now: func() -> u64; } interface timezone { offset: func() -> s32; }",
    "package wasi:clocks@0.3.0; interface wall-clock { now: func() -> u64; }",
    "package wasi:random@0.2.6; interface random { get-random-u64: func() -> string; }",
    "package wasi:cli@0.2.6; interface environment { get-environment: func() -> list<string>; }
     interface stderr { get-stderr: func() -> u32; }",
    "package inlet:source@0.3.0; interface log { log: func(message: string); }",
];

/// Builds a component of a world with the items `world`, after `change` was applied to the contract.
pub fn component(world: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let (resolve, world) = contract(world, change);
    encode(dummy_module(&resolve, world, ManglingAndAbi::Standard32), &resolve, world)
}

/// Parses the contract after `change` was applied to it, with a world of the items `world`.
pub fn contract(world: &str, change: impl Fn(&str) -> String) -> (Resolve, WorldId) {
    let package = "package inlet:source@0.1.0;";
    let contract: String = CONTRACT.iter().map(|text| text.replace(package, "")).collect();
    let text = change(&format!("{package}\n{contract}\nworld forged {{ {world} }}"));
    let mut resolve = Resolve::default();
    for outside in OUTSIDE {
        resolve.push_str("outside.wit", outside).unwrap();
    }
    let package = resolve.push_str("forged.wit", &text).unwrap();
    let world = resolve.select_world(&[package], Some("forged")).unwrap();
    (resolve, world)
}

/// Encodes a module with the functions of a world as a component.
pub fn encode(mut module: Vec<u8>, resolve: &Resolve, world: WorldId) -> Vec<u8> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// Builds the valid component that the refused ones are derived from.
pub fn sound() -> Vec<u8> {
    component("import log; export translator;", str::to_owned)
}

/// Appends a manifest to a component.
pub fn with_manifest(mut component: Vec<u8>, manifest: &str) -> Vec<u8> {
    CustomSection { name: "inlet:manifest".into(), data: manifest.as_bytes().into() }
        .append_to_component(&mut component);
    component
}

/// Returns the valid manifest that the refused ones are derived from.
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

/// Builds the valid component with a changed manifest.
pub fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut manifest = manifest();
    change(&mut manifest);
    with_manifest(sound(), &manifest.to_string())
}
