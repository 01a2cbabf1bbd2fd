//! Forgetting a user: nothing that names it is left in the files of the data directory or in an answer, and what belongs to
//! others stays.

use std::time::Duration;

use inlet_system_tests::{Server, ServerOptions, all_files, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

const ID: &str = "canary-id-7f3a";
const EMAIL: &str = "canary.mail-7f3a@example.com";
/// The values in the user's requests, besides the id and the email address.
const CONTENT: [&str; 12] = [
    "CanaryName7f3a",
    "CanaryOldName7f3a",
    "CanaryTrait7f3a",
    "CanaryData7f3a",
    "CanaryLarge7f3a",
    "CanaryCancel7f3a",
    "CanaryKey7f3a",
    "CanaryTriggerData7f3a",
    "CanaryRaw7f3a",
    "CanaryText7f3a",
    "CanaryRefused7f3a",
    "CanaryForm7f3a",
];
/// The values in others' requests.
const KEPT: [&str; 4] = ["keeper-id-7f3a", "KeeperName7f3a", "KeeperData7f3a", "KeeperRefused7f3a"];

fn canaries() -> impl Iterator<Item = &'static str> {
    [ID, EMAIL].into_iter().chain(CONTENT)
}

fn identify(user: &str, traits: Value) -> String {
    json!({"type": "identify", "userId": user, "messageId": format!("i-{user}-{traits}"), "traits": traits}).to_string()
}

/// Returns which of the words stand in a file of the data directory.
fn found_in_files(server: &Server, words: impl Iterator<Item = &'static str>) -> Vec<(&'static str, String)> {
    let files = all_files(server.data_dir());
    let holds = |bytes: &[u8], wanted: &str| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    words
        .flat_map(|word| {
            let of_word = files.iter().filter(move |(_, bytes)| holds(bytes, word));
            of_word.map(move |(path, _)| (word, path.display().to_string()))
        })
        .collect()
}

/// Returns everything that the server answers about its sources, users and runs, and its log.
async fn said(server: &Server, key: &str) -> Vec<String> {
    let mut said = vec![server.log(), server.stdout()];
    for source in ["segment", "signed"] {
        for path in ["/status?", "/events?", "/logs?include=actions&limit=100&", "/refused?limit=100&", "/replays?"] {
            said.push(server.get(&format!("/v1/sources/{source}{path}environment=development")).await.to_string());
        }
        let refused = server.get(&format!("/v1/sources/{source}/refused?environment=development")).await;
        for request in refused["entries"].as_array().unwrap() {
            let path =
                format!("/v1/sources/{source}/refused/{}?environment=development", request["id"].as_str().unwrap());
            said.push(server.get(&path).await.to_string());
        }
    }
    said.push(server.get("/v1/changes?limit=100").await.to_string());
    said.push(server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap());
    for path in ["/v1/users?limit=100".to_owned(), format!("/v1/users/{}", KEPT[0]), format!("/v1/users/{ID}/forget")] {
        said.push(server.get_with_key(key, &path).await.1.to_string());
    }
    said.push(Value::Array(server.all_runs(key).await).to_string());
    said.push(Value::Array(server.all_logs("segment").await).to_string());
    said
}

/// Asks to forget a user.
async fn forget(server: &Server, key: &str, id: &str) -> Value {
    let response = server.request_with(key, Method::POST, &format!("/v1/users/{id}/forget")).send().await.unwrap();
    let (status, answer) = (response.status(), read_json(response).await);
    assert_eq!(status, 202, "{answer}");
    answer
}

