//! Code that runs before the first call: it is the plugin's too, and the same limits hold.

use std::time::Duration;

use inlet_sandbox::{Fault, Limits};
use wasm_encoder::{ComponentSection, InstanceSection, Instruction, ModuleArg};

use crate::{
    HOSTILE, SANDBOX, load, patient, request,
    twin::{Twin, endless},
};

/// Loads a twin that misbehaves whatever it is given, calls it, and sees that another plugin is none the worse.
pub async fn always(twin: Twin, limits: &Limits) -> Fault {
    let fault = load(twin).translate(&request("/", "{}"), limits).await.result.unwrap_err();
    assert!(HOSTILE.translate(&request("/ok", "{}"), &patient()).await.result.is_ok());
    fault
}

#[tokio::test]
async fn it_behaves_unless_it_is_told_otherwise() {
    assert!(load(Twin::default()).translate(&request("/", "{}"), &patient()).await.result.unwrap().is_ok());
}

#[tokio::test]
async fn an_endless_loop() {
    let limits = Limits { time: Duration::from_millis(100), ..patient() };
    let fault = always(Twin { start: endless(), ..Twin::default() }, &limits).await;
    assert_eq!(fault.code(), "time");
    insta::assert_snapshot!(fault, @"the plugin ran longer than 100ms, its limit for a body of 2 bytes, and was stopped; look for a loop in the plugin or raise its time limit");
}

#[tokio::test]
async fn an_abort() {
    let fault = always(Twin { start: vec![Instruction::Unreachable], ..Twin::default() }, &patient()).await;
    assert_eq!(fault.code(), "trap");
    insta::assert_snapshot!(fault, @"the plugin crashed: wasm `unreachable` instruction executed; see its log lines");
}

#[tokio::test]
async fn a_memory_bomb() {
    let start = vec![Instruction::I32Const(60_000), Instruction::MemoryGrow(0), Instruction::Drop];
    let fault = always(Twin { start, ..Twin::default() }, &patient()).await;
    assert_eq!(fault.code(), "memory");
    insta::assert_snapshot!(fault, @"the plugin asked for 3750.1 MiB of memory; its limit is 256 MiB; make it hold less of the body at once or raise its memory limit");
}

/// Asked for by the module itself and not by an instruction.
#[tokio::test]
async fn more_memory_than_its_limit() {
    let limits = Limits { memory: 8 << 20, ..patient() };
    let fault = always(Twin { pages: 160, ..Twin::default() }, &limits).await;
    assert_eq!(fault.code(), "memory");
    insta::assert_snapshot!(fault, @"the plugin asked for 10 MiB of memory; its limit is 8 MiB; make it hold less of the body at once or raise its memory limit");
}

/// What no limit of a plugin could allow is known before anything runs.
#[tokio::test]
async fn more_than_any_sandbox_has() {
    let refused = |twin: Twin| SANDBOX.load(&twin.wasm()).expect_err("it should be refused").to_string();
    insta::assert_snapshot!(refused(Twin { pages: 5000, ..Twin::default() }), @"the component begins with 312.5 MiB of memory; a sandbox has 256 MiB; build it with less, or raise the server's max_sandbox_memory");
    insta::assert_snapshot!(refused(Twin { elements: 1_000_000, ..Twin::default() }), @"the component begins with a table of 1000000 elements; 20000 are allowed; keep its data in memory and not in tables");
    let mut wasm = Twin::default().wasm();
    let mut more = InstanceSection::new();
    for _ in 0..8 {
        more.instantiate(0, Vec::<(&str, ModuleArg)>::new());
    }
    more.append_to_component(&mut wasm);
    insta::assert_snapshot!(SANDBOX.load(&wasm).expect_err("it should be refused"), @"the component asks for more than a sandbox has: The component transitively contains 9 Wasm linear memories, which exceeds the configured maximum of 2 in the pooling allocator; build it as one module with one memory and one table");
    assert!(HOSTILE.translate(&request("/ok", "{}"), &patient()).await.result.is_ok());
}
