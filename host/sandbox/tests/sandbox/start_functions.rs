//! Start functions, which run before the export is called: the same limits apply.

use std::time::Duration;

use inlet_sandbox::{Fault, Limits};
use wasm_encoder::{ComponentSection, InstanceSection, Instruction, ModuleArg};

use crate::{
    HOSTILE, SANDBOX, load,
    raw_plugin::{RawPlugin, endless},
    relaxed_limits, request, until_it_ran,
};

/// Calls a raw plugin that misbehaves for every request, and checks that another plugin still works.
pub async fn always(plugin: RawPlugin, limits: &Limits) -> Fault {
    let fault = load(plugin).translate(&request("/", "{}"), limits).await.result.unwrap_err();
    assert!(HOSTILE.translate(&request("/ok", "{}"), &relaxed_limits()).await.result.is_ok());
    fault
}

#[tokio::test]
async fn a_raw_plugin_behaves_by_default() {
    assert!(load(RawPlugin::default()).translate(&request("/", "{}"), &relaxed_limits()).await.result.unwrap().is_ok());
}

#[tokio::test]
async fn an_endless_loop() {
    let limits = Limits { time: Duration::from_millis(100), ..relaxed_limits() };
    let looping = || RawPlugin { start: endless(), ..RawPlugin::default() };
    let fault = until_it_ran(async || always(looping(), &limits).await).await;
    assert_eq!(fault.code(), "time");
    insta::assert_snapshot!(fault, @"the plugin ran longer than 100ms, its limit for a body of 2 bytes, and was stopped; look for a loop in the plugin or raise its time limit");
}

#[tokio::test]
async fn an_abort() {
    let fault =
        always(RawPlugin { start: vec![Instruction::Unreachable], ..RawPlugin::default() }, &relaxed_limits()).await;
    assert_eq!(fault.code(), "trap");
    insta::assert_snapshot!(fault, @"the plugin crashed: wasm `unreachable` instruction executed; see its log lines");
}

#[tokio::test]
async fn a_memory_bomb() {
    let start = vec![Instruction::I32Const(60_000), Instruction::MemoryGrow(0), Instruction::Drop];
    let fault = always(RawPlugin { start, ..RawPlugin::default() }, &relaxed_limits()).await;
    assert_eq!(fault.code(), "memory");
    insta::assert_snapshot!(fault, @"the plugin asked for 3750.1 MiB of memory; its limit is 256 MiB; make it hold less of the body at once or raise its memory limit");
}

/// The module declares the memory; no instruction asks for it.
#[tokio::test]
async fn more_memory_than_its_limit() {
    let limits = Limits { memory: 8 << 20, ..relaxed_limits() };
    let fault = always(RawPlugin { pages: 160, ..RawPlugin::default() }, &limits).await;
    assert_eq!(fault.code(), "memory");
    insta::assert_snapshot!(fault, @"the plugin asked for 10 MiB of memory; its limit is 8 MiB; make it hold less of the body at once or raise its memory limit");
}

/// Sizes beyond every possible limit are refused at load.
#[tokio::test]
async fn more_than_any_sandbox_has() {
    let refused = |plugin: RawPlugin| SANDBOX.load(&plugin.wasm()).expect_err("it should be refused").to_string();
    insta::assert_snapshot!(refused(RawPlugin { pages: 5000, ..RawPlugin::default() }), @"the component begins with 312.5 MiB of memory; a sandbox has 256 MiB; build it with less, or raise the server's max_sandbox_memory");
    insta::assert_snapshot!(refused(RawPlugin { elements: 1_000_000, ..RawPlugin::default() }), @"the component begins with a table of 1000000 elements; 20000 are allowed; keep its data in memory and not in tables");
    let mut wasm = RawPlugin::default().wasm();
    let mut more = InstanceSection::new();
    for _ in 0..8 {
        more.instantiate(0, Vec::<(&str, ModuleArg)>::new());
    }
    more.append_to_component(&mut wasm);
    insta::assert_snapshot!(SANDBOX.load(&wasm).expect_err("it should be refused"), @"the component asks for more than a sandbox has: The component transitively contains 9 Wasm linear memories, which exceeds the configured maximum of 2 in the pooling allocator; build it as one module with one memory and one table");
    assert!(HOSTILE.translate(&request("/ok", "{}"), &relaxed_limits()).await.result.is_ok());
}
