//! Misbehaviour below the SDK: raw machine code, and results that violate the contract's types.
//!
//! Each test checks the error sentence, and that the same plugin serves the next request.

use std::time::Duration;

use inlet_sandbox::{Fault, Limits};
use wasm_encoder::{HeapType, Instruction, MemArg};

use crate::{
    bytes, load,
    raw_plugin::{RESULT, RawPlugin, endless},
    relaxed_limits, request,
    start_functions::always,
};

/// Makes a raw plugin misbehave in one call and behave in the next, and returns the fault of the first.
async fn fault(plugin: RawPlugin, limits: &Limits) -> Fault {
    let plugin = load(plugin);
    let call = plugin.translate(&bytes(), limits).await;
    let next = plugin.translate(&request("/", ""), &relaxed_limits()).await;
    assert!(next.result.is_ok(), "the next request is served: {:?}", next.result);
    call.result.unwrap_err()
}

async fn running(translate: Vec<Instruction<'static>>) -> String {
    describe(&fault(RawPlugin { translate, ..RawPlugin::default() }, &relaxed_limits()).await)
}

/// Returns the fault's code and sentence.
fn describe(fault: &Fault) -> String {
    format!("{}: {fault}", fault.code())
}

/// Makes `translate` return a pointer to `result`, which is not a valid translation, and describes the fault.
async fn returning(result: &[u8]) -> String {
    let elsewhere = RESULT + 256;
    let plugin = RawPlugin {
        translate: vec![Instruction::I32Const(elsewhere), Instruction::Return],
        result: [&[0; 256], result].concat(),
        ..RawPlugin::default()
    };
    describe(&fault(plugin, &relaxed_limits()).await)
}

#[tokio::test]
async fn a_table_bomb() {
    let grow = vec![
        Instruction::RefNull(HeapType::FUNC),
        Instruction::I32Const(1_000_000),
        Instruction::TableGrow(0),
        Instruction::Drop,
    ];
    let fault = fault(RawPlugin { translate: grow, ..RawPlugin::default() }, &relaxed_limits()).await;
    assert_eq!(fault.code(), "memory");
    insta::assert_snapshot!(fault, @"the plugin asked for a table of 1000001 elements; 20000 are allowed; keep its data in memory and not in tables");
}

#[tokio::test]
async fn a_memory_bomb_in_one_step() {
    let grow = vec![Instruction::I32Const(60_000), Instruction::MemoryGrow(0), Instruction::Drop];
    insta::assert_snapshot!(running(grow).await, @"memory: the plugin asked for 3750.1 MiB of memory; its limit is 256 MiB; make it hold less of the body at once or raise its memory limit");
}

/// Overflows the native stack. A recursion in the SDK overflows the stack in linear memory first.
#[tokio::test]
async fn recursion() {
    let parameters = (0..16).map(Instruction::LocalGet);
    let again = parameters.chain([Instruction::Call(0), Instruction::Drop]).collect();
    insta::assert_snapshot!(running(again).await, @"trap: the plugin crashed: call stack exhausted (a recursion that is too deep); see its log lines");
}

#[tokio::test]
async fn a_stray_read_and_a_division_by_zero() {
    let read = Instruction::I32Load(MemArg { offset: 0, align: 2, memory_index: 0 });
    insta::assert_snapshot!(running(vec![Instruction::I32Const(-4), read, Instruction::Drop]).await, @"trap: the plugin crashed: out of bounds memory access (a recursion that is too deep, or a stray pointer); see its log lines");
    let divide = vec![Instruction::I32Const(1), Instruction::I32Const(0), Instruction::I32DivU, Instruction::Drop];
    insta::assert_snapshot!(running(divide).await, @"trap: the plugin crashed: integer divide by zero; see its log lines");
}

#[tokio::test]
async fn a_result_outside_of_memory() {
    let far = |at| vec![Instruction::I32Const(at), Instruction::Return];
    insta::assert_snapshot!(running(far(0x7fff_fff0)).await, @"trap: the plugin crashed: pointer out of bounds of memory; see its log lines");
    insta::assert_snapshot!(running(far(RESULT + 1)).await, @"trap: the plugin crashed: return pointer not aligned; see its log lines");
}

#[tokio::test]
async fn a_list_or_text_outside_of_memory() {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    // `Ok`, then offset and length of the list of items.
    let items = returning(&words(&[0, 0x7fff_fff0, 1])).await;
    let many = returning(&words(&[0, 1024, u32::MAX])).await;
    // `Err`, then offset and length of the code.
    let code = returning(&words(&[1, 0x7fff_fff0, 1])).await;
    let long = returning(&words(&[1, 1024, 1 << 20])).await;
    insta::assert_snapshot!([items, many, code, long].join("\n"), @r"
    trap: the plugin crashed: list pointer/length out of bounds of memory; see its log lines
    trap: the plugin crashed: list pointer/length out of bounds of memory; see its log lines
    trap: the plugin crashed: string pointer/length out of bounds of memory; see its log lines
    trap: the plugin crashed: string pointer/length out of bounds of memory; see its log lines
    ");
}

#[tokio::test]
async fn an_unknown_discriminant_and_invalid_utf_8() {
    let kind = returning(&[7]).await;
    let mut code = [1_u32, RESULT as u32 + 256 + 40, 1].iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    code.resize(40, 0);
    code.push(0xff);
    let text = returning(&code).await;
    insta::assert_snapshot!([kind, text].join("\n"), @r"
    trap: the plugin crashed: invalid expected discriminant; see its log lines
    trap: the plugin crashed: invalid utf-8 sequence of 1 bytes from index 0; see its log lines
    ");
}

#[tokio::test]
async fn a_reallocation_outside_of_memory() {
    let plugin = RawPlugin { realloc: vec![Instruction::I32Const(0x7fff_fff0)], ..RawPlugin::default() };
    let fault = always(plugin, &relaxed_limits()).await;
    insta::assert_snapshot!(describe(&fault), @"trap: the plugin crashed: realloc return: beyond end of memory; see its log lines");
}

/// The host calls `realloc` before the export, and `post_return` after it.
#[tokio::test]
async fn an_endless_loop_before_and_after_the_export() {
    let limits = Limits { time: Duration::from_millis(100), ..relaxed_limits() };
    let mut before = endless();
    before.push(Instruction::I32Const(4096));
    for plugin in [
        RawPlugin { realloc: before, ..RawPlugin::default() },
        RawPlugin { post_return: endless(), ..RawPlugin::default() },
    ] {
        assert_eq!(always(plugin, &limits).await.code(), "time");
    }
    let fault = fault(RawPlugin { translate: endless(), ..RawPlugin::default() }, &limits).await;
    assert_eq!(fault.code(), "time");
}
