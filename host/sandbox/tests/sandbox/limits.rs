//! The limits of a call. Each test checks the exact error sentence, and that the next request is served.

use std::time::Duration;

use inlet_core::contract::{Item, Translation};
use inlet_sandbox::{EngineConfig, Fault, Gate, Limits, Sandbox};

use crate::{HOSTILE, relaxed_limits, request, test_plugin, until_it_ran};

/// Makes the hostile plugin misbehave in one call and behave in the next, and returns the fault of the first.
async fn fault(path: &str, limits: &Limits) -> Fault {
    let call = HOSTILE.translate(&request(path, "{}"), limits).await;
    let next = HOSTILE.translate(&request("/ok", "{}"), limits).await;
    assert!(next.result.is_ok(), "the next request is served: {:?}", next.result);
    call.result.unwrap_err()
}

async fn sentence(path: &str, code: &str) -> String {
    let fault = fault(path, &relaxed_limits()).await;
    assert_eq!(fault.code(), code);
    fault.to_string()
}

#[tokio::test]
async fn time() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let start = std::time::Instant::now();
    let found = until_it_ran(async || fault("/loop", &limits).await).await;
    assert_eq!(found.code(), "time");
    insta::assert_snapshot!(found, @"the plugin ran longer than 200ms, its limit for a body of 2 bytes, and was stopped; look for a loop in the plugin or raise its time limit");
    assert!(start.elapsed() >= limits.time);
}

#[tokio::test]
async fn memory() {
    insta::assert_snapshot!(sentence("/memory", "memory").await, @"the plugin asked for 257 MiB of memory; its limit is 256 MiB; make it hold less of the body at once or raise its memory limit");
}

#[tokio::test]
async fn memory_of_the_plugin_below_that_of_the_pool() {
    let limits = Limits { memory: 8 << 20, ..relaxed_limits() };
    insta::assert_snapshot!(fault("/memory", &limits).await, @"the plugin asked for 9 MiB of memory; its limit is 8 MiB; make it hold less of the body at once or raise its memory limit");
}

#[tokio::test]
async fn lifted() {
    insta::assert_snapshot!(sentence("/lift", "lifted").await, @"the plugin handed over more than 16 MiB at once, its limit for a body of 2 bytes; let it point into the body (`at`) instead of writing values out (`made`)");
}

#[tokio::test]
async fn shape_items() {
    insta::assert_snapshot!(sentence("/items", "too_many_items").await, @"the plugin's output was refused: it holds 20001 items; at most 20000 are allowed; send smaller batches");
}

#[tokio::test]
async fn shape_string() {
    insta::assert_snapshot!(sentence("/long-string", "shape").await, @"the plugin's output was refused: items[0].event.event_type has 1 MiB; at most 64 KiB are allowed; let the plugin reject such an item (`too_long`)");
}

#[tokio::test]
async fn shape_depth() {
    insta::assert_snapshot!(sentence("/deep-json", "shape").await, @"the plugin's output was refused: items[0].event.data is refused: it is nested deeper than 128 levels; send a flatter object");
}

#[tokio::test]
async fn shape_json() {
    insta::assert_snapshot!(sentence("/bad-json", "shape").await, @"the plugin's output was refused: items[0].event.data is refused: it is not valid JSON: EOF while parsing a value at line 1 column 8");
}

