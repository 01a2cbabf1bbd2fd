//! The frozen WASI, called by a real guest: it gives access to nothing, and output is logged.

use std::sync::LazyLock;

use inlet_core::contract::{Item, Translation};
use inlet_sandbox::{Call, Limits, Plugin};
use wasm_encoder::Instruction;

use crate::{
    SANDBOX,
    index_spaces::{number, with_start},
    raw_plugin::RawPlugin,
    relaxed_limits, request, test_plugin,
};

static WASI_PROBE: LazyLock<Plugin> = LazyLock::new(|| SANDBOX.load(&test_plugin("inlet__wasi-probe")).unwrap());

async fn ask(path: &str, limits: &Limits) -> Call<String> {
    let call = WASI_PROBE.translate(&request(path, "{}"), limits).await;
    let result = call.result.map(|translation| match translation {
        Ok(Translation { items, .. }) => match &items[..] {
            [Item::Event(event)] => {
                event.extras.iter().map(|extra| format!("{}: {}\n", extra.name, extra.value)).collect()
            }
            other => panic!("expected one event, found {other:?}"),
        },
        Err(notice) => panic!("{notice:?}"),
    });
    Call { result, logs: call.logs, logs_dropped: call.logs_dropped, spent: call.spent }
}

async fn sentence(path: &str) -> String {
    let fault = ask(path, &relaxed_limits()).await.result.unwrap_err();
    assert_eq!(fault.code(), "trap");
    assert!(ask("/world", &relaxed_limits()).await.result.is_ok(), "the next request is served");
    fault.to_string()
}

#[tokio::test]
async fn nothing_outside_is_visible() {
    insta::assert_snapshot!(ask("/world", &relaxed_limits()).await.result.unwrap(), @r#"
    environment: []
    arguments: []
    cwd: None
    directories: []
    stdin: Err(StreamError::Closed)
    skipped: Err(StreamError::Closed)
    wall clock: Datetime { seconds: 1700000000, nanoseconds: 0 } Datetime { seconds: 0, nanoseconds: 1000000 }
    monotonic clock: 1700000000000000000 1000000
    ready: true [0, 1]
    random: e220a8397b1dcdaf [f4, 65, b9]
    seed: (6c45d188009454f, f88bb8a8724c81ec)
    terminals: None None None
    "#);
}

#[tokio::test]
async fn output_is_logged() {
    let call = ask("/print", &relaxed_limits()).await;
    let lines: Vec<_> = call.logs.iter().map(|line| format!("{} {}", line.level, line.message)).collect();
    insta::assert_snapshot!(format!("{}{}", call.result.unwrap(), lines.join("\n")), @r#"
    allowed: Ok(65536)
    info now 1700000000 random e220a8397b1dcdaf
    warn a warning
    info unfinished
    "#);
}

#[tokio::test]
async fn equal_requests_give_equal_translations() {
    for path in ["/world", "/print"] {
        let (first, second) = (ask(path, &relaxed_limits()).await, ask(path, &relaxed_limits()).await);
        assert_eq!(first.result, second.result);
        assert_eq!(first.logs, second.logs);
    }
}

#[tokio::test]
async fn a_flood_of_printed_lines_is_bounded_and_counted() {
    let limits = relaxed_limits();
    for path in ["/flood-stdout", "/flood-stderr"] {
        let call = ask(path, &limits).await;
        assert!(call.result.is_ok(), "{path}");
        assert_eq!(call.logs.len(), limits.log_lines);
        assert_eq!(call.logs.last().unwrap().message, "the last line");
        assert_eq!(call.logs.len() as u32 + call.logs_dropped, 10 * (64 << 10) + 1);
        let next = ask("/print", &limits).await;
        assert_eq!((next.logs.len(), next.logs_dropped), (3, 0), "the next request after {path} is as any other");
    }
}

#[tokio::test]
async fn an_unavailable_function_ends_the_call() {
    let mut sentences = Vec::new();
    for path in ["/exit", "/write-too-much", "/random-bytes", "/poll-nothing"] {
        sentences.push(sentence(path).await);
    }
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the plugin crashed: it called wasi:cli/exit#exit, which a sandbox has not; see its log lines
    the plugin crashed: it wrote 65537 bytes at once, where check-write allows 65536; see its log lines
    the plugin crashed: it asked for 1099511627776 random bytes at once, where at most 1048576 are given; see its log lines
    the plugin crashed: it polled nothing, and would have waited for ever; see its log lines
    "#);
}

/// Interfaces are checked by name at load, functions are not. The error sentence goes into the event log.
#[tokio::test]
async fn a_very_long_function_name_is_cut() {
    let unknown = number("wasi:cli/environment@0.2.6", "a".repeat(50_000).leak());
    let wasm = with_start(RawPlugin::default().wasm(), &[unknown], &[Instruction::Call(0), Instruction::Drop]);
    let call = SANDBOX.load(&wasm).unwrap().translate(&request("/", "{}"), &relaxed_limits()).await;
    let sentence = call.result.unwrap_err().to_string();
    insta::assert_snapshot!(sentence.replace(&"a".repeat(300), "(300 of it)"), @"the plugin crashed: it called wasi:cli/environment#(300 of it)…, which a sandbox has not; see its log lines");
}
