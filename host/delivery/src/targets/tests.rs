//! Helpers that the tests of all kinds of targets share, and rules that hold for every kind.

use bytes::Bytes;
use hyper::{
    StatusCode,
    header::{HeaderMap, HeaderName},
};
use inlet_core::json;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::answer::AnswerEnd;

/// Returns an answer that was read whole.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers.collect::<HeaderMap>(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        end: AnswerEnd::Whole,
    }
}

pub(crate) fn head() -> DeliveryHead {
    DeliveryHead {
        call: DeliveryCall::Trigger,
        run: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001),
        workflow: "order-paid".to_owned(),
        key: Uuid::from_u128(0x1111_1111_1111_8111_8111_1111_1111_1111),
        created_at_ms: 1_767_323_045_678,
        first_recipient: 0,
        recipients: 3,
        answers: 0,
    }
}

/// Returns a user without properties.
pub(crate) fn recipient(ordinal: u32) -> DeliveryRecipient {
    DeliveryRecipient {
        ordinal,
        collection: None,
        id: format!("u_{ordinal}"),
        properties: Some("{}".to_owned()),
        trigger_data: None,
    }
}

/// Returns a delivery for a user with properties, an object, and a user that was deleted since.
pub(crate) fn inputs() -> DeliveryInputs {
    let user = DeliveryRecipient {
        properties: Some(
            r#"{"name":"Ana Maria Lopes","email":"ana@example.com","phone_number":"+351900","credit":9007199254740993,"plan":"pro","x":{"a":[1.10]},"id":"root"}"#.to_owned(),
        ),
        trigger_data: Some(r#"{"greeting":"Hi Ana","rate":39.50}"#.to_owned()),
        ..recipient(0)
    };
    let object = DeliveryRecipient {
        collection: Some("projects".to_owned()),
        id: "p/1".to_owned(),
        properties: Some(r#"{"title":"P"}"#.to_owned()),
        ..recipient(1)
    };
    let deleted = DeliveryRecipient { properties: None, ..recipient(2) };
    DeliveryInputs {
        run: head().run,
        workflow: head().workflow,
        actor: Some(r#"{"collection":"projects","id":"p/1"}"#.to_owned()),
        tenant: Some(r#""acme""#.to_owned()),
        data: r#"{"total":39.50,"order":9007199254740993}"#.to_owned(),
        cancellation_key: Some("order-1".to_owned()),
        settings: None,
        source_event: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_00ee),
        is_canceled: false,
        trigger_key: head().key,
        recipients: vec![user, object, deleted],
        covered: 3,
    }
}

/// Builds a body and returns it as text.
pub(crate) fn body_text(target: &dyn Target, head: &DeliveryHead, inputs: &DeliveryInputs) -> String {
    let built = build(target, head, inputs).unwrap().unwrap();
    String::from_utf8(built.body.body.to_vec()).unwrap()
}

/// Builds a body and makes its request.
pub(crate) fn request_of(target: &dyn Target, head: &DeliveryHead, inputs: &DeliveryInputs) -> OutgoingRequest {
    let built = build(target, head, inputs).unwrap().unwrap();
    target.request(head, &built.body, 1_767_323_045_678).unwrap().unwrap()
}

pub(crate) fn header<'a>(request: &'a OutgoingRequest, name: &str) -> &'a str {
    request.headers.get(name).unwrap().to_str().unwrap()
}

/// Returns a target of each kind.
fn every_kind() -> Vec<Box<dyn Target>> {
    let url = json!({"url": "https://a.example"});
    kinds()
        .map(|kind| {
            let (settings, secrets) = match kind {
                "webhook" => (url.clone(), Value::Null),
                "temporal" => (url.clone(), json!({"api_key": "k3y"})),
                "events" => (url.clone(), json!({"write_key": "k3y"})),
                "nats" => (json!({"url": "nats://a.example"}), json!({"token": "k3y"})),
                "log" => (json!({}), Value::Null),
                _ => (json!({}), json!({"api_key": "k3y"})),
            };
            parse(kind, &settings, &secrets).unwrap()
        })
        .collect()
}

#[test]
fn the_key_is_where_the_facts_say_and_digits_survive() {
    for target in every_kind() {
        let facts = target.facts();
        let key = head().key.to_string();
        let body = body_text(&*target, &head(), &inputs());
        match &facts.key {
            facts::KeyPlace::None => continue,
            facts::KeyPlace::Header(name) => {
                assert_eq!(header(&request_of(&*target, &head(), &inputs()), name), key, "{}", facts.kind);
            }
            facts::KeyPlace::Body(pointer) => {
                let found = json::string(json::point(&body, pointer).unwrap()).unwrap();
                assert!(found.starts_with(&key), "{}", facts.kind);
            }
            facts::KeyPlace::Path => {
                assert!(request_of(&*target, &head(), &inputs()).url.path().contains(&key), "{}", facts.kind);
            }
        }
    }
}

#[test]
fn the_same_inputs_give_the_same_body() {
    for target in every_kind() {
        let one = build(&*target, &head(), &inputs()).unwrap();
        assert_eq!(one, build(&*target, &head(), &inputs()).unwrap(), "{}", target.facts().kind);
    }
}

#[test]
fn no_target_shows_its_secrets() {
    for target in every_kind() {
        let shown = format!("{target:?}");
        assert!(!shown.contains("k3y"), "{shown}");
        if target.facts().kind != "log" {
            let request = request_of(&*target, &head(), &inputs());
            let shown = format!("{:?} {:?}", request, request.shown_headers());
            assert!(!shown.contains("k3y") && !shown.contains("azN5"), "{shown}");
        }
    }
}

#[test]
fn an_unknown_kind_and_unknown_members_are_refused() {
    let refused = parse("webhok", &json!({}), &Value::Null).unwrap_err();
    insta::assert_snapshot!(refused, @r#"/kind: found "webhok", expected one of webhook, temporal, events, knock, novu, nats, log"#);
    for kind in kinds() {
        let refused = parse(kind, &json!({"url": "https://a.example", "nonsense": 1}), &Value::Null).unwrap_err();
        assert!(
            ["/nonsense", "/url", "/api_key", "/write_key"].contains(&refused.pointer.as_str()),
            "{kind}: {refused}"
        );
    }
}

#[test]
fn a_url_that_paths_are_appended_to_has_no_query() {
    for kind in ["temporal", "events", "knock", "novu", "nats"] {
        let scheme = if kind == "nats" { "nats" } else { "https" };
        let settings = json!({"url": format!("{scheme}://a.example/?x=1")});
        let refused = parse(kind, &settings, &Value::Null).unwrap_err();
        assert!(refused.pointer == "/url" && refused.sentence.starts_with("it has a query"), "{kind}: {refused}");
    }
}

#[test]
fn bad_answers_are_judged_alike_by_all_targets_over_http() {
    for target in every_kind().into_iter().filter(|target| target.facts().kind != "log") {
        let judge = |status| target.judge(DeliveryCall::Trigger, &answer(status, &[], "{}"), 0).outcome();
        let kind = target.facts().kind;
        assert_eq!(
            (judge(410), judge(429), judge(503), judge(302)),
            ("gone", "throttled", "failed", "failed"),
            "{kind}"
        );
        if kind != "webhook" {
            assert_eq!(judge(401), "wrong_credentials", "{kind}");
        }
    }
}
