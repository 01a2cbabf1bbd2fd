//! semantics.md §3 and §4: what failed, was rejected or was refused is carried out again, once.

use std::{collections::BTreeMap, time::Duration};

use inlet_system_tests::{Endpoint, SEGMENT_SECRET, Server, ServerOptions, all_files, hmac_sha1, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

const E1: &str = r#"{"event":"Order Completed","messageId":"m-1","properties":{"n":9007199254740993},"type":"track","userId":"u_1"}"#;

fn trigger(key: &str, recipients: Value) -> Value {
    json!({"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": key, "recipients": recipients, "data": "data"}})
}

/// A POST with the management token; status and answer.
async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    let response = server.manage(Method::POST, path).json(&body).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

/// Replays one entry and expects 200.
async fn replay(server: &Server, source: &str, id: &Value, body: Value) -> Value {
    let path = format!("/v1/sources/{source}/logs/{}/replay?environment=development", id.as_str().unwrap());
    let (status, answer) = post(server, &path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn entry(server: &Server, source: &str, id: &Value) -> Value {
    let path = format!("/v1/sources/{source}/logs?environment=development&id={}", id.as_str().unwrap());
    server.get(&path).await["entries"][0].clone()
}

/// Starts a replay and waits for its end.
async fn replay_all(server: &Server, source: &str, body: Value) -> Value {
    let (status, begun) = post(server, &format!("/v1/sources/{source}/replays?environment=development"), body).await;
    assert_eq!((status, &begun["state"]), (202, &json!("running")), "{begun}");
    ended(server, source, &begun["id"]).await
}

async fn ended(server: &Server, source: &str, id: &Value) -> Value {
    let path = format!("/v1/sources/{source}/replays/{}?environment=development", id.as_str().unwrap());
    for _ in 0..1200 {
        let replay = server.get(&path).await;
        if replay["state"] != "running" {
            return replay;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the replay did not end: {}", server.get(&path).await);
}

/// What needs attention in `development`: `kind:cause` and how many.
async fn attention(server: &Server, source: &str) -> BTreeMap<String, i64> {
    let status = server.get(&format!("/v1/sources/{source}/status?environment=development")).await;
    let causes = status["needs_attention"]["causes"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let counts: BTreeMap<String, i64> = causes
        .iter()
        .map(|cause| (format!("{}:{}", text(&cause["kind"]), text(&cause["cause"])), cause["count"].as_i64().unwrap()))
        .collect();
    assert_eq!(status["needs_attention"]["count"], counts.values().sum::<i64>());
    assert!(causes.iter().all(|cause| text(&cause["what_to_do"]).len() > 20));
    counts
}

fn counts<const N: usize>(counts: [(&str, i64); N]) -> BTreeMap<String, i64> {
    counts.into_iter().map(|(cause, count)| (cause.to_owned(), count)).collect()
}

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

/// A server whose plugins may use so much memory, on a data directory.
async fn with_memory(memory: usize, delays: &str, data_dir: Option<std::path::PathBuf>) -> Server {
    let options = ServerOptions { data_dir, ..ServerOptions::default() };
    let options = options.env("INLET_MAX_SANDBOX_MEMORY", memory.to_string());
    Server::start_with(options.env("INLET_RETRY_DELAYS_SECONDS", delays)).await
}

fn big() -> String {
    track("E", "u", "m", json!({"n": 1, "pad": "p".repeat(6 << 20)}))
}

#[tokio::test]
async fn what_a_plugin_failed_on_is_tried_again_by_the_server_as_often_as_it_is_told() {
    let server = with_memory(4 << 20, "[0.1, 0.1, 0.1]", None).await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    endpoint.expect(big(), &["failed"]).await;
    let log = server.last_log("segment").await;
    assert_eq!((&log["code"], &log["needs_attention"]), (&json!("memory"), &json!(true)));
    let mut tried = 0;
    for _ in 0..300 {
        tried = server.log().matches("a retry failed").count();
        if entry(&server, "segment", &log["id"]).await["retry_at"].is_null() && tried == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(tried, 3);
    let log = entry(&server, "segment", &log["id"]).await;
    assert_eq!((&log["retry_at"], &log["needs_attention"]), (&json!(null), &json!(true)), "it stays for somebody");
    assert_eq!(server.logs("segment").await.len(), 1, "what failed again is no new event");
    assert_eq!(attention(&server, "segment").await, counts([("failed:memory", 1)]));
}

#[tokio::test]
async fn a_retry_is_on_disk_survives_a_kill_and_executes_once() {
    let mut server = with_memory(4 << 20, "[3]", None).await;
    let mappings = json!([trigger("k", json!({"id": "user_id"}))]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    endpoint.expect(big(), &["failed"]).await;
    let old = server.last_log("segment").await;
    assert!(old["retry_at"].is_string(), "{}", old["retry_at"]);
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let mut server = with_memory(256 << 20, "[3]", Some(data_dir.clone())).await;
    let mut found = Value::Null;
    for _ in 0..300 {
        found = entry(&server, "segment", &old["id"]).await;
        if found["rerun_as"] != json!([]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((&found["needs_attention"], &found["retry_at"]), (&json!(false), &json!(null)));
    let new = entry(&server, "segment", &found["rerun_as"][0]).await;
    assert_eq!((&new["outcome"], &new["rerun_of"]), (&json!("executed"), &old["id"]));
    assert_eq!((&new["verification_status"], &new["received_at"]), (&old["verification_status"], &old["received_at"]));
    server.kill();
    let server = with_memory(256 << 20, "[0.1]", Some(data_dir)).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let key = server.api_key("development").await;
    assert_eq!((server.all_runs(&key).await.len(), server.logs("segment").await.len()), (1, 2));
}

#[tokio::test]
async fn a_request_that_failed_as_a_whole_is_carried_out_again_as_all_its_items() {
    let mut server = with_memory(4 << 20, "[]", None).await;
    let endpoint = server.source("http", "http", json!({"max_body_bytes": 8 << 20}), json!([])).await;
    let batch = json!([{"event": "A", "userId": "u", "properties": {"pad": "p".repeat(6 << 20)}}, {"event": 7}, {"event": "C"}]);
    endpoint.expect(batch.to_string(), &["failed"]).await;
    let old = server.last_log("http").await;
    assert_eq!((&old["retry_at"], &old["needs_attention"]), (&json!(null), &json!(true)), "no retries are configured");
    let still = replay(&server, "http", &old["id"], json!({})).await;
    assert_eq!((&still["outcome"], &still["entries"][0]["code"]), (&json!("failed"), &json!("memory")));
    assert_eq!(attention(&server, "http").await, counts([("failed:memory", 1)]), "counted once");
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let server = with_memory(256 << 20, "[]", Some(data_dir)).await;
    let done = replay(&server, "http", &still["id"], json!({})).await;
    let outcomes: Vec<_> = done["entries"].as_array().unwrap().iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["logged", "rejected", "logged"]);
    let ids: Vec<_> = done["entries"].as_array().unwrap().iter().map(|entry| entry["id"].clone()).collect();
    assert_eq!(entry(&server, "http", &still["id"]).await["rerun_as"], json!(ids));
    let found = attention(&server, "http").await;
    assert_eq!(found.values().sum::<i64>(), 1, "the item that is bad in itself: {found:?}");
}

#[tokio::test]
async fn what_its_sender_tries_again_the_server_does_not() {
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::copy(inlet_system_tests::test_plugin("inlet__hostile.wasm"), dir.path().join("hostile.wasm")).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().display().to_string());
    let server = Server::start_with(options.env("INLET_RETRY_DELAYS_SECONDS", "[0.1]")).await;
    let endpoint = server.source("hostile", "inlet/hostile", json!({}), json!([])).await;
    let answer = server.client.post(format!("{}/abort", endpoint.url)).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 500);
    let log = server.last_log("hostile").await;
    assert_eq!(
        (&log["outcome"], &log["retry_at"], &log["needs_attention"]),
        (&json!("failed"), &json!(null), &json!(true))
    );
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(server.log().matches("a retry").count(), 0);
    // By hand it can be: the request is kept with its sub-path.
    let done = replay(&server, "hostile", &log["id"], json!({})).await;
    assert_eq!((&done["outcome"], &done["entries"][0]["code"]), (&json!("failed"), &json!("trap")));
}

#[tokio::test]
async fn a_delay_that_is_none_is_refused_at_the_start() {
    let options = ServerOptions::default().env("INLET_RETRY_DELAYS_SECONDS", "[10, -1]");
    let log = Server::try_start(options).await.err().unwrap();
    assert!(log.contains("retry_delays_seconds holds -1; expected seconds from 0 to 604800"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_ten_thousand_survives_a_kill_and_runs_each_once() {
    const EVENTS: usize = 10_000;
    let mut server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([trigger("k", json!("data.nobody"))])).await;
    for request in 0..10 {
        let items: Vec<Value> = (0..EVENTS / 10)
            .map(|n| {
                json!({"type": "track", "event": "E", "userId": format!("u{}", n % 10),
                "properties": {"n": request * (EVENTS / 10) + n}})
            })
            .collect();
        endpoint.send(json!(items).to_string()).await;
    }
    assert_eq!(attention(&server, "segment").await, counts([("failed:action_failed", EVENTS as i64)]));
    let endpoint =
        server.source("segment", "segment", json!({}), json!([trigger("k", json!({"id": "user_id"}))])).await;
    let path = "/v1/sources/segment/replays?environment=development";
    let (status, begun) = post(&server, path, json!({"outcome": ["failed"], "rate_per_second": 1000})).await;
    assert_eq!(status, 202, "{begun}");
    let one = format!("/v1/sources/segment/replays/{}?environment=development", begun["id"].as_str().unwrap());
    while server.get(&one).await["done"].as_i64().unwrap() < EVENTS as i64 / 4 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    endpoint.expect(track("Live", "u", "live", json!({})), &["logged"]).await;
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    let midway = server.get(&one).await;
    assert_eq!((&midway["state"], &midway["total"]), (&json!("running"), &json!(EVENTS)));
    assert!(midway["done"].as_u64().unwrap() < EVENTS as u64, "{midway}");
    let done = ended(&server, "segment", &begun["id"]).await;
    assert_eq!((&done["state"], &done["done"], &done["failed"]), (&json!("finished"), &json!(EVENTS), &json!(0)));
    assert_eq!(done["outcomes"], json!({"executed": EVENTS}));
    assert!(attention(&server, "segment").await.is_empty());
    let key = server.api_key("development").await;
    let runs = server.all_runs(&key).await;
    let mut numbers: Vec<u64> = runs.iter().map(|run| run["data"]["n"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..EVENTS as u64), "{} runs, each once", numbers.len());
    let list = server.get(path).await;
    assert_eq!((list["entries"].as_array().unwrap().len(), &list["entries"][0]["id"]), (1, &begun["id"]));
}

#[tokio::test]
async fn one_replay_at_a_time_and_it_can_be_cancelled() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([trigger("k", json!("data.nobody"))])).await;
    for n in 0..20 {
        endpoint.expect(track("E", "u", &format!("m{n}"), json!({})), &["failed"]).await;
    }
    let path = "/v1/sources/segment/replays?environment=development";
    let (_, begun) = post(&server, path, json!({"rate_per_second": 1})).await;
    let (status, second) = post(&server, path, json!({})).await;
    assert_eq!(status, 409);
    insta::assert_snapshot!(second["message"].as_str().unwrap(), @"a replay is running here already; wait for its end, or cancel it with DELETE");
    let one = format!("/v1/sources/segment/replays/{}?environment=development", begun["id"].as_str().unwrap());
    let elsewhere = one.replace("development", "production");
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(server.manage(method, &elsewhere).send().await.unwrap().status(), 404);
    }
    let cancelled = read_json(server.manage(Method::DELETE, &one).send().await.unwrap()).await;
    assert_eq!(cancelled["state"], "cancelled", "{cancelled}");
    assert_eq!(server.manage(Method::DELETE, &one).send().await.unwrap().status(), 409);
    let left = attention(&server, "segment").await["failed:action_failed"];
    let done = replay_all(&server, "segment", json!({"rate_per_second": 1000})).await;
    assert_eq!((&done["done"], &done["outcomes"]), (&json!(left), &json!({"failed": left})), "the next one can begin");
    assert_eq!(attention(&server, "segment").await["failed:action_failed"], left, "what fails again is counted once");
}

#[tokio::test]
async fn named_entries_are_replayed_by_force_and_what_cannot_be_is_counted() {
    let server = Server::start().await;
    let mappings = json!([trigger("k", json!({"id": "user_id"}))]);
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    endpoint.expect(track("E", "u", "m", json!({})), &["executed"]).await;
    let id = server.last_log("segment").await["id"].clone();
    let unknown = "019b7c9b-7eae-7000-8000-000000000000";
    let done = replay_all(&server, "segment", json!({"ids": [id, unknown]})).await;
    assert_eq!((&done["outcomes"], &done["failed"], &done["done"]), (&json!({"replayed": 1}), &json!(1), &json!(2)));
    assert!(done["last_error"].as_str().unwrap().contains("there is no log entry"), "{done}");
    let done = replay_all(&server, "segment", json!({"ids": [id], "force": true})).await;
    assert_eq!(done["outcomes"], json!({"executed": 1}));
    let key = server.api_key("development").await;
    assert_eq!(server.all_runs(&key).await.len(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_replay_is_said() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    endpoint.expect("{", &["rejected"]).await;
    let id = server.last_log("segment").await["id"].as_str().unwrap().to_owned();
    let replay =
        |id: &str, environment: &str| format!("/v1/sources/segment/logs/{id}/replay?environment={environment}");
    let other = "019b7c9b-7eae-7000-8000-000000000000";
    for path in [replay(other, "development"), replay("7", "development"), replay(&id, "production")] {
        assert_eq!(post(&server, &path, json!({})).await.0, 404, "{path}");
    }
    assert_eq!(post(&server, &replay(&id, "staging"), json!({})).await.0, 422);
    assert_eq!(post(&server, &replay(&id, "development"), json!({"force": 1})).await.0, 422);
    assert_eq!(post(&server, &replay(&id, "development"), json!({"forced": true})).await.0, 422);
    let path = "/v1/sources/segment/replays?environment=development";
    for body in [json!({"outcome": "failed"}), json!({"force": true}), json!({"rate_per_second": 1001}), json!([])] {
        assert_eq!(post(&server, path, body.clone()).await.0, 422, "{body}");
    }
    let logs = server.manage(Method::GET, "/v1/sources/segment/logs?environment=development&outcome=lost").send();
    assert_eq!(logs.await.unwrap().status(), 422);
    // Without a body.
    let bare = server.manage(Method::POST, &replay(&id, "development")).send().await.unwrap();
    assert_eq!((bare.status().as_u16(), &read_json(bare).await["outcome"]), (200, &json!("rejected")));
}

#[tokio::test]
async fn what_is_dismissed_needs_no_attention_and_the_metric_follows() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    for _ in 0..3 {
        endpoint.expect("{", &["rejected"]).await;
    }
    let found = attention(&server, "segment").await;
    let (cause, _) = found.first_key_value().unwrap();
    assert_eq!(found, counts([(cause, 3)]));
    let metric = |count: u32| {
        format!(r#"inlet_needs_attention{{source="segment",environment="development",cause="{cause}"}} {count}"#)
    };
    has_metric(&server, &metric(3)).await;
    let dismiss = "/v1/sources/segment/attention/dismiss?environment=development";
    let id = server.last_log("segment").await["id"].clone();
    let elsewhere = dismiss.replace("development", "production");
    assert_eq!(post(&server, &elsewhere, json!({"ids": [id]})).await, (200, json!({"dismissed": 0})));
    assert_eq!(post(&server, dismiss, json!({"ids": [id]})).await, (200, json!({"dismissed": 1})));
    assert_eq!(server.last_log("segment").await["needs_attention"], false);
    assert_eq!(post(&server, dismiss, json!({"outcome": "rejected"})).await, (200, json!({"dismissed": 2})));
    assert_eq!(post(&server, dismiss, json!({})).await.0, 422);
    assert!(attention(&server, "segment").await.is_empty());
    has_metric(&server, &metric(0)).await;
    let done = replay(&server, "segment", &id, json!({})).await;
    assert_eq!(done["outcome"], "rejected", "it can be replayed all the same");
}

async fn has_metric(server: &Server, line: &str) {
    let mut metrics = String::new();
    for _ in 0..100 {
        metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
        if metrics.lines().any(|found| found == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{line} is not in\n{metrics}");
}

async fn send_signed(endpoint: &Endpoint, header: &str, value: &str, body: &str) -> u16 {
    endpoint.post(body.to_owned()).header(header, value).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn refused_requests_are_let_in_after_the_secret_was_corrected() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "Order Completed", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}, "data": "data"}}]);
    let endpoint = server.source("segment", "segment", json!({"signing_secret": "a typo"}), mappings).await;
    let signature = hmac_sha1(SEGMENT_SECRET, E1.as_bytes());
    assert_eq!(send_signed(&endpoint, "x-signature", &signature, E1).await, 401);
    assert_eq!(send_signed(&endpoint, "x-signature", "00", E1).await, 401);
    let doubled = endpoint.post(E1).header("x-signature", &signature).header("x-signature", &signature);
    assert_eq!(doubled.send().await.unwrap().status(), 401);
    assert_eq!(endpoint.post(E1).send().await.unwrap().status(), 401);
    assert_eq!(
        attention(&server, "segment").await,
        counts([("refused:doubled", 1), ("refused:failed", 2), ("refused:missing", 1)])
    );
    let list = server.get("/v1/sources/segment/refused?environment=development").await;
    let first = list["entries"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&first["cause"], &first["method"], &first["has_body"]),
        (&json!("failed"), &json!("POST"), &json!(true))
    );
    assert_eq!((&first["size"], first["digest"].as_str().unwrap().len()), (&json!(E1.len()), 64));
    assert!(!list.to_string().contains("Order Completed"), "bodies are not listed");

    let verify =
        format!("/v1/sources/segment/refused/{}/verify?environment=development", first["id"].as_str().unwrap());
    let (_, still) = post(&server, &verify, json!({})).await;
    assert_eq!((&still["verified"], &still["cause"]), (&json!(false), &json!("failed")), "the secret is still wrong");
    assert_eq!(post(&server, &verify.replace("development", "production"), json!({})).await.0, 404);

    let put = json!({"name": "segment",
        "environment_settings": {"development": {"settings": {"signing_secret": SEGMENT_SECRET}}}});
    let (status, answer) = server.try_put_source("segment", "development", put).await;
    assert_eq!(status, 200, "{answer}");
    let (_, done) = post(&server, &verify, json!({})).await;
    assert_eq!((&done["verified"], &done["events"][0]["outcome"]), (&json!(true), &json!("executed")), "{done}");
    let log = server.last_log("segment").await;
    assert_eq!(
        (&log["verification_status"], &log["received_at"]),
        (&json!("enforced:verified"), &first["received_at"])
    );
    assert_eq!(post(&server, &verify, json!({})).await.0, 404, "it left the ring");
    let (_, rest) = post(&server, "/v1/sources/segment/refused/verify?environment=development", json!({})).await;
    assert_eq!(
        rest,
        json!({"verified": 0, "events": 0, "refused": 3, "not_kept": 0}),
        "also the one with two signatures"
    );
    let key = server.api_key("development").await;
    assert_eq!(server.all_runs(&key).await.len(), 1);
}

#[tokio::test]
async fn a_shared_secret_is_compared_again_and_never_kept() {
    let server = Server::start().await;
    let endpoint = server.source("http", "http", json!({"signing_secret": "a typo"}), json!([])).await;
    let secret = "canary-secret-91c2";
    for (n, sent) in [secret, "somebody else's", secret].into_iter().enumerate() {
        let url = format!("{}/sub", endpoint.url);
        let request = server.client.put(url).header("x-webhook-secret", sent).body(format!(r#"{{"event":"E{n}"}}"#));
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    for (file, bytes) in all_files(server.data_dir()) {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{}", file.display());
    }
    let list = server.get("/v1/sources/http/refused?environment=development").await;
    assert_eq!((&list["entries"][0]["method"], &list["entries"][0]["path"]), (&json!("PUT"), &json!("/sub")));
    server.source("http", "http", json!({"signing_secret": secret}), json!([])).await;
    let path = "/v1/sources/http/refused/verify?environment=development";
    let (_, one) = post(&server, path, json!({"order": "newest", "limit": 1})).await;
    assert_eq!(one, json!({"verified": 1, "events": 1, "refused": 0, "not_kept": 0}));
    assert_eq!(server.last_log("http").await["event_type"], "track/E2");
    let (_, rest) = post(&server, path, json!({})).await;
    assert_eq!(rest, json!({"verified": 1, "events": 1, "refused": 1, "not_kept": 0}));
    assert_eq!(server.last_log("http").await["event_type"], "track/E0");
    assert_eq!(post(&server, path, json!({"order": "random"})).await.0, 422);
}

#[tokio::test]
async fn the_ring_is_bounded_and_says_what_is_left_of_a_request() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": "a typo"}), json!([])).await;
    for n in 0..5 {
        let body = track("E", "u", &format!("m{n}"), json!({"pad": "p".repeat(20 << 20)}));
        let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
        assert_eq!(send_signed(&endpoint, "x-signature", &signature, &body).await, 401);
    }
    let list = server.get("/v1/sources/segment/refused?environment=development").await;
    let kept: Vec<_> = list["entries"].as_array().unwrap().iter().map(|entry| entry["has_body"].clone()).collect();
    assert_eq!(kept, [true, true, true, false, false]);
    let oldest = list["entries"][4]["id"].as_str().unwrap();
    let path = format!("/v1/sources/segment/refused/{oldest}/verify?environment=development");
    let (status, answer) = post(&server, &path, json!({})).await;
    assert_eq!(status, 409);
    insta::assert_snapshot!(answer["message"].as_str().unwrap(), @"its body left the ring, which keeps the newest 64 MiB; let the sender send it again");
}
