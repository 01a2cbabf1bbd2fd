//! The main path: a webhook arrives, its user is identified, a run is created, and every step is logged.

use inlet_system_tests::{Server, track};
use serde_json::json;

#[tokio::test]
async fn every_step_of_an_event_is_logged_under_the_names_that_others_rely_on() {
    let server = Server::start().await;
    let mappings = json!([
        {"event_type": "Order Completed", "action_type": "workflows_trigger",
         "action_parameters": {"key": "welcome", "recipients": "properties.to", "data": {"total": "data.total"}}},
    ]);
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let body = r#"{"type":"track","event":"Order Completed","userId":"u_1","messageId":"m-1","timestamp":"2026-01-02T03:04:05.678Z","properties":{"total":9007199254740993,"price":1.10,"to":[{"id":"u_1","email":"a@example.com","$trigger_data":{"x":1.0}},"nobody",{"collection":"teams","id":"t1","name":"T"}]}}"#;
    let answer = endpoint.expect(body, &["executed"]).await;
    let log = server.last_log("segment").await;
    assert_eq!(log["id"], answer["events"][0]["id"]);
    assert_eq!((&log["event"], &log["event_type"]), (&json!("track/Order Completed"), &json!("track/Order Completed")));
    assert_eq!(log["user_id"], "u_1");
    assert_eq!((&log["outcome"], &log["skipped_recipients_count"]), (&json!("executed"), &json!(1)));
    assert_eq!(log["idempotent"], false);
    assert_eq!(log["replay_of"], json!(null));
    assert_eq!(log["idempotency_key"], "m-1");
    assert_eq!(log["verification_status"], "not_configured");
    assert_eq!(log["occurred_at"], "2026-01-02T03:04:05.678Z");
    assert_eq!(log["plugin"]["key"], "segment");
    assert!(log["plugin"]["digest"].as_str().unwrap().starts_with("sha256:"));
    let action = &log["actions"][0];
    assert_eq!((&action["action_type"], &action["action_status"]), (&json!("workflows_trigger"), &json!("success")));
    assert_eq!(action["action_parameters"]["key"], "welcome");
    assert_eq!(action["action_result"]["skipped_recipients"], json!([{"id": "nobody", "reason": "not identified"}]));
    assert_eq!(action["action_result"]["recipients"], json!([{"id": "u_1"}, {"id": "t1", "collection": "teams"}]));

    // Compared as text, because a JSON library would read numbers as floats.
    let path = "/v1/sources/segment/logs?environment=development&include[]=actions";
    let text = server.manage(reqwest::Method::GET, path).send().await.unwrap().text().await.unwrap();
    assert!(text.contains(body), "the original is byte for byte what came");
    assert!(text.contains(r#""total":9007199254740993"#) && text.contains(r#""price":1.10"#), "{text}");

    let key = server.api_key("development").await;
    let (_, runs) = server.get_with_key(&key, "/v1/workflow_runs").await;
    let run = &runs["entries"][0];
    assert_eq!(run["id"], action["action_result"]["workflow_run_id"]);
    assert_eq!(run["data"], json!({"total": 9007199254740993_u64}));
    assert_eq!(run["recipients"][0], json!({"id": "u_1", "trigger_data": {"x": 1.0}, "status": "recorded"}));
    assert_eq!(run["recipients_count"], 2);
    assert_eq!((&run["actor"], &run["tenant"], &run["cancellation_key"]), (&json!(null), &json!(null), &json!(null)));
    let (status, one) = server.get_with_key(&key, &format!("/v1/workflow_runs/{}", run["id"].as_str().unwrap())).await;
    assert_eq!((status, &one["source_event_id"]), (200, &log["id"]));
    let (_, recipients) =
        server.get_with_key(&key, &format!("/v1/workflow_runs/{}/recipients", run["id"].as_str().unwrap())).await;
    assert_eq!(recipients["entries"].as_array().unwrap().len(), 2);
    let (_, user) = server.get_with_key(&key, "/v1/users/u_1").await;
    assert_eq!((&user["__typename"], &user["email"]), (&json!("User"), &json!("a@example.com")));
    assert!(user.get("$trigger_data").is_none(), "not stored on the user");
    let (status, _) = server.get_with_key(&key, "/v1/users/nobody").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn items_of_one_batch_see_the_effects_of_those_before_and_are_listed_last_first() {
    let server = Server::start().await;
    let mappings =
        json!([{"event_type": "Signed Up", "action_type": "workflows_trigger", "action_parameters": {"key": "hello"}}]);
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), mappings).await;
    let batch = format!(
        "[{},{},{}]",
        track("Signed Up", "late", "m1", json!({})),
        json!({"type": "identify", "userId": "late", "traits": {"name": "L"}, "messageId": "m2"}),
        track("Signed Up", "late", "m3", json!({})),
    );
    let answer = endpoint.expect(batch, &["skipped", "executed", "executed"]).await;
    let logs = server.logs("segment").await;
    let ids: Vec<_> = logs.iter().map(|log| log["id"].clone()).collect();
    let answered: Vec<_> = answer["events"].as_array().unwrap().iter().rev().map(|event| event["id"].clone()).collect();
    assert_eq!(ids, answered);
    let statuses: Vec<_> = logs.iter().map(|log| log["actions"][0]["action_status"].clone()).collect();
    assert_eq!(statuses, ["success", "success", "skipped"], "not yet identified, identified, triggered");
    assert_eq!(logs[2]["actions"][0]["action_result"]["workflow_run_id"], json!(null));
    assert_eq!(logs[2]["actions"][0]["action_result"]["skipped_recipients"][0]["id"], "late");
}

#[tokio::test]
async fn environments_never_see_each_other() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), json!([])).await;
    endpoint.expect(r#"{"type":"identify","userId":"u","traits":{"a":1}}"#, &["executed"]).await;
    let (development, production) = (server.api_key("development").await, server.api_key("production").await);
    assert_eq!(server.get_with_key(&development, "/v1/users/u").await.0, 200);
    assert_eq!(server.get_with_key(&production, "/v1/users/u").await.0, 404);
    let page = server.get("/v1/sources/segment/logs?environment=production").await;
    assert_eq!(page["entries"], json!([]));
    // Settings of one environment do not apply to the other.
    let source = server.get("/v1/sources/segment?environment=production").await;
    assert_eq!(source["environment_settings"]["production"]["settings"]["handle_identifies"], false);
    let other = server.endpoint_of(&source, "production");
    other.expect(r#"{"type":"identify","userId":"u","traits":{"a":1}}"#, &["logged"]).await;
}

#[tokio::test]
async fn the_answer_to_a_large_batch_counts_and_names_what_was_not_accepted() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let mut items: Vec<String> = (0..4000).map(|n| track("E", "u", &format!("m{n}"), json!({"n": n}))).collect();
    items[16] = "7".to_owned();
    let answer = endpoint.send(format!("[{}]", items.join(","))).await;
    assert_eq!(answer["counts"], json!({"logged": 3999, "rejected": 1}));
    assert_eq!(answer["events"].as_array().unwrap().len(), 1);
    assert_eq!(answer["events"][0]["outcome"], "rejected");
    let rejected = answer["events"][0]["id"].as_str().unwrap();
    let page = server.get(&format!("/v1/sources/segment/logs?environment=development&id={rejected}")).await;
    assert_eq!(page["entries"][0]["original"], json!(7));
    let status = server.get("/v1/sources/segment/status?environment=development").await;
    assert_eq!(status["events_count"], 4000);
    let events = server.get("/v1/sources/segment/events?environment=development").await;
    assert_eq!(events["entries"][0]["event"], "track/E");
}

