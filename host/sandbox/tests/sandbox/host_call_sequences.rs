//! Long sequences of host calls, without loops and guest functions: wasmtime checks no epoch there.

use std::time::{Duration, Instant};

use inlet_core::contract::GuestLog;
use inlet_sandbox::{Call, Limits, Plugin};
use wasm_encoder::Instruction;

use crate::{
    HOSTILE, SANDBOX,
    index_spaces::{HostFunction, log, number, with_start},
    raw_plugin::RawPlugin,
    relaxed_limits, request,
};

/// Logs the first bytes of the memory.
fn logs(bytes: i32) -> Vec<Instruction<'static>> {
    vec![Instruction::I32Const(1), Instruction::I32Const(0), Instruction::I32Const(bytes), Instruction::Call(0)]
}

fn times(count: usize, part: &[Instruction<'static>]) -> Vec<Instruction<'static>> {
    part.iter().cycle().take(count * part.len()).cloned().collect()
}

fn loaded(host: &[HostFunction], body: &[Instruction<'static>]) -> Plugin {
    SANDBOX.load(&with_start(RawPlugin { pages: 8, ..RawPlugin::default() }.wasm(), host, body)).unwrap()
}

/// Calls a plugin, and checks that another plugin still works.
async fn called(plugin: &Plugin, limits: &Limits) -> Call<String> {
    let call = plugin.translate(&request("/", "{}"), limits).await;
    assert!(HOSTILE.translate(&request("/ok", "{}"), &relaxed_limits()).await.result.is_ok());
    let result = call.result.map(|translation| format!("{translation:?}"));
    Call { result, logs: call.logs, logs_dropped: call.logs_dropped, spent: call.spent }
}

#[tokio::test]
async fn the_end_of_a_sequence_is_reached() {
    let call = called(&loaded(&[log()], &logs(2)), &relaxed_limits()).await;
    assert!(call.result.is_ok(), "{:?}", call.result);
    assert_eq!(call.logs, [GuestLog { level: "info".to_owned(), message: "\0\0".to_owned() }]);
}

#[tokio::test]
async fn a_sequence_of_logs_ends_at_the_time_limit() {
    const LINES: usize = 20_000;
    let plugin = loaded(&[log()], &times(LINES, &logs(64 << 10)));
    let call = called(&plugin, &Limits { time: Duration::from_millis(1), ..Limits::default() }).await;
    insta::assert_snapshot!(call.result.unwrap_err(), @"the plugin ran longer than 1ms, its limit for a body of 2 bytes, and was stopped; look for a loop in the plugin or raise its time limit");
    // A gigabyte cannot be read within a millisecond.
    let written = call.logs.len() + call.logs_dropped as usize;
    assert!(written < LINES, "{written} lines");
}

/// Cheap functions count per call.
#[tokio::test]
async fn a_sequence_of_clock_calls_ends_at_the_time_limit() {
    let clock = number("wasi:clocks/monotonic-clock@0.2.6", "now");
    let random = number("wasi:random/random@0.2.6", "get-random-u64");
    for function in [clock, random] {
        let asks = vec![Instruction::Call(1), Instruction::Drop];
        let plugin = loaded(&[log(), function], &[times(1000, &asks), logs(1)].concat());
        let call = called(&plugin, &Limits { time: Duration::ZERO, ..Limits::default() }).await;
        assert!(call.logs.is_empty(), "it came to its end");
        assert!(call.result.is_err());
    }
}

#[tokio::test(flavor = "current_thread")]
async fn other_calls_are_served_meanwhile() {
    let plugin = loaded(&[log()], &times(20_000, &logs(512 << 10)));
    let limits = Limits { time: Duration::from_millis(100), ..Limits::default() };
    let mut slowest = Duration::ZERO;
    let mut served = 0;
    let line = tokio::spawn({
        let limits = limits.clone();
        async move { plugin.translate(&request("/", "{}"), &limits).await.result.unwrap_err() }
    });
    while !line.is_finished() {
        let start = Instant::now();
        assert!(HOSTILE.translate(&request("/ok", "{}"), &relaxed_limits()).await.result.is_ok());
        slowest = slowest.max(start.elapsed());
        served += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(line.await.unwrap().code(), "time");
    // A plugin that held the thread would leave one.
    assert!(served >= 10, "{served} served, the slowest in {slowest:?}");
}
