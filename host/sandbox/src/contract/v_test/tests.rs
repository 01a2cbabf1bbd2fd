//! Two contract versions loaded in one sandbox.

#![allow(clippy::unwrap_used, reason = "tests")]

use bytestring::ByteString;
use inlet_core::contract::{Body, Item, Request};
use serde_json::json;
use wasm_encoder::{
    CodeSection, ComponentSection as _, ConstExpr, CustomSection, DataSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, ImportSection, Instruction, MemorySection, MemoryType, Module, TypeSection,
    ValType::I32,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::WIT;
use crate::{
    run::{EngineConfig, Limits},
    sandbox::Sandbox,
};

/// Builds a component that logs and returns `event_type`, whatever the body is.
fn component(event_type: &str) -> Vec<u8> {
    const TEXT: i32 = 1024;
    const LIST: i32 = 16;
    let length = event_type.len() as i32;
    let mut types = TypeSection::new();
    types.ty().function([I32, I32], []);
    types.ty().function([I32, I32], [I32]);
    types.ty().function([I32; 4], [I32]);
    let mut imports = ImportSection::new();
    imports.import("inlet:source/log@0.99.0", "log", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(1).function(2);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 2, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("inlet:source/translator@0.99.0#translate", ExportKind::Func, 1);
    exports.export("cabi_realloc", ExportKind::Func, 2);
    let mut code = CodeSection::new();
    let log = [Instruction::I32Const(TEXT), Instruction::I32Const(length), Instruction::Call(0)];
    for body in [[&log[..], &[Instruction::I32Const(LIST)]].concat(), vec![Instruction::I32Const(65536)]] {
        let mut function = Function::new([]);
        body.iter().chain([&Instruction::End]).for_each(|instruction| {
            function.instruction(instruction);
        });
        code.function(&function);
    }
    // Offset and length of the list, then offset and length of its only element.
    let list = [LIST + 8, 1, TEXT, length].map(i32::to_le_bytes).concat();
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(LIST), list);
    data.active(0, &ConstExpr::i32_const(TEXT), event_type.bytes());
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&memories).section(&exports);
    let mut module = module.section(&code).section(&data).clone().finish();

    let mut resolve = Resolve::default();
    let package = resolve.push_str("v_test.wit", WIT).unwrap();
    let world = resolve.select_world(&[package], Some("source")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

fn with_manifest(mut component: Vec<u8>, contract: &str) -> Vec<u8> {
    let manifest = json!({
        "key": "acme/v-test", "name": "Version test", "version": "1.0.0", "contract": contract, "description": "A plugin of contract 0.99.",
        "categories": ["Infrastructure"], "links": {"website": "https://acme.invalid/", "docs": "https://acme.invalid/"},
    });
    let data = manifest.to_string().into_bytes().into();
    CustomSection { name: "inlet:manifest".into(), data }.append_to_component(&mut component);
    component
}

fn request() -> Request {
    Request {
        method: "POST".to_owned(),
        path: String::new(),
        query: vec![],
        headers: vec![],
        body: Body::Text(ByteString::from("{}")),
        received_at_ms: 0,
        options: "{}".to_owned(),
        facts: vec![],
    }
}

fn first_type(items: &[Item]) -> &str {
    match items {
        [Item::Event(event), ..] => &event.event_type,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_versions_load_and_translate_side_by_side() {
    let sandbox = Sandbox::new(EngineConfig { max_instances: 2, ..EngineConfig::default() }).unwrap();
    let old = sandbox.load(include_bytes!("../../../tests/contract_components/v0_1/plugin.wasm")).unwrap();
    let new = sandbox.load(&with_manifest(component("test/event"), "0.99.0")).unwrap();
    for _ in 0..2 {
        let call = new.translate(&request(), &Limits::default()).await;
        assert_eq!(first_type(&call.result.unwrap().unwrap().items), "test/event");
        assert_eq!((call.logs[0].level.as_str(), call.logs[0].message.as_str()), ("info", "test/event"));
        let call = old.translate(&request(), &Limits::default()).await;
        assert_eq!(first_type(&call.result.unwrap().unwrap().items), "POST ");
        assert_eq!((call.logs[0].level.as_str(), call.logs[0].message.as_str()), ("debug", "debug"));
    }
    assert!(old.answers() && !new.answers());
}

#[tokio::test]
async fn the_output_of_a_second_version_is_checked_like_the_first() {
    let sandbox = Sandbox::new(EngineConfig { max_instances: 2, ..EngineConfig::default() }).unwrap();
    let plugin = sandbox.load(&with_manifest(component("test/event"), "0.99.0")).unwrap();
    let limits = Limits { string: 4, ..Limits::default() };
    let fault = plugin.translate(&request(), &limits).await.result.unwrap_err();
    insta::assert_snapshot!(fault, @"the plugin's output was refused: items[0].event.event_type has 10 bytes; at most 4 bytes are allowed; let the plugin reject such an item (`too_long`)");
}

#[test]
fn a_manifest_of_one_version_with_code_of_the_other_does_not_load() {
    let sandbox = Sandbox::new(EngineConfig { max_instances: 2, ..EngineConfig::default() }).unwrap();
    let error = sandbox.load(&with_manifest(component("test/event"), "0.1.0")).unwrap_err();
    insta::assert_snapshot!(error, @r#"the manifest says contract 0.1.0 and the component exports "inlet:source/translator@0.99.0"; pack it again with the SDK it was built with"#);
}
