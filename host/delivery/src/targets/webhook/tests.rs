//! Bodies, keys and signatures of webhooks.

use inlet_core::delivery::DeliveryCall;
use serde_json::{Value, json};

use super::*;
use crate::targets::{
    build,
    tests::{answer, body_text, head, header, inputs, request_of},
};

fn webhook(options: Value) -> Box<dyn Target> {
    parse(&json!({"url": "https://a.example/hook?x=1", "options": options}), &Value::Null).unwrap()
}

fn refused(settings: Value, secrets: Value) -> String {
    parse(&settings, &secrets).unwrap_err().to_string()
}

#[test]
fn the_default_body_keeps_every_digit() {
    insta::assert_snapshot!(body_text(&*webhook(json!({})), &head(), &inputs()), @r#"{"type":"workflow_run.created","timestamp":"2026-01-02T03:04:05.678Z","data":{"workflow_run_id":"01920000-0000-7000-8000-000000000001","workflow":"order-paid","recipients":[{"id":"u_0","name":"Ana Maria Lopes","email":"ana@example.com","phone_number":"+351900","credit":9007199254740993,"plan":"pro","x":{"a":[1.10]},"trigger_data":{"greeting":"Hi Ana","rate":39.50}},{"collection":"projects","id":"p/1","title":"P"},{"id":"u_2"}],"actor":{"collection":"projects","id":"p/1"},"tenant":"acme","data":{"total":39.50,"order":9007199254740993},"cancellation_key":"order-1","source_event_id":"01920000-0000-7000-8000-0000000000ee"}}"#);
}

#[test]
fn a_cancel_names_its_recipients() {
    let target = webhook(json!({"cancellations": true}));
    let head = DeliveryHead { call: DeliveryCall::Cancel, ..head() };
    insta::assert_snapshot!(body_text(&*target, &head, &inputs()), @r#"{"type":"workflow_run.canceled","timestamp":"2026-01-02T03:04:05.678Z","data":{"workflow_run_id":"01920000-0000-7000-8000-000000000001","workflow":"order-paid","recipients":["u_0",{"collection":"projects","id":"p/1"},"u_2"],"cancellation_key":"order-1","source_event_id":"01920000-0000-7000-8000-0000000000ee"}}"#);
    assert!(webhook(json!({})).facts().cancel.is_none());
}

#[test]
fn a_cloud_event_and_a_template() {
    insta::assert_snapshot!(body_text(&*webhook(json!({"body": "cloudevents"})), &head(), &inputs()), @r#"{"specversion":"1.0","id":"11111111-1111-8111-8111-111111111111","source":"/inlet","type":"inlet.workflow_run.created","subject":"order-paid","time":"2026-01-02T03:04:05.678Z","datacontenttype":"application/json","data":{"workflow_run_id":"01920000-0000-7000-8000-000000000001","workflow":"order-paid","recipients":[{"id":"u_0","name":"Ana Maria Lopes","email":"ana@example.com","phone_number":"+351900","credit":9007199254740993,"plan":"pro","x":{"a":[1.10]},"trigger_data":{"greeting":"Hi Ana","rate":39.50}},{"collection":"projects","id":"p/1","title":"P"},{"id":"u_2"}],"actor":{"collection":"projects","id":"p/1"},"tenant":"acme","data":{"total":39.50,"order":9007199254740993},"cancellation_key":"order-1","source_event_id":"01920000-0000-7000-8000-0000000000ee"}}"#);
    let template = json!({"order": "{{data.total}}", "to": "{{recipient.email}}", "missing": "{{data.no.such}}"});
    insta::assert_snapshot!(body_text(&*webhook(json!({"body": {"template": template}})), &head(), &inputs()), @r#"{"missing":null,"order":39.50,"to":"ana@example.com"}"#);
}

#[test]
fn a_request_is_signed_with_each_secret_over_the_stored_body() {
    let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];
    let settings = json!({"url": "https://a.example/hook"});
    let signing = json!({"signing_secret": secrets, "secret_headers": {"Authorization": "Bearer t0ken"}});
    let target = parse(&settings, &signing).unwrap();
    let body = build(&*target, &head(), &inputs()).unwrap().unwrap().body;
    let request = target.request(&head(), &body, 1_767_323_045_678).unwrap().unwrap();
    assert_eq!(request.body, body.body);
    assert_eq!(header(&request, "webhook-id"), head().key.to_string());
    assert_eq!(header(&request, "webhook-timestamp"), "1767323045");
    let secrets: Vec<_> = secrets.map(|secret| SigningSecret::parse(secret).unwrap()).into();
    let expected = signatures(&secrets, &head().key.to_string(), 1_767_323_045, &body.body);
    assert_eq!(header(&request, "webhook-signature"), expected);
    assert_eq!(header(&request, "authorization"), "Bearer t0ken");
    let shown = format!("{:?} {target:?}", request.shown_headers());
    assert!(shown.contains(r#"("authorization", "[secret]")"#) && !shown.contains("t0ken"), "{shown}");

    let unsigned = request_of(&*webhook(json!({})), &head(), &inputs());
    assert!(!unsigned.headers.contains_key("webhook-signature"));
}

#[test]
fn presets_put_the_key_where_the_engine_looks_for_it() {
    for preset in &presets::PRESETS {
        let target = webhook(json!({"preset": preset.name}));
        let (body, request) = (body_text(&*target, &head(), &inputs()), request_of(&*target, &head(), &inputs()));
        let key = head().key.to_string();
        match preset.template {
            Some(_) => assert!(body.contains(&key), "{}", preset.name),
            None => assert!(body.contains(r#""type":"workflow_run.created""#), "{}", preset.name),
        }
        assert!(body.contains("9007199254740993") && body.contains("39.50"), "{}: {body}", preset.name);
        if let Some(name) = preset.key_header {
            assert_eq!(header(&request, name), key);
        }
    }
    let own = webhook(json!({"preset": "inngest", "body": "default", "key_header": "x-key", "chunk": 7}));
    assert_eq!(own.options().chunk, 7);
    assert_eq!(header(&request_of(&*own, &head(), &inputs()), "x-key"), head().key.to_string());
}

#[test]
fn a_url_is_filled_in_and_nothing_leaves_its_segment() {
    let target = |url: &str| parse(&json!({"url": url}), &Value::Null).unwrap();
    let url = |url: &str, workflow: &str| {
        let head = DeliveryHead { workflow: workflow.to_owned(), ..head() };
        request_of(&*target(url), &head, &inputs()).url.to_string()
    };
    assert_eq!(url("https://a.example/{workflow}/send", "order paid"), "https://a.example/order%20paid/send");
    assert_eq!(url("https://a.example/{workflow}", "../../x?y#z"), "https://a.example/..%2F..%2Fx%3Fy%23z");
    assert_eq!(url("https://a.example/run?job_id={key}", "w"), format!("https://a.example/run?job_id={}", head().key));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let with = |options: Value| json!({"url": "https://a.example", "options": options});
    insta::assert_snapshot!(refused(json!({}), Value::Null), @"/url: it is missing; expected a URL that starts with https:// or http://");
    for url in ["a.example", "ftp://a.example", "https://", "javascript:alert(1)"] {
        let text = refused(json!({"url": url}), Value::Null);
        assert!(text.starts_with("/url: it is no such URL"), "{url}: {text}");
    }
    insta::assert_snapshot!(refused(json!({"url": "https://u:p@a.example"}), Value::Null), @"/url: it holds a user or a password, which would be shown; store them as a secret");
    assert!(refused(json!({"url": "https://{workflow}.example/"}), Value::Null).starts_with("/url: "));
    insta::assert_snapshot!(refused(with(json!({"presset": "n8n"})), Value::Null), @"/options/presset: there is no such member; is `preset` meant?");
    insta::assert_snapshot!(refused(with(json!({"preset": "zapier"})), Value::Null), @r#"/options/preset: found "zapier", expected one of restate, inngest, trigger_dev, hatchet, windmill, n8n, node_red"#);
    insta::assert_snapshot!(refused(with(json!({"chunk": 1001})), Value::Null), @"/options/chunk: found 1001, expected a whole number from 1 to 1000");
    insta::assert_snapshot!(refused(with(json!({"headers": {"Host": "b"}})), Value::Null), @"/options/headers/Host: this header is set by Inlet; leave it out");
    insta::assert_snapshot!(refused(with(json!({"headers": {"x": "a\r\nb: c"}})), Value::Null), @"/options/headers/x: expected a string without line breaks");
    insta::assert_snapshot!(refused(with(json!({"body": {"template": "{{nothing}}"}})), Value::Null).split_once(": ").unwrap().0, @"/options/body/template");
    let text = refused(with(json!({})), json!({"signing_secret": "hunter2"}));
    assert!(text.starts_with("/signing_secret: expected whsec_") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_job_that_windmill_has_already_is_a_success() {
    let judge = |options: Value, status, body: &str| {
        webhook(options).judge(DeliveryCall::Trigger, &answer(status, &[], body), 0).outcome()
    };
    let preset = json!({"preset": "windmill"});
    assert_eq!(judge(preset.clone(), 400, "Bad request: Job with id 018f already exists"), "delivered");
    assert_eq!(judge(preset.clone(), 400, "Bad request: missing argument"), "failed");
    assert_eq!(judge(preset.clone(), 409, "Job with id 018f already exists"), "failed");
    let own = json!({"preset": "windmill", "duplicate_status": 409});
    assert_eq!((judge(own.clone(), 409, ""), judge(own, 400, "it already exists")), ("delivered", "failed"));
}

#[test]
fn an_event_for_inngest_is_split_below_its_limit() {
    assert!(webhook(json!({"preset": "inngest"})).facts().split_bytes < 512 << 10);
    assert_eq!(webhook(json!({"preset": "restate"})).facts().split_bytes, 1 << 20);
}