#[tokio::test]
async fn a_delete_event_deletes_its_user_as_a_rehearsal_says() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "delete", "action_type": "users_delete"}]);
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), mappings).await;
    let identify = json!({"type": "identify", "userId": "u_1", "traits": {"name": "Ann"}}).to_string();
    let delete = json!({"type": "delete", "userId": "u_1"}).to_string();
    let key = server.api_key("development").await;
    endpoint.expect(identify.clone(), &["executed"]).await;
    assert_eq!(server.get_with_key(&key, "/v1/users/u_1").await.0, 200);

    let path = "/v1/sources/segment/rehearse?environment=development";
    let rehearsal = server.manage(reqwest::Method::POST, path).json(&json!({"body": delete})).send().await.unwrap();
    let rehearsal: serde_json::Value = serde_json::from_str(&rehearsal.text().await.unwrap()).unwrap();
    assert_eq!(
        rehearsal["would_write"]["users"],
        json!([{"id": "u_1", "is_new": false, "before": {"name": "Ann"}, "after": null, "is_deleted": true}])
    );
    assert_eq!(server.get_with_key(&key, "/v1/users/u_1").await.0, 200);

    endpoint.expect(delete.clone(), &["executed"]).await;
    assert_eq!(server.get_with_key(&key, "/v1/users/u_1").await.0, 404);
    let action = server.last_log("segment").await["actions"][0].clone();
    assert_eq!((&action["action_type"], &action["action_status"]), (&json!("users_delete"), &json!("success")));
    assert_eq!(action["action_result"], json!({"user_id": "u_1"}));

    // Nobody is left to delete; an identify creates a new user.
    endpoint.expect(delete, &["skipped"]).await;
    let action = server.last_log("segment").await["actions"][0].clone();
    assert_eq!(action["action_status"], "skipped");
    endpoint.expect(identify, &["executed"]).await;
    assert_eq!(server.get_with_key(&key, "/v1/users/u_1").await.0, 200);
}