/// Waits until a request to forget a user is completed, and returns it.
async fn completed(server: &Server, key: &str, id: &str) -> Value {
    let mut request = Value::Null;
    for _ in 0..900 {
        let (status, found) = server.get_with_key(key, &format!("/v1/users/{id}/forget")).await;
        assert_eq!(status, 200, "{found}");
        request = found;
        if request["state"] == "completed" {
            return request;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it was not completed: {request}");
}

/// Puts two sources and sends events of the user and of others.
async fn fill(server: &Server) {
    let mappings = json!([
        {"event_type": "E", "action_type": "workflows_trigger", "action_parameters": {
            "key": "k", "recipients": "data.to", "actor": "user_id", "cancellation_key": "data.cancel"}},
    ]);
    let settings = json!({"enforce_idempotency": true, "handle_identifies": true});
    let endpoint = server.source("segment", "segment", settings, mappings).await;
    endpoint.expect(identify(KEPT[0], json!({"name": KEPT[1]})), &["executed"]).await;
    // Names that change and grow leave their old bytes in the file, and others' rows move the user's.
    endpoint.expect(identify(ID, json!({"name": "CanaryOldName7f3a", "email": EMAIL})), &["executed"]).await;
    for number in 0..200 {
        let user = format!("user-{}", number * 7919 % 200);
        endpoint.expect(identify(&user, json!({"pad": "p".repeat(number * 5)})), &["executed"]).await;
        if number % 50 == 0 {
            let traits =
                json!({"name": "CanaryName7f3a", "custom": {"a": ["CanaryTrait7f3a"]}, "n": "x".repeat(number * 9)});
            endpoint.expect(identify(ID, traits), &["executed"]).await;
        }
    }
    let data = json!({
        "to": [KEPT[0], ID, {"id": ID, "$trigger_data": {"x": "CanaryTriggerData7f3a"}}], "cancel": "CanaryCancel7f3a",
        "secret": "CanaryData7f3a", "pad": "CanaryLarge7f3a ".repeat(5000),
    });
    endpoint.expect(track("E", ID, "CanaryKey7f3a", data), &["executed"]).await;
    endpoint.expect(track("E", KEPT[0], "key-2", json!({"to": KEPT[0], "x": KEPT[2]})), &["executed"]).await;
    // Neither is an event: the one names the user, the other cannot be decoded.
    endpoint.send(json!({"type": "nonsense", "context": {"user": ID}, "x": "CanaryRaw7f3a"}).to_string()).await;
    endpoint.send("<who>CanaryText7f3a</who>").await;
    let settings = json!({"signing_secret": "s3cr3t", "enforce_verification": true});
    let signed = server.source("signed", "segment", settings, json!([])).await;
    for body in [
        json!({"traits": {"email": EMAIL.to_uppercase(), "x": "CanaryRefused7f3a"}}).to_string(),
        format!("who={}&x=CanaryForm7f3a", EMAIL.replace('@', "%40")),
        json!({"userId": KEPT[0], "x": KEPT[3]}).to_string(),
    ] {
        assert_eq!(signed.try_send(body).await.0, 401);
    }
}

#[tokio::test]
async fn a_forgotten_user_is_found_in_no_file_and_in_no_answer() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    fill(&server).await;
    for canary in canaries().chain(KEPT) {
        assert!(!found_in_files(&server, [canary].into_iter()).is_empty(), "{canary} is not there before");
    }
    let begun = forget(&server, &key, ID).await;
    assert_eq!((&begun["state"], &begun["completed_at"]), (&json!("running"), &Value::Null), "{begun}");
    assert_eq!(server.get_with_key(&key, &format!("/v1/users/{ID}")).await.0, 404, "the user is gone at once");
    assert_eq!(forget(&server, &key, ID).await["id"], begun["id"], "a request that is open is the same one");
    let done = completed(&server, &key, ID).await;
    assert_eq!(
        done["removed"],
        json!({
            "users": 1, "subscriptions": 0, "audience_members": 0, "events": 6, "raw_bodies": 2, "action_results": 0,
            "workflow_runs": 1, "workflow_run_recipients": 1, "refused_requests": 2, "kept_requests": 1,
            "idempotency_keys": 3,
        })
    );
    assert_eq!(found_in_files(&server, canaries()), []);
    for kept in KEPT {
        assert!(!found_in_files(&server, [kept].into_iter()).is_empty(), "{kept} is gone");
    }
    let said = said(&server, &key).await;
    for canary in CONTENT.into_iter().chain([EMAIL, ID]) {
        for text in &said {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
    }
    for kept in KEPT {
        assert!(said.iter().any(|text| text.contains(kept)), "{kept}");
    }
    // What was carried out for a key is not carried out again, although nobody knows the key any more.
    let source = server.get("/v1/sources/segment?environment=development").await;
    let endpoint = server.endpoint_of(&source, "development");
    endpoint.expect(track("E", ID, "CanaryKey7f3a", json!({"to": KEPT[0]})), &["replayed"]).await;
    assert_eq!(server.all_runs(&key).await.len(), 2);
}

#[tokio::test]
async fn a_request_to_forget_survives_a_kill_at_any_moment() {
    let mut server = Server::start().await;
    let key = server.api_key("development").await;
    fill(&server).await;
    let begun = forget(&server, &key, ID).await;
    let mut dirs = Vec::new();
    for wait in [0, 200, 11_000] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        server.kill();
        let (dir, data_dir) = server.take_data_dir();
        dirs.extend(dir);
        server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    }
    let done = completed(&server, &key, ID).await;
    assert_eq!((&done["id"], &done["removed"]["events"]), (&begun["id"], &json!(6)), "{done}");
    assert_eq!(found_in_files(&server, canaries()), []);
    assert!(!found_in_files(&server, [KEPT[2]].into_iter()).is_empty());
}

#[tokio::test]
async fn an_id_is_matched_as_a_value_and_others_events_stay() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger", "action_parameters": {
        "key": "k", "recipients": "data.to", "data": "data"}}]);
    let settings = json!({"handle_identifies": true});
    let endpoint = server.source("segment", "segment", settings.clone(), mappings.clone()).await;
    let signed =
        server.source("signed", "segment", json!({"signing_secret": "s", "enforce_verification": true}), json!([]));
    let signed = signed.await;
    for user in ["42", "7"] {
        endpoint.expect(identify(user, json!({"email": format!("{user}@example.com")})), &["executed"]).await;
    }
    let to = json!({"to": ["42", "7", {"collection": "projects", "id": "42"}], "n": 42, "text": "42 and 42"});
    endpoint.expect(track("E", "7", "m1", to.clone()), &["executed"]).await;
    endpoint.expect(track("E", "42", "m2", json!({"to": "7", "n": 1})), &["executed"]).await;
    for body in [r#"{"a":"4242","b":"user 42","42":1}"#, r#"{"a":42}"#, "a=42", "a=420"] {
        assert_eq!(signed.try_send(body).await.0, 401);
    }
    // The same id in another environment is another user.
    let source = json!({"name": "segment", "preconfigured_provider": "segment",
        "environment_settings": {"production": {"settings": settings, "mappings": mappings}}});
    let (status, answer) = server.try_put_source("segment", "production", source).await;
    assert_eq!(status, 200, "{answer}");
    let elsewhere = server.endpoint_of(&answer["source"], "production");
    elsewhere.expect(identify("42", json!({"name": "Other"})), &["executed"]).await;

    forget(&server, &key, "42").await;
    let done = completed(&server, &key, "42").await;
    assert_eq!(
        done["removed"],
        json!({
            "users": 1, "subscriptions": 0, "audience_members": 0, "events": 2, "raw_bodies": 0, "action_results": 1,
            "workflow_runs": 1, "workflow_run_recipients": 1, "refused_requests": 2, "kept_requests": 0,
            "idempotency_keys": 0,
        })
    );
    let logs = server.logs("segment").await;
    let of_seven = logs.iter().find(|log| log["user_id"] == "7" && log["event_type"] == "track/E").unwrap();
    assert_eq!(of_seven["data"], to, "another user's event stays");
    let result = &of_seven["actions"][0]["action_result"];
    assert_eq!(result["recipients"], json!([{"id": "[forgotten]"}, {"id": "7"}]), "{result}");
    assert_eq!(result["skipped_recipients"][0]["id"], "42", "an object with this id is not the user: {result}");
    let forgotten: Vec<_> = logs.iter().filter(|log| log["user_id"].is_null()).collect();
    assert_eq!(forgotten.len(), 2);
    assert!(forgotten.iter().all(|log| log["body_removed"] == true && log["original"].is_null()), "{forgotten:?}");
    let runs = server.all_runs(&key).await;
    let by_data = |n: i64| runs.iter().find(|run| run["data"]["n"] == n);
    assert_eq!(by_data(42).unwrap()["recipients"], json!([{"id": "7", "status": "recorded"}]));
    assert_eq!(by_data(42).unwrap()["recipients_count"], 1);
    assert!(by_data(1).is_none(), "the run of the user's event lost its data");
    let refused = server.get("/v1/sources/signed/refused?environment=development").await;
    let kept: Vec<_> = refused["entries"].as_array().unwrap().iter().map(|request| &request["has_body"]).collect();
    assert_eq!(kept, [true, false, false, true], "newest first");
    let other = server.api_key("production").await;
    assert_eq!(server.get_with_key(&other, "/v1/users/42").await.1["name"], "Other");
    assert_eq!(server.get_with_key(&other, "/v1/users/42/forget").await.0, 404);
}
