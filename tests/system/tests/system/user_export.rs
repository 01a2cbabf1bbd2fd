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
    let path = "/v1/users/ana/export";
    assert_eq!(server.manage(Method::GET, path).send().await.unwrap().status(), 403);
}
