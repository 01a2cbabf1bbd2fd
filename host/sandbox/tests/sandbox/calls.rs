//! Calls without faults: the request arrives complete, every call has its own instance, and log lines are bounded.

use bytes::Bytes;
use inlet_core::contract::{Body, Field, Item, Translation, Value};
use inlet_sandbox::Compilation;

use crate::{HOSTILE, SANDBOX, bundled, relaxed_limits, request};

async fn translate(request: &inlet_core::contract::Request) -> Translation {
    HOSTILE.translate(request, &relaxed_limits()).await.result.unwrap().unwrap()
}

fn only_event(translation: Translation) -> inlet_core::contract::TranslatedEvent {
    match <[Item; 1]>::try_from(translation.items) {
        Ok([Item::Event(event)]) => event,
        other => panic!("expected one event, found {other:?}"),
    }
}

#[tokio::test]
async fn every_member_of_a_request_arrives() {
    let mut sent = request("/echo", "{}");
    sent.query = vec![Field::new("q", "1"), Field::new("q", "2")];
    sent.headers = vec![Field::new("x-note", "na\u{fffd}ve")];
    sent.facts = vec![Field::new("event_type_path", "")];
    sent.options = r#"{"volume":11}"#.to_owned();
    let event = only_event(translate(&sent).await);
    assert_eq!(event.event_type, "POST /echo 1700000000000");
    assert_eq!(event.original.as_deref(), Some(""));
    let mut expected = [sent.query, sent.headers, sent.facts].concat();
    expected.push(Field::new("options", sent.options));
    assert_eq!(event.extras, expected);
}

#[tokio::test]
async fn a_body_arrives_unchanged() {
    for (body, expected) in [
        (Body::Text("{\"ß\":1.10}".into()), r#"{"kind":"text","length":11,"sum":920}"#),
        (Body::Text("".into()), r#"{"kind":"text","length":0,"sum":0}"#),
        (Body::Bytes(Bytes::from_static(b"\xff\0\xfe")), r#"{"kind":"bytes","length":3,"sum":509}"#),
    ] {
        let sent = inlet_core::contract::Request { body, ..request("/echo-bytes", "") };
        assert_eq!(only_event(translate(&sent).await).data, Some(Value::Made(expected.to_owned())));
    }
}

#[tokio::test]
async fn a_large_body_is_within_the_default_limits() {
    let body = format!("\"{}\"", "x".repeat(32 << 20));
    let call = HOSTILE.translate(&request("/echo-bytes", &body), &relaxed_limits()).await;
    assert!(call.result.is_ok(), "{:?}", call.result);
    assert!(call.spent.memory > body.len());
}

#[tokio::test]
async fn a_request_may_be_rejected_as_a_whole() {
    let call = HOSTILE.translate(&request("/reject", "{}"), &relaxed_limits()).await;
    let notice = call.result.unwrap().unwrap_err();
    assert_eq!((notice.code.as_str(), notice.at.as_deref()), ("unsupported", Some("/0")));
}

#[tokio::test]
async fn every_call_has_an_instance_of_its_own() {
    for _ in 0..20 {
        assert_eq!(only_event(translate(&request("/memory-of-earlier", "{}")).await).event_type, "call/1");
    }
}

#[tokio::test]
async fn the_last_lines_before_a_crash_are_kept() {
    let call = HOSTILE.translate(&request("/abort", "{}"), &relaxed_limits()).await;
    assert!(call.result.is_err());
    assert_eq!(call.logs_dropped, 0);
    let lines: Vec<_> = call.logs.iter().map(|line| (line.level.as_str(), line.message.as_str())).collect();
    assert!(
        matches!(lines[..], [("info", "about to crash"), ("error", panic)] if panic.contains("crashed as asked")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_flood_of_log_lines_is_bounded_and_counted() {
    let limits = relaxed_limits();
    let call = HOSTILE.translate(&request("/log-flood", "{}"), &limits).await;
    assert!(call.result.is_ok());
    let bytes: usize = call.logs.iter().map(|line| line.message.len()).sum();
    assert!(call.logs.len() <= limits.log_lines && bytes <= limits.log_bytes);
    assert_eq!(call.logs.last().unwrap().message, "the last line");
    assert_eq!(call.logs.len() as u32 + call.logs_dropped, 10_002);
}

#[tokio::test]
async fn giant_lines_are_cut_and_counted() {
    let limits = relaxed_limits();
    let call = HOSTILE.translate(&request("/giant-line", "{}"), &limits).await;
    assert!(call.result.is_ok(), "{:?}", call.result);
    let lengths: Vec<_> = call.logs.iter().map(|line| line.message.len()).collect();
    assert_eq!((lengths, call.logs_dropped), (vec![limits.log_bytes], 99));
}

#[tokio::test]
async fn the_cost_of_a_call_is_reported() {
    let call = HOSTILE.translate(&request("/ok", "{}"), &relaxed_limits()).await;
    assert!(!call.spent.wall.is_zero());
    assert!(call.spent.memory >= 64 << 10);
}

#[tokio::test]
async fn a_plugin_may_be_compiled_when_it_is_first_called() {
    for (name, answers) in [("http", false), ("census", true)] {
        let plugin = SANDBOX.load_when_called(bundled(name).leak()).unwrap();
        assert_eq!((plugin.compilation(), plugin.answers()), (&Compilation::WhenCalled, answers));
        // Both calls need the code, which is there once.
        let (body, limits) = (request("", "{}"), relaxed_limits());
        let calls = tokio::join!(plugin.translate(&body, &limits), plugin.translate(&body, &limits));
        assert!(calls.0.result.is_ok() && calls.1.result.is_ok(), "{calls:?}");
        assert_eq!(plugin.compilation(), &Compilation::Compiled);
    }
}
