//! Administration: environments, keys, tokens, deleted sources, retention of bodies, hidden values, and the audit log.

use std::time::{Duration, Instant};

use inlet_system_tests::{Server, ServerOptions, all_files, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

const SECRET: &str = "canary-of-a-signing-secret";

async fn send(server: &Server, method: Method, path: &str, body: Value) -> (u16, Value) {
    let response = server.manage(method, path).json(&body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

fn order_mapping() -> Value {
    json!([{"event_type": "Order", "action_type": "workflows_trigger",
            "action_parameters": {"key": "order", "recipients": {"id": "user_id"}}}])
}

/// Retries until the condition holds.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_new_environment_has_every_source_with_an_endpoint_of_its_own() {
    let server = Server::start().await;
    let development = server.source("segment", "segment", json!({"handle_identifies": true}), order_mapping()).await;
    let asked = json!({"slug": "staging", "name": "Staging", "retention_days": 7});
    let (status, created) = send(&server, Method::POST, "/v1/environments", asked.clone()).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!((&created["retention_days"], &created["keep_bodies"]), (&json!(7), &json!("all")));
    assert_eq!((&created["body_retention_days"], &created["hide_personal_data"]), (&json!(null), &json!(false)));
    let source = server.get("/v1/sources/segment?environment=staging").await;
    let settings = &source["environment_settings"]["staging"]["settings"];
    assert_eq!(settings["handle_identifies"], false, "its own settings, the plugin's defaults");
    assert_eq!(source["environment_settings"]["staging"]["mappings"], json!([]));
    let staging = server.endpoint_of(&source, "staging");
    assert_ne!(staging.url, development.url);
    staging.expect(track("Order", "u", "m", json!({})), &["logged"]).await;
    assert!(server.logs("segment").await.is_empty(), "nothing of it in development");
    let logs = server.get("/v1/sources/segment/logs?environment=staging").await;
    assert_eq!(logs["entries"].as_array().unwrap().len(), 1);
    // New sources exist in the environment too, and its settings survive a restart.
    server.source("http", "http", json!({}), json!([])).await;
    server.get("/v1/sources/http?environment=staging").await;
    let listed = server.get("/v1/environments").await;
    assert_eq!(listed["entries"][2], created);

    let (status, answer) = send(&server, Method::POST, "/v1/environments", asked).await;
    assert_eq!((status, &answer["code"]), (409, &json!("conflict")), "{answer}");
    for (body, field) in [
        (json!({"slug": "No Slug", "name": "N"}), "slug"),
        (json!({"slug": "n"}), "name"),
        (json!({"slug": "n", "name": "N", "retention_days": 3651}), "retention_days"),
        (json!({"slug": "n", "name": "N", "body_retention_days": 0}), "body_retention_days"),
        (json!({"slug": "n", "name": "N", "keep_bodies": "some"}), "keep_bodies"),
    ] {
        let (status, answer) = send(&server, Method::POST, "/v1/environments", body).await;
        assert_eq!((status, answer["field"].as_str()), (422, Some(field)), "{answer}");
    }
    assert_eq!(server.get("/v1/environments").await["entries"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_environment_is_changed_member_by_member() {
    let server = Server::start().await;
    let patch = async |body: Value| send(&server, Method::PATCH, "/v1/environments/production", body).await;
    let (status, changed) = patch(json!({"body_retention_days": 3, "hide_personal_data": true})).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!((&changed["name"], &changed["retention_days"]), (&json!("Production"), &json!(30)));
    // A response can be sent back unchanged.
    assert_eq!(patch(changed.clone()).await, (200, changed.clone()));
    let (_, cleared) = patch(json!({"body_retention_days": null, "name": "P"})).await;
    assert_eq!((&cleared["body_retention_days"], &cleared["hide_personal_data"]), (&json!(null), &json!(true)));
    let (status, answer) = patch(json!({"slug": "live"})).await;
    assert_eq!((status, answer["field"].as_str()), (422, Some("slug")));
    let (status, _) = send(&server, Method::PATCH, "/v1/environments/moon", json!({"name": "M"})).await;
    assert_eq!(status, 404);
    assert_eq!(server.get("/v1/environments").await["entries"][0]["name"], "Development");
}

#[tokio::test]
async fn keys_are_listed_without_themselves_and_a_deleted_one_is_refused_at_once() {
    let server = Server::start().await;
    let (first, second) = (server.api_key("development").await, server.api_key("development").await);
    assert_eq!(server.get_with_key(&first, "/v1/users").await.0, 200);
    let list = server.get("/v1/environments/development/api_keys").await;
    let entries = list["entries"].as_array().unwrap();
    assert_eq!((entries.len(), entries[0]["hint"].as_str()), (2, Some(&second[second.len() - 4..])), "newest first");
    assert!(entries[0]["last_used_at"].is_null() && entries[1]["last_used_at"].is_string(), "{list}");
    assert!(!list.to_string().contains(&first) && !list.to_string().contains(&second));
    let id = entries[1]["id"].as_str().unwrap();
    let delete = async |environment: &str| {
        let path = format!("/v1/environments/{environment}/api_keys/{id}");
        send(&server, Method::DELETE, &path, json!({})).await.0
    };
    assert_eq!(delete("production").await, 404, "a key of another environment");
    assert_eq!(server.get_with_key(&first, "/v1/users").await.0, 200);
    assert_eq!(delete("development").await, 204);
    assert_eq!(server.get_with_key(&first, "/v1/users").await.0, 401);
    assert_eq!(server.get_with_key(&second, "/v1/users").await.0, 200);
    assert_eq!(delete("development").await, 404);
    assert_eq!(server.get("/v1/environments/production/api_keys").await["entries"], json!([]));
    assert_eq!(server.manage(Method::GET, "/v1/environments/moon/api_keys").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_deleted_source_is_gone_at_once_and_its_key_can_be_used_again() {
    let server = Server::start().await;
    let settings = json!({"enforce_idempotency": true, "handle_identifies": true});
    let old = server.source("segment", "segment", settings.clone(), order_mapping()).await;
    old.expect(r#"{"type":"identify","userId":"u","messageId":"i","traits":{"name":"Ana"}}"#, &["executed"]).await;
    old.expect(track("Order", "u", "same-key", json!({})), &["executed"]).await;
    let items: Vec<String> = (0..1200).map(|n| track("Page", "u", &format!("m{n}"), json!({"n": n}))).collect();
    old.send(format!("[{}]", items.join(","))).await;

    let (status, _) = send(&server, Method::DELETE, "/v1/sources/segment", json!({})).await;
    assert_eq!(status, 204);
    assert_eq!(old.try_send(track("Order", "u", "m", json!({}))).await.0, 404);
    assert_eq!(
        server.manage(Method::GET, "/v1/sources/segment?environment=development").send().await.unwrap().status(),
        404
    );
    assert_eq!(server.get("/v1/sources").await["entries"], json!([]));
    assert_eq!(send(&server, Method::DELETE, "/v1/sources/segment", json!({})).await.0, 404);

    // At once, while the logs of the old source are still being deleted.
    let new = server.source("segment", "segment", settings, order_mapping()).await;
    assert_ne!(new.url, old.url);
    new.expect(track("Order", "u", "same-key", json!({})), &["executed"]).await;
    assert_eq!(server.logs("segment").await.len(), 1, "nothing of the old one");
    assert_eq!(server.get("/v1/sources/segment/status").await["events_count"], 1);
    assert_eq!(server.get("/v1/sources/segment/events").await["entries"].as_array().unwrap().len(), 1);
    eventually("the old logs are pruned", async || {
        server.log().contains("pruned what deleted sources and environments left")
    })
    .await;
    new.expect(track("Order", "u", "same-key", json!({})), &["replayed"]).await;
    assert_eq!(server.logs("segment").await.len(), 2);
    let key = server.api_key("development").await;
    assert_eq!(server.get_with_key(&key, "/v1/users/u").await.1["name"], "Ana", "users stay");
    assert_eq!(server.all_runs(&key).await.len(), 2, "runs stay");
}

#[tokio::test]
async fn tokens_are_shown_once_do_what_their_scopes_say_and_end() {
    let server = Server::start().await;
    let soon = Duration::from_millis(2500);
    let expires_at = {
        let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap() + soon;
        format!("{}", at.as_millis())
    };
    // Only RFC 3339 is accepted; a number gets a sentence.
    let asked = json!({"name": "CI", "scopes": ["read"], "expires_at": expires_at});
    let (status, answer) = send(&server, Method::POST, "/v1/management_tokens", asked).await;
    assert_eq!((status, answer["field"].as_str()), (422, Some("expires_at")), "{answer}");

    let token = server.management_token(json!({"name": "CI", "scopes": ["operate"], "expires_in_days": 1})).await;
    assert!(token.starts_with("im_") && token.len() > 35, "{token}");
    let status = async |method: Method, path: &str| {
        server.request_with(&token, method, path).json(&json!({})).send().await.unwrap().status().as_u16()
    };
    let list = server.get("/v1/management_tokens").await;
    let entry = &list["entries"][0];
    assert_eq!(
        (&entry["name"], &entry["scopes"], &entry["environments"]),
        (&json!("CI"), &json!(["operate"]), &json!(null))
    );
    assert!(entry["last_used_at"].is_null() && entry["expires_at"].is_string(), "{entry}");
    assert_eq!(entry["hint"].as_str().unwrap(), &token[token.len() - 4..]);
    assert!(!list.to_string().contains(&token));
    assert_eq!(status(Method::GET, "/v1/sources").await, 200);
    assert_eq!(status(Method::PUT, "/v1/sources/s?environment=development").await, 422);
    assert_eq!(status(Method::POST, "/v1/environments").await, 403);
    assert_eq!(status(Method::DELETE, "/v1/sources/s").await, 403);
    let entry = server.get("/v1/management_tokens").await["entries"][0].clone();
    assert!(entry["last_used_at"].is_string(), "{entry}");
    for (path, bytes) in all_files(server.data_dir()) {
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{}", path.display());
    }
    assert!(!server.log().contains(&token));

    let path = format!("/v1/management_tokens/{}", entry["id"].as_str().unwrap());
    assert_eq!(send(&server, Method::DELETE, &path, json!({})).await.0, 204);
    assert_eq!(status(Method::GET, "/v1/sources").await, 401);
    assert_eq!(send(&server, Method::DELETE, &path, json!({})).await.0, 404);
    let (status, answer) = send(&server, Method::DELETE, "/v1/management_tokens/bootstrap", json!({})).await;
    assert_eq!(status, 409, "{answer}");
    assert_eq!(server.get("/v1/management_tokens").await["entries"], json!([]));
}

#[tokio::test]
async fn when_a_token_was_last_used_survives_a_stop() {
    let server = Server::start().await;
    let token = server.management_token(json!({"name": "CI", "scopes": ["read"]})).await;
    assert_eq!(server.request_with(&token, Method::GET, "/v1/sources").send().await.unwrap().status(), 200);
    let used = server.get("/v1/management_tokens").await["entries"][0]["last_used_at"].clone();
    let mut server = server;
    server.terminate();
    assert!(server.wait_for_exit().await);
    let (_directory, data_dir) = server.take_data_dir();
    let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    let entry = server.get("/v1/management_tokens").await["entries"][0].clone();
    assert_eq!(entry["last_used_at"], used);
    assert_eq!(
        server.request_with(&token, Method::GET, "/v1/sources").send().await.unwrap().status(),
        200,
        "it is still good"
    );
}

#[tokio::test]
async fn every_change_is_logged_with_who_what_before_and_after_and_no_secret() {
    let server = Server::start().await;
    let token = server.management_token(json!({"name": "CI", "scopes": ["operate"]})).await;
    server.source("segment", "segment", json!({}), json!([])).await;
    let put = async |settings: Value, mappings: Value| {
        let body = json!({"source": {"name": "segment", "environment_settings":
            {"development": {"settings": settings, "mappings": mappings}}}});
        let request =
            server.request_with(&token, Method::PUT, "/v1/sources/segment?environment=development").json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        read_json(response).await["source"]["environment_settings"]["development"].clone()
    };
    let parameters = json!({"key": "order", "data": {"n": {"value": 9_007_199_254_740_993_u64}}});
    let mapping = json!([{"event_type": "Order", "action_type": "workflows_trigger", "action_parameters": parameters}]);
    let shown = put(json!({"signing_secret": SECRET, "handle_identifies": true}), mapping.clone()).await;
    put(json!({"signing_secret": format!("{SECRET}-2")}), mapping).await;
    put(json!({"signing_secret": null, "enforce_verification": false}), json!([])).await;
    let key = server.api_key("production").await;
    send(&server, Method::PATCH, "/v1/environments/production", json!({"retention_days": 90})).await;
    send(&server, Method::DELETE, "/v1/sources/segment", json!({})).await;

    let page = server.get("/v1/changes").await;
    let entries = page["entries"].as_array().unwrap();
    let operations: Vec<&str> = entries.iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
    assert_eq!(
        operations,
        [
            "deleteSource",
            "updateEnvironment",
            "createApiKey",
            "upsertSource",
            "upsertSource",
            "upsertSource",
            "upsertSource",
            "createManagementToken"
        ]
    );
    let members = |at: usize| (entries[at]["before"].clone(), entries[at]["after"].clone());
    assert_eq!(members(1), (json!({"retention_days": 30}), json!({"retention_days": 90})));
    assert_eq!(
        (&entries[1]["environment"], &entries[1]["who"]),
        (&json!("production"), &json!({"token_id": null, "name": "bootstrap"}))
    );
    assert_eq!(members(2), (json!(null), json!({"hint": &key[key.len() - 4..]})));
    assert!(entries[2]["resource"].as_str().unwrap().starts_with("environments/production/api_keys/"));
    let id = shown["mappings"][0]["id"].as_str().unwrap();
    let (before, after) = members(3);
    assert_eq!((&before["signing_secret"], &after["signing_secret"]), (&json!("set"), &json!(null)));
    assert_eq!(before["mappings"][id]["event_type"], "Order");
    assert!(after.get("mappings").is_none(), "{after}");
    assert_eq!(members(4), (json!({"signing_secret": "set"}), json!({"signing_secret": "changed"})));
    let (before, after) = members(5);
    assert_eq!((&before["signing_secret"], &after["signing_secret"]), (&json!(null), &json!("set")));
    assert_eq!(after["settings"]["handle_identifies"], true);
    assert_eq!(after["mappings"][id]["action_parameters"], parameters, "every digit");
    assert_eq!(entries[5]["who"], json!({"token_id": "1", "name": "CI"}));
    assert_eq!(entries[5]["environment"], "development");
    assert_eq!((&entries[6]["before"], &entries[6]["environment"]), (&json!(null), &json!(null)));
    assert!(entries.iter().all(|entry| entry["at"].is_string() && entry["id"].is_string()));
    let text = page.to_string();
    let endpoint = shown["settings"]["endpoint"].as_str().unwrap().rsplit('/').next().unwrap();
    for secret in [SECRET, &token, &key, endpoint] {
        assert!(!text.contains(secret), "{secret} is in the log of changes");
    }
    assert!(!server.log().contains(SECRET));

    let of = async |query: &str| server.get(&format!("/v1/changes?{query}")).await["entries"].as_array().unwrap().len();
    assert_eq!(of("environment=development").await, 3);
    assert_eq!(of("environment=production").await, 2);
    assert_eq!(of("resource=sources/segment").await, 5);
    assert_eq!(of("resource=sources/segment&environment=development&limit=2").await, 2);
    let first = server.get("/v1/changes?limit=3").await;
    let after = first["page_info"]["after"].as_str().unwrap();
    let second = server.get(&format!("/v1/changes?limit=3&after={after}")).await;
    assert_eq!(second["entries"][0], entries[3]);
    // A request without a change is not recorded.
    send(&server, Method::PATCH, "/v1/environments/production", json!({"retention_days": 90})).await;
    assert_eq!(of("").await, 8);
}

#[tokio::test]
async fn a_source_is_created_with_its_configuration_in_one_change() {
    let server = Server::start().await;
    let mapping =
        json!([{"event_type": "Order", "action_type": "workflows_trigger", "action_parameters": {"key": "k"}}]);
    let settings = json!({"signing_secret": SECRET, "handle_identifies": true});
    server.source("segment", "segment", settings, mapping).await;
    let source = server.get("/v1/sources/segment?environment=development").await;
    let configuration = &source["environment_settings"]["development"];
    assert_eq!(
        (&configuration["version"], &configuration["settings"]["signing_secret_set"]),
        (&json!(1), &json!(true))
    );

    let page = server.get("/v1/changes").await;
    let entries = page["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{page}");
    assert_eq!((&entries[0]["before"], &entries[0]["environment"]), (&json!(null), &json!(null)));
    let after = &entries[0]["after"];
    assert_eq!((&after["name"], &after["preconfigured_provider"]), (&json!("segment"), &json!("segment")));
    let logged = &after["environment_settings"]["development"];
    assert_eq!(logged["signing_secret"], "set");
    assert_eq!(logged["settings"]["handle_identifies"], true);
    let id = configuration["mappings"][0]["id"].as_str().unwrap();
    assert_eq!(logged["mappings"][id]["action_type"], "workflows_trigger");
    let other = &after["environment_settings"]["production"];
    assert_eq!((&other["signing_secret"], &other["mappings"]), (&json!(null), &json!({})));
    assert!(!page.to_string().contains(SECRET));
}

#[tokio::test]
async fn personal_data_is_hidden_in_the_logs_and_its_own_key_sees_it() {
    let server = Server::start().await;
    let settings = json!({"enforce_idempotency": true, "handle_identifies": true, "keep_headers": ["x-shop"]});
    let endpoint = server.source("segment", "segment", settings, order_mapping()).await;
    let body = format!(
        "[{},{}]",
        r#"{"type":"identify","userId":"ana-1","messageId":"ana-2","traits":{"email":"ana@example.com"}}"#,
        track("Order", "ana-1", "ana-3", json!({"total": 4711, "gift": true, "note": null, "to": ["ana-4"]}))
    );
    let response = endpoint.post(body).header("x-shop", "ana-5").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let before = server.last_log("segment").await;
    assert_eq!((&before["data"]["total"], &before["personal_data_hidden"]), (&json!(4711), &json!(false)));
    send(&server, Method::PATCH, "/v1/environments/development", json!({"hide_personal_data": true})).await;

    let whole = server
        .get(&format!("/v1/sources/segment/logs?environment=development&id={}", before["id"].as_str().unwrap()))
        .await;
    let logs = server.logs("segment").await;
    let text = format!("{whole}{}", json!(logs));
    assert!(!text.contains("ana") && !text.contains("4711"), "{text}");
    let log = &logs[0];
    assert_eq!(log["data"], json!({"total": "…", "gift": true, "note": null, "to": ["…"]}));
    assert_eq!(log["original"]["properties"], log["data"]);
    assert_eq!((&log["user_id"], &log["idempotency_key"]), (&json!("…"), &json!("…")));
    assert_eq!(log["headers"], json!({"x-shop": "…"}));
    assert_eq!((&log["event_type"], &log["outcome"]), (&json!("track/Order"), &json!("executed")));
    assert_eq!((&log["personal_data_hidden"], &log["body_removed"]), (&json!(true), &json!(false)));
    let action = &log["actions"][0];
    assert_eq!(action["action_parameters"]["key"], "order", "configuration stays");
    assert!(uuid::Uuid::try_parse(action["action_result"]["workflow_run_id"].as_str().unwrap()).is_ok());

    let key = server.api_key("development").await;
    let (_, user) = server.get_with_key(&key, "/v1/users/ana-1").await;
    assert_eq!(user["email"], "ana@example.com");
    assert_eq!(server.all_runs(&key).await[0]["recipients"][0]["id"], "ana-1");
    send(&server, Method::PATCH, "/v1/environments/development", json!({"hide_personal_data": false})).await;
    assert_eq!(server.last_log("segment").await, before, "hidden, not lost");
}

#[tokio::test]
async fn bodies_of_what_did_not_fail_go_and_their_logs_stay() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "Bad", "action_type": "workflows_trigger",
                           "action_parameters": {"key": "k", "recipients": "data.nobody"}}]);
    let settings = json!({"keep_headers": ["x-shop"]});
    let endpoint = server.source("segment", "segment", settings, mappings).await;
    for (event, outcome) in [("Good", "logged"), ("Bad", "failed")] {
        let response =
            endpoint.post(track(event, "u", "", json!({"n": 1}))).header("x-shop", "s").send().await.unwrap();
        assert_eq!(read_json(response).await["events"][0]["outcome"], outcome);
    }
    eventually("the body is removed", async || {
        // Each change triggers retention again.
        let keep = json!({"keep_bodies": "failures"});
        assert_eq!(send(&server, Method::PATCH, "/v1/environments/development", keep).await.0, 200);
        server.logs("segment").await[1]["body_removed"] == true
    })
    .await;
    let logs = server.logs("segment").await;
    let (bad, good) = (&logs[0], &logs[1]);
    assert_eq!((&good["original"], &good["data"], &good["headers"]), (&json!(null), &json!(null), &json!(null)));
    assert_eq!((&good["event_type"], &good["user_id"], &good["logs"]), (&json!("track/Good"), &json!("u"), &json!([])));
    assert_eq!((&bad["body_removed"], &bad["original"]["properties"]["n"]), (&json!(false), &json!(1)));
    assert_eq!(bad["headers"]["x-shop"], "s");
    let path = format!("/v1/sources/segment/logs?environment=development&id={}", good["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await["entries"][0]["body_removed"], true);
}

#[tokio::test]
async fn repairs_are_changes_too() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": SECRET}), json!([])).await;
    assert_eq!(endpoint.post("{}").header("x-signature", "0".repeat(40)).send().await.unwrap().status(), 401);
    let off = json!({"enforce_verification": false});
    let endpoint = server.source("segment", "segment", off, json!([])).await;
    let answer = endpoint.send("[17]").await;
    let id = answer["events"][0]["id"].as_str().unwrap();
    let at = |path: &str| format!("/v1/sources/segment/{path}?environment=development");
    let refused = server.get(&at("refused")).await["entries"][0]["id"].as_str().unwrap().to_owned();
    // Nothing is enforced any longer, so that verifying admits the request.
    assert_eq!(send(&server, Method::POST, &at(&format!("refused/{refused}/verify")), json!({})).await.0, 200);
    assert_eq!(send(&server, Method::POST, &at(&format!("logs/{id}/replay")), json!({})).await.0, 200);
    assert_eq!(send(&server, Method::POST, &at("attention/dismiss"), json!({"outcome": "rejected"})).await.0, 200);
    assert_eq!(send(&server, Method::POST, &at("attention/dismiss"), json!({"outcome": "rejected"})).await.0, 200);
    let (status, _) = send(&server, Method::POST, &at("replays"), json!({"outcome": ["failed"]})).await;
    assert_eq!(status, 202);
    let page = server.get("/v1/changes?environment=development").await;
    let operations: Vec<&str> =
        page["entries"].as_array().unwrap().iter().map(|change| change["operation"].as_str().unwrap()).collect();
    let repairs: Vec<&&str> = operations.iter().filter(|operation| **operation != "upsertSource").collect();
    let expected = [&"createReplay", &"dismissAttention", &"replayLog", &"verifyRefusedRequest"];
    assert_eq!(repairs, expected, "newest first; {page}");
    let replayed = &page["entries"][2];
    assert_eq!(replayed["resource"], format!("sources/segment/logs/{id}"));
    assert_eq!(replayed["after"], json!({"force": false}));
}

#[tokio::test]
async fn the_time_of_the_system_is_shown_and_accepted() {
    let server = Server::start().await;
    let clock = server.get("/v1/clock").await;
    // A server that was never off counts by the system's clock.
    assert_eq!((&clock["behind_seconds"], &clock["note"]), (&json!(0), &json!(null)), "{clock}");
    let (status, accepted) = send(&server, Method::POST, "/v1/clock/accept", json!(null)).await;
    assert_eq!((status, &accepted["behind_seconds"]), (200, &json!(0)), "{accepted}");
    let page = server.get("/v1/changes").await;
    let change = &page["entries"][0];
    assert_eq!((&change["operation"], &change["resource"]), (&json!("acceptSystemTime"), &json!("clock")));
    assert!(change["after"]["store_time"].is_string(), "{change}");
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("\ninlet_store_time_behind_seconds "), "{metrics}");
}
