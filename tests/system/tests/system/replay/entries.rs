//! Replay of single entries and of batches.

use inlet_system_tests::{Server, all_files, track};
use serde_json::{Value, json};

use super::{attention, counts, entry, replay, replay_all, trigger};

#[tokio::test]
async fn a_rejected_event_is_replayed_after_a_setting_was_corrected() {
    let server = Server::start().await;
    let mappings = json!([trigger("k", json!({"id": "user_id"}))]);
    let endpoint = server.source("http", "http", json!({"event_type_path": "wrong"}), mappings).await;
    let (status, answer) =
        endpoint.try_send(r#"{"kind":"E","userId":"u","data":{"n":9007199254740993,"m":1.10}}"#).await;
    assert_eq!(status, 422, "{answer}");
    let old = server.last_log("http").await;
    assert_eq!((&old["outcome"], &old["needs_attention"]), (&json!("rejected"), &json!(true)));
    let code = old["code"].as_str().unwrap();
    assert_eq!(attention(&server, "http").await, counts([(&format!("rejected:{code}"), 1)]));

    let still = replay(&server, "http", &old["id"], json!({})).await;
    assert_eq!(still["outcome"], "rejected", "nothing was corrected yet");
    assert_eq!(attention(&server, "http").await, counts([(&format!("rejected:{code}"), 1)]), "counted once");

    server
        .source("http", "http", json!({"event_type_path": "kind"}), json!([trigger("k", json!({"id": "user_id"}))]))
        .await;
    let done = replay(&server, "http", &still["id"], json!({})).await;
    assert_eq!((&done["outcome"], &done["count"]), (&json!("executed"), &json!(1)));
    assert_eq!(done["entries"][0]["actions"][0]["action_status"], "success");
    assert_eq!((&done["rerun_of"], &done["entries"][0]["rerun_of"]), (&still["id"], &still["id"]));
    let still = entry(&server, "http", &still["id"]).await;
    assert_eq!((&still["rerun_as"], &still["needs_attention"]), (&json!([done["id"]]), &json!(false)));
    assert!(attention(&server, "http").await.is_empty());
    let key = server.api_key("development").await;
    let (_, runs) = server.get_with_key(&key, "/v1/workflow_runs").await;
    assert_eq!(runs["entries"].as_array().unwrap().len(), 1);
    let raw = server.client.get(format!("{}/v1/workflow_runs", server.admin)).bearer_auth(&key).send().await.unwrap();
    assert!(raw.text().await.unwrap().contains(r#"{"n":9007199254740993,"m":1.10}"#), "digits included");
}

#[tokio::test]
async fn of_a_batch_with_one_bad_item_only_that_is_replayed() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "7", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}}}]);
    let endpoint = server.source("http", "http", json!({}), mappings.clone()).await;
    let batch =
        r#"[{"event":"A","userId":"a"},{"event":7,"userId":"b","properties":{"x":1}},{"event":"C","userId":"c"}]"#;
    endpoint.expect(batch, &["logged", "rejected", "logged"]).await;
    let rejected = server.logs("http").await[1].clone();
    server.source("http", "http", json!({"event_type_path": "event"}), mappings).await;
    let done = replay_all(&server, "http", json!({"outcome": ["rejected"]})).await;
    assert_eq!((&done["total"], &done["done"], &done["outcomes"]), (&json!(1), &json!(1), &json!({"executed": 1})));
    let logs = server.logs("http").await;
    assert_eq!((logs.len(), &logs[0]["event_type"], &logs[0]["user_id"]), (4, &json!("7"), &json!("b")));
    assert_eq!(logs[0]["rerun_of"], rejected["id"]);
    let done = replay_all(&server, "http", json!({})).await;
    assert_eq!((&done["total"], &done["done"]), (&json!(0), &json!(0)), "nothing is left to repair");
    assert_eq!(server.logs("http").await.len(), 4);
}

