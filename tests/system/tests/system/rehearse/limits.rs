//! Large, malformed and unadmitted requests, failing plugins, and hidden personal data.

use inlet_system_tests::{Server, ServerOptions, read_json, test_plugin, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::{errors, outcomes, post, rehearse, trigger};

#[tokio::test]
async fn a_large_batch_is_counted_and_its_first_items_shown() {
    let server = Server::start().await;
    let mappings: Vec<_> = (0..300).map(|n| trigger(&format!("E{n}"), json!({"key": "k"}))).collect();
    server.source("segment", "segment", json!({}), json!(mappings)).await;
    let items: Vec<String> = (0..2000).map(|n| track(&format!("E{n}"), "u", "m", json!({}))).collect();
    let rehearsal =
        rehearse(&server, "segment", "development", json!({"body": format!("[{}]", items.join(","))})).await;
    assert_eq!((&rehearsal["items_count"], rehearsal["items"].as_array().unwrap().len()), (&json!(2000), 100));
    assert_eq!(rehearsal["action_logs_count"], 300);
    let last = &rehearsal["items"][99];
    assert_eq!(rehearsal["items"][0]["mappings_left_out"], 0);
    // Mappings that do not match are left out for lack of space; the matching one is still included.
    assert_eq!((&last["mappings"][0]["matched"], &last["mappings_left_out"]), (&json!(true), &json!(299)));
}

#[tokio::test]
async fn every_digit_is_kept() {
    let server = Server::start().await;
    let mappings = json!([trigger("E", json!({"key": "k", "recipients": {"id": "user_id", "big": "data.big"}}))]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    endpoint.expect(r#"{"type":"track","event":"E","userId":"u","properties":{"big":0.10}}"#, &["executed"]).await;
    let payload =
        r#"{"type":"track", "event":"E","userId":"u","properties":{"big":9007199254740993,"more":[1.10,1e400,-0.0]}}"#;
    let (status, text) = post(&server, "segment", "development", format!(r#"{{"payload":{payload}}}"#)).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(&format!(r#""original":{payload}"#)), "byte for byte: {text}");
    assert!(text.contains(r#""data":{"big":9007199254740993,"more":[1.10,1e400,-0.0]}"#), "{text}");
    assert!(text.contains(r#""before":{"big":0.10},"after":{"big":9007199254740993}"#), "{text}");
}

#[tokio::test]
async fn a_bad_request_is_422_with_a_sentence_and_its_field() {
    let server = Server::start().await;
    server.source("segment", "segment", json!({}), json!([])).await;
    let ask = async |body: &str| {
        let (status, text) = post(&server, "segment", "development", body).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        format!("{status} {}: {}", answer["field"].as_str().unwrap_or("-"), answer["message"].as_str().unwrap())
    };
    insta::assert_snapshot!(ask(r#"{"payload":1}"#).await, @r#"422 payload: found a number, expected an object or an array; send any other body as text in the member "body""#);
    insta::assert_snapshot!(ask("{}").await, @r#"422 payload: it is missing; expected an object or an array, any other body as text in the member "body", or a log_id"#);
    insta::assert_snapshot!(ask("").await, @"422 -: the body is empty; expected a JSON object");
    insta::assert_snapshot!(ask(r#"{"payload":{},"headers":{"a b":""}}"#).await, @"422 headers.a b: it is no header's name; expected for example x-signature");

    let answers = [
        ("/v1/sources/segment/rehearse?environment=staging", 422),
        ("/v1/sources/segment/rehearse", 422),
        ("/v1/sources/nothing/rehearse?environment=development", 404),
    ];
    for (path, expected) in answers {
        let response = server.manage(Method::POST, path).json(&json!({"payload": {}})).send().await.unwrap();
        assert_eq!(response.status(), expected, "{path}");
    }
    let path = format!("{}/v1/sources/segment/rehearse?environment=development", server.admin);
    let key = server.api_key("development").await;
    let anonymous = server.client.post(&path).json(&json!({"payload": {}}));
    let with_key = server.client.post(&path).bearer_auth(key).json(&json!({"payload": {}}));
    for (request, expected) in [(anonymous, 401), (with_key, 403)] {
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn what_does_not_come_through_the_door_says_so() {
    let server = Server::start().await;
    server.source("segment", "segment", json!({"max_body_bytes": 100}), json!([])).await;
    let method = rehearse(&server, "segment", "development", json!({"payload": {}, "method": "get"})).await;
    assert_eq!(
        (&method["answer"]["status"], &method["verification"], &method["items"]),
        (&json!(405), &json!(null), &json!([]))
    );
    assert_eq!(errors(&method), ["method_not_allowed: this endpoint takes POST, PUT, PATCH"]);
    let large = rehearse(&server, "segment", "development", json!({"body": "x".repeat(101)})).await;
    assert_eq!((&large["answer"]["status"], &large["would_write"]["event_logs"]), (&json!(413), &json!(0)));
    let path = rehearse(
        &server,
        "segment",
        "development",
        json!({"payload": {"event": "E", "userId": "u"}, "path": "/v1/track"}),
    )
    .await;
    assert_eq!(path["items"][0]["event_type"], "track/E", "what follows the token reaches the plugin");
    let at = json!({"payload": {"type": "page"}, "received_at": "2026-01-02T03:04:05.678Z"});
    assert_eq!(
        rehearse(&server, "segment", "development", at).await["items"][0]["occurred_at"],
        "2026-01-02T03:04:05.678Z"
    );
}

#[tokio::test]
async fn a_plugin_that_fails_or_answers_itself_is_shown_doing_so() {
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::copy(test_plugin("inlet__hostile.wasm"), dir.path().join("hostile.wasm")).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().to_str().unwrap());
    let server = Server::start_with(options).await;
    let endpoint = server.source("hostile", "inlet/hostile", json!({}), json!([])).await;
    let looped = rehearse(&server, "hostile", "development", json!({"payload": {}, "path": "/loop"})).await;
    assert_eq!((&looped["status"], &looped["answer"]["status"]), (&json!("error"), &json!(500)));
    assert_eq!((outcomes(&looped), &looped["items"][0]["code"]), (vec!["failed"], &json!("time")));
    assert!(
        // On a busy machine it was stopped before it had run for its whole limit.
        errors(&looped).iter().any(|error| {
            error.starts_with("items[0]: the plugin failed: the plugin ran longer")
                || error.starts_with("items[0]: the plugin failed: the plugin was not done after")
        }),
        "{looped}"
    );
    let flooded = rehearse(&server, "hostile", "development", json!({"payload": {}, "path": "/log-flood"})).await;
    assert!(flooded["logs"].as_array().unwrap().len() > 1, "{flooded}");

    let ok = rehearse(&server, "hostile", "development", json!({"payload": {}, "path": "/ok"})).await;
    let rehearsed: Value = serde_json::from_str(ok["answer"]["body"].as_str().unwrap()).unwrap();
    let sent = server.client.post(format!("{}/ok", endpoint.url)).body("{}").send().await.unwrap();
    let sent = read_json(sent).await;
    assert_eq!((&ok["status"], &rehearsed["outcomes"][0]["status"]), (&json!("ok"), &sent["outcomes"][0]["status"]));
}

#[tokio::test]
async fn where_personal_data_is_hidden_what_is_stored_of_users_is_hidden() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), json!([])).await;
    let stored = json!({"type": "identify", "userId": "u", "traits": {"email": "ana@example.com"}}).to_string();
    endpoint.expect(stored, &["executed"]).await;
    let path = "/v1/environments/development";
    let hide = server.manage(Method::PATCH, path).json(&json!({"hide_personal_data": true})).send().await.unwrap();
    assert_eq!(hide.status(), 200);
    let payload = json!({"payload": {"type": "identify", "userId": "u", "traits": {"plan": "pro"}}});
    let rehearsal = rehearse(&server, "segment", "development", payload).await;
    let user = &rehearsal["would_write"]["users"][0];
    assert_eq!((&user["before"], &user["after"]), (&json!({"email": "…"}), &json!({"email": "…", "plan": "…"})));
    assert!(!rehearsal.to_string().contains("ana@example.com"), "{rehearsal}");
}