#[tokio::test]
async fn shape_surrogate() {
    insta::assert_snapshot!(sentence("/lone-surrogate", "shape").await, @r#"the plugin's output was refused: items[0].event.data is refused: it holds a lone surrogate (an escape from \uD800 to \uDFFF without its pair); send valid Unicode"#);
}

#[tokio::test]
async fn shape_pointer() {
    insta::assert_snapshot!(sentence("/bad-pointer", "shape").await, @r#"the plugin's output was refused: items[0].event.user_id is not a JSON Pointer; expected the empty string or a text that starts with "/", with "~" only in "~0" and "~1", for example "/0/properties""#);
}

#[tokio::test]
async fn shape_pointer_of_a_megabyte() {
    insta::assert_snapshot!(sentence("/long-pointer", "shape").await, @"the plugin's output was refused: items[0].event.user_id has 1 MiB; at most 64 KiB are allowed; let the plugin reject such an item (`too_long`)");
}

#[tokio::test]
async fn shape_memo() {
    insta::assert_snapshot!(sentence("/long-memo", "shape").await, @"the plugin's output was refused: memo has 9 MiB; at most 8 MiB are allowed; let the plugin reject such an item (`too_long`)");
}

#[tokio::test]
async fn shape_notice() {
    insta::assert_snapshot!(sentence("/bad-notice", "shape").await, @"the plugin's output was refused: notice.message has 1 MiB; at most 64 KiB are allowed; let the plugin reject such an item (`too_long`)");
}

#[tokio::test]
async fn shape_reply_depth() {
    insta::assert_snapshot!(sentence("/deep-reply", "shape").await, @"the plugin's output was refused: reply.body is refused: it is nested deeper than 128 levels; send a flatter object");
}

#[tokio::test]
async fn shape_reply_content_type() {
    insta::assert_snapshot!(sentence("/html-reply", "shape").await, @r#"the plugin's output was refused: reply.content_type is "text/html"; expected "application/json", "text/plain", "text/xml" or "application/xml""#);
}

#[tokio::test]
async fn shape_reply_json() {
    insta::assert_snapshot!(sentence("/json-reply", "shape").await, @"the plugin's output was refused: reply.body is refused: it is not valid JSON: EOF while parsing an object at line 1 column 1");
}

#[tokio::test]
async fn trap_panic() {
    insta::assert_snapshot!(sentence("/abort", "trap").await, @"the plugin crashed: wasm `unreachable` instruction executed; see its log lines");
}

#[tokio::test]
async fn trap_recursion() {
    let fault = fault("/deep-recursion", &relaxed_limits()).await;
    assert_eq!(fault.code(), "trap");
    insta::assert_snapshot!(fault, @"the plugin crashed: out of bounds memory access (a recursion that is too deep, or a stray pointer); see its log lines");
}

/// The fifth limit. The gate's own tests cover its rules.
#[tokio::test(start_paused = true)]
async fn concurrency() {
    let gate = Gate::new(2);
    let permit = gate.enter(1).await.unwrap();
    let fault = gate.enter(1).await.unwrap_err();
    assert_eq!(fault.code(), "busy");
    insta::assert_snapshot!(fault, @"no sandbox became free in time; send the request again later");
    drop(permit);
    assert!(gate.enter(1).await.is_ok());
}

/// Without a gate, a call beyond the number of sandboxes is refused at once.
#[tokio::test]
async fn an_empty_pool_is_busy() {
    let sandbox = Sandbox::new(EngineConfig { max_instances: 1, ..EngineConfig::default() }).unwrap();
    let plugin = sandbox.load(&test_plugin("inlet__hostile")).unwrap();
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let looping = tokio::spawn({
        let (plugin, limits) = (plugin.clone(), limits.clone());
        async move { plugin.translate(&request("/loop", "{}"), &limits).await.result.unwrap_err() }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(plugin.translate(&request("/ok", "{}"), &limits).await.result.unwrap_err(), Fault::Busy);
    assert_eq!(looping.await.unwrap().code(), "time");
    assert!(plugin.translate(&request("/ok", "{}"), &limits).await.result.is_ok());
}

#[tokio::test]
async fn a_pointer_to_nothing_is_no_fault() {
    let call = HOSTILE.translate(&request("/pointer-nowhere", "{}"), &Limits::default()).await;
    let Translation { items, .. } = call.result.unwrap().unwrap();
    assert!(matches!(&items[..], [Item::Event(event)] if event.user_id.is_some()));
}
