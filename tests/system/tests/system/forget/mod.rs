//! Forgetting a user: nothing that names it is left in the files of the data directory or in an answer, and what belongs to
//! others stays.

use std::time::Duration;

use inlet_system_tests::{Server, ServerOptions, all_files, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

mod canaries;

use self::canaries::{CONTENT, EMAIL, ID, KEPT, NEVER, fill};

fn canaries() -> impl Iterator<Item = &'static str> {
    [ID, EMAIL, NEVER].into_iter().chain(CONTENT)
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

/// Returns everything that the server answers about its sources, users, runs and a bulk operation, and its log.
async fn said(server: &Server, key: &str, bulk: &str) -> Vec<String> {
    let mut said = vec![server.log(), server.stdout()];
    for source in ["segment", "signed", "waiting", "rudder"] {
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
    said.push(server.get("/v1/sources/$api/logs?include=actions&limit=100&environment=development").await.to_string());
    said.push(server.get("/v1/changes?limit=100").await.to_string());
    said.push(server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap());
    let of_users = [KEPT[0], ID, NEVER]
        .into_iter()
        .flat_map(|user| ["", "/forget", "/subscriptions", "/export"].map(|of| format!("/v1/users/{user}{of}")));
    for path in of_users.chain([
        "/v1/users?page_size=100".to_owned(),
        "/v1/objects/projects/p1/subscriptions".to_owned(),
        "/v1/audiences/beta/members".to_owned(),
        format!("/v1/bulk_operations/{bulk}"),
    ]) {
        let response = server.request_with(key, Method::GET, &path).send().await.unwrap();
        // A path that names a user who is not there is repeated in the answer.
        if response.status() == 200 {
            said.push(response.text().await.unwrap());
        }
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

#[tokio::test]
async fn a_forgotten_user_is_found_in_no_file_and_in_no_answer() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let bulk = fill(&server, &key).await;
    for canary in canaries().chain(KEPT) {
        assert!(!found_in_files(&server, [canary].into_iter()).is_empty(), "{canary} is not there before");
    }
    let begun = forget(&server, &key, ID).await;
    assert_eq!((&begun["state"], &begun["completed_at"]), (&json!("running"), &Value::Null), "{begun}");
    assert_eq!(server.get_with_key(&key, &format!("/v1/users/{ID}")).await.0, 404, "the user is gone at once");
    assert_eq!(forget(&server, &key, ID).await["id"], begun["id"], "a request that is open is the same one");
    // A user who was never identified can be forgotten too.
    forget(&server, &key, NEVER).await;
    let done = completed(&server, &key, ID).await;
    assert_eq!(
        done["removed"],
        json!({
            "users": 1, "subscriptions": 1, "audience_members": 1, "waits": 1, "events": 12, "raw_bodies": 9,
            "action_results": 0, "workflow_runs": 6, "workflow_run_recipients": 3, "deliveries": 0, "refused_requests": 6,
            "kept_requests": 1, "idempotency_keys": 4, "bulk_errors": 1,
        })
    );
    let never = &completed(&server, &key, NEVER).await["removed"];
    assert_eq!((&never["users"], &never["raw_bodies"]), (&json!(0), &json!(1)), "{never}");
    assert!(never["waits"].as_u64().unwrap() >= 1, "{never}");
    assert_eq!(found_in_files(&server, canaries()), []);
    for kept in KEPT {
        assert!(!found_in_files(&server, [kept].into_iter()).is_empty(), "{kept} is gone");
    }
    let said = said(&server, &key, &bulk).await;
    for canary in canaries() {
        for text in &said {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
    }
    for kept in KEPT {
        assert!(said.iter().any(|text| text.contains(kept)), "{kept}");
    }
    // What was carried out for a key is not carried out again, although nobody knows the key any more.
    let runs = server.all_runs(&key).await.len();
    let source = server.get("/v1/sources/segment?environment=development").await;
    let endpoint = server.endpoint_of(&source, "development");
    endpoint.expect(track("E", ID, "CanaryKey7f3a", json!({"to": KEPT[0]})), &["replayed"]).await;
    assert_eq!(server.all_runs(&key).await.len(), runs);

    // A second request is a new one, and takes up what came meanwhile.
    let again = forget(&server, &key, ID).await;
    assert_ne!(again["id"], begun["id"]);
    let done = completed(&server, &key, ID).await;
    assert_eq!(
        (&done["id"], &done["removed"]["events"], &done["removed"]["users"]),
        (&again["id"], &json!(1), &json!(0))
    );
    assert_eq!(found_in_files(&server, canaries()), []);
}

#[tokio::test]
async fn a_request_to_forget_survives_a_kill_at_any_moment() {
    let mut server = Server::start().await;
    let key = server.api_key("development").await;
    fill(&server, &key).await;
    let begun = forget(&server, &key, ID).await;
    forget(&server, &key, NEVER).await;
    let mut dirs = Vec::new();
    for wait in [0, 200, 11_000] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        server.kill();
        let (dir, data_dir) = server.take_data_dir();
        dirs.extend(dir);
        server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    }
    let done = completed(&server, &key, ID).await;
    assert_eq!(done["id"], begun["id"], "{done}");
    completed(&server, &key, NEVER).await;
    assert_eq!(found_in_files(&server, canaries()), []);
    for kept in KEPT {
        assert!(!found_in_files(&server, [kept].into_iter()).is_empty(), "{kept} is gone");
    }
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
            "users": 1, "subscriptions": 0, "audience_members": 0, "waits": 0, "events": 2, "raw_bodies": 0, "action_results": 1,
            "workflow_runs": 1, "workflow_run_recipients": 1, "deliveries": 0, "refused_requests": 2, "kept_requests": 0,
            "idempotency_keys": 0, "bulk_errors": 0,
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

#[tokio::test]
async fn what_was_accepted_before_does_not_bring_a_user_back() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let answer = endpoint.expect(identify("ana", json!({"name": "CanaryAna7f3a"})), &["logged"]).await;
    server.source("segment", "segment", json!({"handle_identifies": true}), json!([])).await;
    let users: Vec<Value> = (0..999).map(|number| json!({"id": format!("u-{number}")})).collect();
    let users =
        json!({"users": users.into_iter().chain([json!({"id": "ana", "name": "CanaryAna7f3a"})]).collect::<Vec<_>>()});
    let bulk = server.request_with(&key, Method::POST, "/v1/users/bulk/identify").json(&users).send().await.unwrap();
    assert_eq!(bulk.status(), 200);
    forget(&server, &key, "ana").await;
    // The request is open for ten seconds at least: an operator replays an event of the user meanwhile.
    let id = answer["events"][0]["id"].as_str().unwrap();
    let replay = format!("/v1/sources/segment/logs/{id}/replay?environment=development");
    let replayed = server.manage(Method::POST, &replay).json(&json!({})).send().await.unwrap();
    assert_eq!(replayed.status(), 200);
    let replayed = read_json(replayed).await;
    assert!(replayed.to_string().contains("executed"), "it identifies the user: {replayed}");
    completed(&server, &key, "ana").await;
    assert_eq!(server.get_with_key(&key, "/v1/users/ana").await.0, 404);
    assert_eq!(
        server.get_with_key(&key, "/v1/users/u-998").await.0,
        200,
        "the bulk operation went on without the user"
    );
    assert_eq!(found_in_files(&server, ["CanaryAna7f3a"].into_iter()), []);
}
