//! Triggers and their idempotency keys.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, answer};

const TRIGGER: &str = "/v1/workflows/order-paid/trigger";

impl Api {
    async fn trigger_with(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let request = self.server.request_with(&self.key, Method::POST, path).header("Idempotency-Key", key);
        answer(request.json(body).send().await.unwrap()).await
    }

    async fn runs(&self) -> Vec<Value> {
        self.server.all_runs(&self.key).await
    }
}

#[tokio::test]
async fn a_trigger_identifies_what_is_inline_and_creates_a_run() {
    let api = Api::start().await;
    api.put("/v1/users/known", json!({})).await;
    let (status, answer) = api
        .post(
            TRIGGER,
            json!({
                "recipients": ["known", {"id": "inline", "name": "Ana", "$trigger_data": {"n": 1}}, "unknown"],
                "actor": {"id": "actor", "email": "a@example.com"},
                "tenant": {"id": "acme", "name": "Acme"},
                "data": {"total": 7},
                "cancellation_key": "order_7",
                "settings": {"sandbox_mode": true},
            }),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
    let runs = api.runs().await;
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["id"], answer["workflow_run_id"]);
    assert_eq!((&runs[0]["workflow"], &runs[0]["data"]), (&json!("order-paid"), &json!({"total": 7})));
    assert_eq!((&runs[0]["actor"], &runs[0]["tenant"]), (&json!("actor"), &json!("acme")));
    assert_eq!(runs[0]["cancellation_key"], "order_7");
    assert_eq!(runs[0]["settings"], json!({"sandbox_mode": true}));
    let (_, run) = api.get(&format!("/v1/workflow_runs/{}", runs[0]["id"].as_str().unwrap())).await;
    assert_eq!(run["settings"], json!({"sandbox_mode": true}));
    assert_eq!(runs[0]["recipients_count"], 2);
    assert_eq!(api.get("/v1/users/inline").await.1["name"], "Ana");
    assert_eq!(api.get("/v1/users/actor").await.1["email"], "a@example.com");
    assert_eq!(api.get("/v1/tenants/acme").await.1["name"], "Acme");
    let log = api.server.last_log("$api").await;
    assert_eq!((&log["event_type"], &log["outcome"]), (&json!("workflows.trigger"), &json!("executed")));
    assert_eq!(log["actions"][0]["action_result"]["skipped_recipients"][0]["id"], "unknown");
    assert_eq!(log["data"]["settings"], json!({"sandbox_mode": true}));
    assert_eq!(runs[0]["source_event_id"], log["id"]);

    for (settings, kept) in [
        (json!(null), json!(null)),
        (json!({}), json!({})),
        (json!({"skip_delay": false, "sandbox_mode": null}), json!({"skip_delay": false})),
    ] {
        let (status, answer) = api.post(TRIGGER, json!({"recipients": ["known"], "settings": settings})).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(api.runs().await[0]["settings"], kept, "{settings}");
    }
}

#[tokio::test]
async fn a_trigger_without_an_identified_recipient_names_them() {
    let api = Api::start().await;
    let (status, error) = api.trigger_with(TRIGGER, "k", &json!({"recipients": ["nobody", "none"]})).await;
    assert_eq!((status, &error["field"]), (422, &json!("recipients")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(r#""nobody", "none""#), "{message}");
    assert!(api.runs().await.is_empty());
    // The error is not remembered.
    api.put("/v1/users/nobody", json!({})).await;
    let (status, answer) = api.trigger_with(TRIGGER, "k", &json!({"recipients": ["nobody", "none"]})).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_call_with_the_same_key_gets_the_same_answer_and_another_body_is_refused() {
    let api = Api::start().await;
    let body = json!({"recipients": [{"id": "u"}], "data": {"n": 1}});
    let (status, first) = api.trigger_with(TRIGGER, "k", &body).await;
    assert_eq!(status, 200, "{first}");
    for _ in 0..2 {
        assert_eq!(api.trigger_with(TRIGGER, "k", &body).await, (200, first.clone()));
    }
    let other = json!({"recipients": [{"id": "u"}], "data": {"n": 2}});
    let (status, error) = api.trigger_with(TRIGGER, "k", &other).await;
    assert_eq!((status, &error["field"]), (422, &json!("Idempotency-Key")));
    let (status, error) = api.trigger_with("/v1/workflows/another/trigger", "k", &body).await;
    assert_eq!((status, &error["field"]), (422, &json!("Idempotency-Key")));
    assert_eq!(api.runs().await.len(), 1);
    assert_eq!(api.trigger_with(TRIGGER, "k2", &other).await.0, 200);
    assert_eq!(api.runs().await.len(), 2);

    let production = api.server.api_key("production").await;
    let request = api.server.request_with(&production, Method::POST, TRIGGER).header("Idempotency-Key", "k");
    let (status, elsewhere) = answer(request.json(&body).send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert_ne!(elsewhere, first, "environments never see each other");
}

#[tokio::test]
async fn of_many_calls_at_once_with_one_key_one_creates_a_run() {
    let api = Api::start().await;
    let body = json!({"recipients": [{"id": "u"}]});
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let request = api.server.request_with(&api.key, Method::POST, TRIGGER).header("Idempotency-Key", "k");
            let request = request.json(&body);
            tokio::spawn(async move { answer(request.send().await.unwrap()).await })
        })
        .collect();
    let mut created = HashSet::new();
    for call in calls {
        let (status, answer) = call.await.unwrap();
        assert_eq!(status, 200, "{answer}");
        created.insert(answer["workflow_run_id"].to_string());
    }
    assert_eq!((created.len(), api.runs().await.len()), (1, 1));
}
