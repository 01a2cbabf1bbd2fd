//! Events that did nothing, or less than their mappings ask for, in the log, the status and the metrics.

use inlet_system_tests::{Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

fn trigger(event_type: &str, parameters: Value) -> Value {
    json!({"event_type": event_type, "action_type": "workflows_trigger", "action_parameters": parameters})
}

async fn metrics(server: &Server) -> String {
    server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap()
}

async fn logs_of(server: &Server, outcome: &str) -> Vec<Value> {
    let path = format!("/v1/sources/segment/logs?environment=development&outcome={outcome}");
    server.get(&path).await["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_event_that_reached_nobody_is_skipped_counted_found_and_can_be_replayed() {
    let server = Server::start().await;
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    let mappings = json!([trigger("Paid", json!({"key": "receipt", "recipients": "userId"}))]);
    let endpoint = server.source("segment", "segment", settings, mappings).await;
    endpoint.expect(track("Paid", "u_1", "m-1", json!({})), &["skipped"]).await;
    endpoint.expect(track("Paid", "u_2", "m-2", json!({})), &["skipped"]).await;

    let found = logs_of(&server, "skipped").await;
    assert_eq!(found.len(), 2);
    let log = &found[1];
    assert_eq!((&log["user_id"], &log["skipped_recipients_count"]), (&json!("u_1"), &json!(1)));
    assert_eq!(log["reason"], "no recipient is identified; no workflow run was created");
    assert_eq!((&log["needs_attention"], &log["code"]), (&json!(false), &json!(null)));
    assert!(logs_of(&server, "executed").await.is_empty());
    let status = server.get("/v1/sources/segment/status?environment=development").await;
    assert_eq!(status["skipped_recipients"], json!({"count": 2, "last_ids": ["u_2", "u_1"]}));
    let labels = r#"{source="segment",environment="development",plugin="segment""#;
    let text = metrics(&server).await;
    let counted = format!(r#"inlet_actions_total{labels},type="workflows_trigger",status="skipped"}} 2"#);
    assert!(text.contains(&counted), "{text}");
    assert!(text.contains(&format!(r#"inlet_events_total{labels},outcome="skipped"}} 2"#)), "{text}");

    // Once the user is identified, a replay of all that was skipped reaches the one, and skips the other again.
    endpoint.expect(r#"{"type":"identify","userId":"u_1","traits":{}}"#, &["executed"]).await;
    let path = "/v1/sources/segment/replays?environment=development";
    let begun = server.manage(Method::POST, path).json(&json!({"outcome": ["skipped"]})).send().await.unwrap();
    let begun = read_json(begun).await;
    let one = format!("/v1/sources/segment/replays/{}?environment=development", begun["id"].as_str().unwrap());
    let done = loop {
        let replay = server.get(&one).await;
        if replay["state"] == "finished" {
            break replay;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(done["outcomes"], json!({"executed": 1, "skipped": 1}));
    let key = server.api_key("development").await;
    assert_eq!(server.all_runs(&key).await.len(), 1);
    // What was executed is remembered, what was skipped is not.
    endpoint.expect(track("Paid", "u_1", "m-1", json!({})), &["replayed"]).await;
    endpoint.expect(track("Paid", "u_2", "m-2", json!({})), &["skipped"]).await;
}

#[tokio::test]
async fn a_path_that_finds_nothing_is_a_warning_in_the_log_and_in_a_rehearsal() {
    let server = Server::start().await;
    let mappings = json!([trigger(
        "track/Paid",
        json!({"key": "receipt", "recipients": {"id": "userId"},
        "data": {"sum": "data.totl"}})
    )]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    let body = track("Paid", "u_1", "m-1", json!({"total": 5}));
    let warnings = json!(["`data.sum` is null: the path `data.totl` finds nothing; there is `data.total`"]);
    let path = "/v1/sources/segment/rehearse?environment=development";
    let rehearsal = server.manage(Method::POST, path).json(&json!({"body": body})).send().await.unwrap();
    let rehearsal = read_json(rehearsal).await;
    assert_eq!(rehearsal["items"][0]["actions"][0]["warnings"], warnings, "{rehearsal}");
    endpoint.expect(body, &["executed"]).await;
    let action = &server.last_log("segment").await["actions"][0];
    assert_eq!((&action["action_status"], &action["warnings"]), (&json!("success"), &warnings));
}

#[tokio::test]
async fn saving_a_mapping_warns_of_paths_that_no_event_and_no_example_has() {
    let server = Server::start().await;
    let save = async |data: Value| {
        let mappings = json!([
            trigger("Paid", json!({"key": "receipt", "recipients": {"id": "userId"}, "data": data})),
            trigger("identify", json!({"key": "hello", "tenant": "data.no_such_thing"})),
        ]);
        let source = json!({"name": "s", "preconfigured_provider": "segment",
            "environment_settings": {"development": {"mappings": mappings}}});
        let (status, saved) = server.try_put_source("segment", "development", source).await;
        assert_eq!(status, 200, "{saved}");
        let endpoint = server.endpoint_of(&saved["source"], "development");
        (endpoint, saved["warnings"].as_array().unwrap().clone())
    };
    // No event of this type was received, and the plugin's examples hold none: only the other mapping can be checked.
    let (endpoint, warnings) = save(json!({"sum": "data.totl"})).await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].as_str().unwrap().contains("`data.no_such_thing`"), "{warnings:?}");
    for total in [1, 2] {
        endpoint
            .expect(track("Paid", "u", &format!("m-{total}"), json!({"total": total, "n": 1})), &["executed"])
            .await;
    }
    endpoint.expect(track("Paid", "u", "m-3", json!({"total": 3})), &["executed"]).await;
    let (_, warnings) = save(json!({"sum": "data.totl", "n": "data.n"})).await;
    let of_path = "mappings[1]: `data.sum` is null: the path `data.totl` finds nothing; there is `data.total`";
    assert!(warnings.iter().any(|warning| warning.as_str().unwrap().ends_with(of_path)), "{warnings:?}");
    assert_eq!(warnings.len(), 2, "what some events have is optional: {warnings:?}");
    assert_eq!(save(json!({"sum": "data.total"})).await.1.len(), 1);
    assert_eq!(server.logs("segment").await.len(), 3, "nothing is written");
}

#[tokio::test]
async fn a_trait_of_a_wrong_type_keeps_the_value_that_was_good() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), json!([])).await;
    let identify = |traits: Value| json!({"type": "identify", "userId": "u_1", "traits": traits}).to_string();
    let good = json!({"email": "a@example.com", "createdAt": "Fri, 02 Jan 2026 03:04:05 GMT"});
    endpoint.expect(identify(good), &["executed"]).await;
    endpoint.expect(identify(json!({"email": ["b@example.com"], "created_at": "garbage"})), &["executed"]).await;
    let key = server.api_key("development").await;
    let (_, user) = server.get_with_key(&key, "/v1/users/u_1").await;
    assert_eq!((&user["email"], &user["created_at"]), (&json!("a@example.com"), &json!("2026-01-02T03:04:05.000Z")));
    let warnings = server.last_log("segment").await["actions"][0]["warnings"].to_string();
    assert!(warnings.contains("`email`") && warnings.contains("`created_at`"), "{warnings}");
}

#[tokio::test]
async fn numbers_are_the_same_id_and_the_same_time_in_every_spelling() {
    let server = Server::start().await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let body = r#"{"type":"track","event":"E","userId":1.661194e7,"timestamp":1.767323045678E12}"#;
    endpoint.expect(body, &["logged"]).await;
    let log = server.last_log("http").await;
    assert_eq!(
        (&log["user_id"], &log["occurred_at"], &log["warnings"]),
        (&json!("16611940"), &json!("2026-01-02T03:04:05.678Z"), &json!([]))
    );
    for (timestamp, warnings) in [("Fri, 02 Jan 2026 03:04:05 GMT", 0), ("unreadable", 1)] {
        let body = json!({"type": "track", "event": "E", "timestamp": timestamp, "sentAt": "2026-01-02T03:04:05Z"});
        endpoint.expect(body.to_string(), &["logged"]).await;
        let log = server.last_log("http").await;
        assert_eq!(log["occurred_at"], "2026-01-02T03:04:05.000Z");
        assert_eq!(log["warnings"].as_array().unwrap().len(), warnings, "{log}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_cause_and_not_its_first_symptom() {
    let server = Server::start().await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let send = async |body: &str, encoding: Option<&str>| {
        let mut request = endpoint.post(body.to_owned());
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), read_json(response).await["message"].as_str().unwrap().to_owned())
    };
    for (body, encoding, status, cause) in [
        ("event=Order+Completed&userId=u_1", None, 422, "is a form"),
        ("<event/>", None, 422, "XML"),
        (r#""{\"type\":\"track\"}""#, None, 422, "encoded twice"),
        (r#"{"type":"track","event":"E"}"#, Some("gzip"), 400, "JSON"),
        (r#"{"type":"track","event":"E"}"#, Some("UTF-8"), 415, "\"UTF-8\", which is a charset"),
    ] {
        let (answered, message) = send(body, encoding).await;
        assert_eq!(answered, status, "{message}");
        assert!(message.contains(cause), "{message}");
    }
    // A path to a header that is not kept would never find anything.
    let save = async |settings: Value| {
        let source = json!({"name": "s", "environment_settings": {"development": {"settings": settings}}});
        server.try_put_source("http", "development", source).await
    };
    let (status, refused) = save(json!({"event_type_path": "headers.x-topic"})).await;
    assert_eq!(status, 422, "{refused}");
    assert!(refused.to_string().contains("keep_headers"), "{refused}");
    let (status, saved) = save(json!({"event_type_path": "headers.x-topic", "keep_headers": ["X-Topic"]})).await;
    assert_eq!(status, 200, "{saved}");
    let response = endpoint.post("{}").header("x-topic", "order.created").send().await.unwrap();
    assert_eq!(read_json(response).await["events"][0]["event_type"], "order.created");
}

#[tokio::test]
async fn an_event_without_a_mapping_says_which_one_is_near() {
    let server = Server::start().await;
    let mappings = json!([trigger("Order Completed", json!({"key": "k"}))]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    endpoint.expect(track("order completed", "u", "m", json!({})), &["logged"]).await;
    let reason = server.last_log("segment").await["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("`Order Completed`") && reason.contains("upper and lower case"), "{reason}");
    endpoint.expect(track("Refunded", "u", "m", json!({})), &["logged"]).await;
    assert_eq!(server.last_log("segment").await["reason"], "no mapping matches this event type");
}