#[tokio::test]
async fn where_redact_paths_are_in_force_nothing_is_kept_unredacted_and_a_replay_uses_what_the_log_has() {
    let server = Server::start().await;
    let settings = |path: &str| json!({"redact_paths": ["properties.email"], "event_type_path": path});
    let endpoint = server.source("http", "http", settings("kind"), json!([])).await;
    let secret = "canary-77aa@example.com";
    let item = |n: u32| {
        json!({"event": "E", "kind": if n == 1 { json!(null) } else { json!("E") }, "n": n,
        "userId": "u", "properties": {"email": secret, "n": n}})
    };
    endpoint.expect(json!([item(0), item(1)]).to_string(), &["logged", "rejected"]).await;
    let rejected = server.logs("http").await[0].clone();
    assert_eq!(rejected["original"]["properties"]["email"], "[redacted]");
    server.source("http", "http", settings("event"), json!([])).await;
    let done = replay(&server, "http", &rejected["id"], json!({})).await;
    assert_eq!((&done["outcome"], &done["entries"][0]["original"]["n"]), (&json!("logged"), &json!(1)));
    for (file, bytes) in all_files(server.data_dir()) {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{} holds what is to be redacted", file.display());
    }
}

#[tokio::test]
async fn a_failed_event_replayed_runs_only_the_rest_and_force_bypasses_that() {
    let server = Server::start().await;
    let settings = json!({"enforce_idempotency": true});
    let (good, bad) = (trigger("good", json!({"id": "user_id"})), trigger("bad", json!("data.nobody")));
    let endpoint = server.source("segment", "segment", settings.clone(), json!([good, bad])).await;
    endpoint.expect(track("E", "u", "m-1", json!({"n": 1})), &["failed"]).await;
    let old = server.last_log("segment").await;
    assert_eq!(old["code"], "action_failed");
    assert_eq!(attention(&server, "segment").await, counts([("failed:action_failed", 1)]));
    let found =
        server.get("/v1/sources/segment/logs?environment=development&outcome=failed,rejected&code=action_failed").await;
    assert_eq!(found["entries"].as_array().unwrap().len(), 1);
    server.source("segment", "segment", settings, json!([good, trigger("better", json!("user_id"))])).await;

    let rest = replay(&server, "segment", &old["id"], json!({})).await;
    assert_eq!((&rest["outcome"], &rest["entries"][0]["resumes"]), (&json!("executed"), &old["id"]));
    let actions = rest["entries"][0]["actions"].as_array().unwrap();
    assert_eq!((actions.len(), &actions[0]["action_parameters"]["key"]), (1, &json!("better")));
    let again = replay(&server, "segment", &old["id"], json!({"force": false})).await;
    assert_eq!((&again["outcome"], &again["entries"][0]["actions"]), (&json!("replayed"), &json!([])));

    let forced = replay(&server, "segment", &old["id"], json!({"force": true})).await;
    assert_eq!(
        (&forced["outcome"], forced["entries"][0]["actions"].as_array().unwrap().len()),
        (&json!("executed"), 2)
    );
    assert!(forced["entries"][0]["warnings"][0].as_str().unwrap().starts_with("idempotency was bypassed"));
    assert_eq!(forced["entries"][0]["verification_status"], old["verification_status"]);
    let old = entry(&server, "segment", &old["id"]).await;
    assert_eq!(old["rerun_as"], json!([rest["id"], again["id"], forced["id"]]));
    assert!(attention(&server, "segment").await.is_empty());
}

#[tokio::test]
async fn a_replayed_identify_older_than_the_users_last_one_only_fills_gaps() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let identify = |traits: Value| json!({"type": "identify", "userId": "u", "traits": traits}).to_string();
    endpoint.expect(identify(json!({"name": "Old", "email": "old@example.com"})), &["logged"]).await;
    let old = server.last_log("segment").await;
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), json!([])).await;
    endpoint.expect(identify(json!({"name": "New"})), &["executed"]).await;
    let done = replay(&server, "segment", &old["id"], json!({})).await;
    assert_eq!(done["outcome"], "executed");
    assert!(done["entries"][0]["warnings"][0].as_str().unwrap().contains("only gaps were filled"));
    let key = server.api_key("development").await;
    let (_, user) = server.get_with_key(&key, "/v1/users/u").await;
    assert_eq!((&user["name"], &user["email"]), (&json!("New"), &json!("old@example.com")), "{user}");
}
