//! `GET /v1/users/{id}/export`: what is kept of a user, and nothing about others.

use inlet_system_tests::{Server, track};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns the lines of a user's export, the last one checked and left out.
async fn export(server: &Server, key: &str, id: &str) -> Vec<Value> {
    let response = server.request_with(key, Method::GET, &format!("/v1/users/{id}/export")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let text = response.text().await.unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.pop().unwrap();
    assert_eq!(end, json!({"type": "end", "lines": lines.len()}));
    lines
}

fn of_type<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == name).collect()
}

#[tokio::test]
async fn an_export_holds_all_of_a_user_and_nothing_of_others() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let mappings = json!([
        {"event_type": "E", "action_type": "workflows_trigger",
            "action_parameters": {"key": "k", "recipients": "data.to", "data": {"n": "data.n"}}},
    ]);
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), mappings).await;
    for user in ["ana", "bob"] {
        let identify = json!({"type": "identify", "userId": user, "traits": {"name": user, "credit": 7}});
        endpoint.expect(identify.to_string(), &["executed"]).await;
    }
    // More events than a page, and one that is longer than what lists show.
    for number in 0..45 {
        endpoint
            .expect(track("E", "ana", &format!("m{number}"), json!({"n": number, "to": "ana"})), &["executed"])
            .await;
    }
    let long = "long ".repeat(10_000);
    endpoint.expect(track("Long", "ana", "long", json!({"text": long})), &["logged"]).await;
    let to = json!([{"id": "bob", "$trigger_data": {"of": "bob"}}, {"id": "ana", "$trigger_data": {"of": "ana"}}]);
    endpoint.expect(track("E", "bob", "b", json!({"n": 45, "to": to, "secret": "of bob"})), &["executed"]).await;

    let lines = export(&server, &key, "ana").await;
    assert_eq!(of_type(&lines, "user")[0]["user"]["name"], "ana");
    let events = of_type(&lines, "event");
    assert_eq!(events.len(), 47);
    assert!(events.iter().all(|line| line["event"]["user_id"] == "ana"));
    let first = &events[0]["event"];
    assert_eq!(
        (&first["event_type"], &first["data"]["text"]),
        (&json!("track/Long"), &json!(long)),
        "newest first, whole"
    );
    assert_eq!(events[1]["event"]["actions"][0]["action_type"], "workflows_trigger");
    let runs = of_type(&lines, "workflow_run");
    let numbers: Vec<_> = runs.iter().map(|line| line["workflow_run"]["data"]["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..46).collect::<Vec<_>>());
    assert_eq!(
        runs[45]["workflow_run"]["recipients"],
        json!([{"id": "ana", "status": "recorded", "trigger_data": {"of": "ana"}}]),
        "of the run of another's event only the user's part"
    );
    assert!(!Value::Array(lines).to_string().contains("of bob"));

    // Nothing is hidden from the environment's own code.
    let response = server.manage(Method::PATCH, "/v1/environments/development");
    assert_eq!(response.json(&json!({"hide_personal_data": true})).send().await.unwrap().status(), 200);
    let shown = export(&server, &key, "ana").await;
    assert_eq!(of_type(&shown, "event")[0]["event"]["data"]["text"], json!(long));

    assert_eq!(export(&server, &key, "nobody").await, Vec::<Value>::new());
    let elsewhere = server.api_key("production").await;
    assert_eq!(export(&server, &elsewhere, "ana").await, Vec::<Value>::new());
    let path = "/v1/users/ana/export?environment=development";
    assert_eq!(server.manage(Method::GET, path).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn an_export_holds_api_calls_relations_and_waits() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let call = async |method: Method, path: &str, body: Value| {
        let response = server.request_with(&key, method, path).json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
    };
    call(Method::PUT, "/v1/users/ana", json!({"plan": "pro"})).await;
    call(Method::PUT, "/v1/users/bob", json!({"plan": "of bob"})).await;
    call(Method::PUT, "/v1/objects/projects/p1", json!({})).await;
    let subscribe = json!({"recipients": ["ana", "bob"], "properties": {"role": "owner"}});
    call(Method::POST, "/v1/objects/projects/p1/subscriptions", subscribe).await;
    let members = json!({"members": [{"user": {"id": "ana"}, "tenant": "acme"}, {"user": {"id": "bob"}}]});
    call(Method::POST, "/v1/audiences/beta/members", members).await;
    let project = json!({"collection": "projects", "id": "p1"});
    call(Method::POST, "/v1/workflows/posted/trigger", json!({"recipients": [project], "data": {"n": 1}})).await;
    let mappings = json!([{"event_type": "W", "action_type": "workflows_trigger", "action_parameters": {
        "key": "welcome", "recipients": "data.to", "data": {"n": "data.n"}, "unidentified": "wait"}}]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    endpoint.expect(track("W", "bob", "w", json!({"n": 1.5, "to": ["eve", "dora"]})), &["executed"]).await;

    let mut lines = Vec::new();
    for _ in 0..600 {
        lines = export(&server, &key, "ana").await;
        // The subscribers of the project become recipients in the background.
        if !of_type(&lines, "workflow_run").is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let subscription = of_type(&lines, "subscription")[0];
    assert_eq!((&subscription["object_id"], &subscription["properties"]), (&json!("p1"), &json!({"role": "owner"})));
    let membership = of_type(&lines, "membership")[0];
    assert_eq!((&membership["audience"], &membership["tenant"]), (&json!("beta"), &json!("acme")));
    let run = &of_type(&lines, "workflow_run")[0]["workflow_run"];
    assert_eq!(run["recipients"], json!([{"id": "ana", "status": "recorded"}]));
    let calls = of_type(&lines, "event");
    let shown =
        calls.iter().map(|line| &line["event"]).map(|call| (&call["source"], &call["event_type"], &call["data"]));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [(&json!("$api"), &json!("users.identify"), &json!({"plan": "pro"}))],
        "a call about others too is not exported"
    );
    assert!(!Value::Array(lines).to_string().contains("bob"));
    let waits = export(&server, &key, "eve").await;
    let event = server.last_log("segment").await["id"].clone();
    assert_eq!(waits.len(), 1, "{waits:?}");
    assert_eq!(
        waits[0],
        json!({"type": "wait", "workflow": "welcome", "source_event_id": event, "expires_at": waits[0]["expires_at"],
            "data": {"n": 1.5}, "trigger_data": null})
    );
}
