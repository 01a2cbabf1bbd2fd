//! Each limit: the exact sentence, and that the next request is served.

use std::time::Duration;

use inlet_core::contract::{Item, Translation};
use inlet_sandbox::{Fault, Gate, Limits};

use crate::{HOSTILE, request};

/// Misbehaves once, then behaves, and says what the first was called.
async fn fault(path: &str, limits: &Limits) -> Fault {
    let call = HOSTILE.translate(&request(path, "{}"), limits).await;
    let next = HOSTILE.translate(&request("/ok", "{}"), limits).await;
    assert!(next.result.is_ok(), "the next request is served: {:?}", next.result);
    call.result.unwrap_err()
}

async fn sentence(path: &str, code: &str) -> String {
    let fault = fault(path, &Limits::default()).await;
    assert_eq!(fault.code(), code);
    fault.to_string()
}

#[tokio::test]
async fn time() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let start = std::time::Instant::now();
    let fault = fault("/loop", &limits).await;
    assert_eq!(fault.code(), "time");
    insta::assert_snapshot!(fault, @"");
    assert!(start.elapsed() >= limits.time);
}

#[tokio::test]
async fn memory() {
    insta::assert_snapshot!(sentence("/memory", "memory").await, @"");
}

#[tokio::test]
async fn memory_of_the_plugin_below_that_of_the_pool() {
    let limits = Limits { memory: 8 << 20, ..Limits::default() };
    insta::assert_snapshot!(fault("/memory", &limits).await, @"");
}

#[tokio::test]
async fn lifted() {
    insta::assert_snapshot!(sentence("/lift", "lifted").await, @"");
}

#[tokio::test]
async fn shape_items() {
    insta::assert_snapshot!(sentence("/items", "shape").await, @"");
}

#[tokio::test]
async fn shape_string() {
    insta::assert_snapshot!(sentence("/long-string", "shape").await, @"");
}

#[tokio::test]
async fn shape_depth() {
    insta::assert_snapshot!(sentence("/deep-json", "shape").await, @"");
}

#[tokio::test]
async fn shape_json() {
    insta::assert_snapshot!(sentence("/bad-json", "shape").await, @"");
}

#[tokio::test]
async fn shape_surrogate() {
    insta::assert_snapshot!(sentence("/lone-surrogate", "shape").await, @"");
}

#[tokio::test]
async fn shape_pointer() {
    insta::assert_snapshot!(sentence("/bad-pointer", "shape").await, @"");
}

#[tokio::test]
async fn shape_reply_content_type() {
    insta::assert_snapshot!(sentence("/html-reply", "shape").await, @"");
}

#[tokio::test]
async fn shape_reply_json() {
    insta::assert_snapshot!(sentence("/json-reply", "shape").await, @"");
}

#[tokio::test]
async fn trap_panic() {
    insta::assert_snapshot!(sentence("/abort", "trap").await, @"");
}

#[tokio::test]
async fn trap_recursion() {
    let fault = fault("/deep-recursion", &Limits::default()).await;
    assert_eq!(fault.code(), "trap");
    insta::assert_snapshot!(fault, @"");
}

/// The fifth limit is the gate's; its rules are tested beside it.
#[tokio::test(start_paused = true)]
async fn concurrency() {
    let gate = Gate::new(2);
    let permit = gate.enter(1).await.unwrap();
    let fault = gate.enter(1).await.unwrap_err();
    assert_eq!(fault.code(), "busy");
    insta::assert_snapshot!(fault, @"");
    drop(permit);
    assert!(gate.enter(1).await.is_ok());
}

/// More calls than sandboxes, and no gate in front: refused and not waited for.
#[tokio::test]
async fn an_empty_pool_is_busy() {
    let sandbox = inlet_sandbox::Sandbox::new(inlet_sandbox::EngineConfig {
        max_instances: 1,
        ..inlet_sandbox::EngineConfig::default()
    })
    .unwrap();
    let plugin = sandbox.load(&crate::bundled("inlet__hostile")).unwrap();
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
async fn a_pointer_to_nowhere_is_no_fault() {
    let call = HOSTILE.translate(&request("/pointer-nowhere", "{}"), &Limits::default()).await;
    let Translation { items, .. } = call.result.unwrap().unwrap();
    assert!(matches!(&items[..], [Item::Event(event)] if event.user_id.is_some()));
}
