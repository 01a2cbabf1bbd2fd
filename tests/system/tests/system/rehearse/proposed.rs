//! Trying a configuration before it is saved: proposed settings and mappings, stored events, and dry runs.

use inlet_system_tests::{Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::{outcomes, post, rehearse, trigger};

#[tokio::test]
async fn proposed_mappings_and_settings_are_tried_and_not_saved() {
    let server = Server::start().await;
    let endpoint = server.source("s", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u", "", json!({"total": 5})), &["logged"]).await;
    let before = server.get("/v1/sources/s?environment=development").await;
    let id = server.last_log("s").await["id"].clone();
    let mappings = json!([trigger("Paid", json!({"key": "receipt", "recipients": {"id": "user_id"}, "data": "data"}))]);

    let now = rehearse(&server, "s", "development", json!({"log_id": id})).await;
    assert_eq!(outcomes(&now), ["logged"]);
    let proposed = rehearse(&server, "s", "development", json!({"log_id": id, "mappings": mappings})).await;
    assert_eq!(outcomes(&proposed), ["executed"], "{proposed}");
    assert_eq!(proposed["would_write"]["runs"][0]["data"], json!({"total": 5}));
    let identify = json!({"type": "identify", "userId": "u", "traits": {"name": "N"}});
    let proposed = json!({"payload": identify, "settings": {"handle_identifies": true}});
    assert_eq!(outcomes(&rehearse(&server, "s", "development", proposed).await), ["executed"]);
    assert_eq!(outcomes(&rehearse(&server, "s", "development", json!({"payload": identify})).await), ["logged"]);
    assert_eq!(server.get("/v1/sources/s?environment=development").await, before, "nothing is saved");
    assert_eq!(server.logs("s").await.len(), 1, "nothing is logged");

    for (body, field) in [
        (json!({"payload": {}, "settings": {"keep_header": []}}), "settings.keep_header"),
        (json!({"payload": {}, "mappings": [trigger("Paid", json!({}))]}), "mappings[0].action_parameters.key"),
        (json!({"log_id": "019b7c9b-7eae-7000-8000-000000000000"}), "log_id"),
        (json!({"log_id": id, "payload": {}}), "log_id"),
    ] {
        let (status, text) = post(&server, "s", "development", body.to_string()).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &answer["field"]), (422, &json!(field)), "{answer}");
    }
    let (status, text) = post(&server, "s", "production", json!({"log_id": id}).to_string()).await;
    assert_eq!(status, 422, "an entry of another environment is none of this one's: {text}");
}

#[tokio::test]
async fn an_array_is_a_payload_as_at_the_endpoint() {
    let server = Server::start().await;
    server.source("s", "segment", json!({}), json!([])).await;
    let items = json!([{"type": "track", "event": "A", "userId": "u"}, {"type": "track", "event": "B", "userId": "u"}]);
    let found = rehearse(&server, "s", "development", json!({"payload": items})).await;
    assert_eq!(outcomes(&found), ["logged", "logged"]);
}

#[tokio::test]
async fn hidden_personal_data_is_not_shown_by_a_rehearsal_of_the_log() {
    let server = Server::start().await;
    let endpoint = server.source("s", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u", "", json!({})), &["logged"]).await;
    let id = server.last_log("s").await["id"].clone();
    let hide = json!({"hide_personal_data": true});
    let changed = server.manage(Method::PATCH, "/v1/environments/development").json(&hide).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let (status, text) = post(&server, "s", "development", json!({"log_id": id}).to_string()).await;
    assert!(status == 422 && text.contains("hides personal data"), "{status} {text}");
}

#[tokio::test]
async fn a_dry_run_checks_and_shows_a_change_and_makes_none() {
    let server = Server::start().await;
    let put = async |key: &str, query: &str, source: Value| {
        let path = format!("/v1/sources/{key}?environment=development{query}");
        let response = server.manage(Method::PUT, &path).json(&json!({"source": source})).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    };
    let new = json!({"name": "S", "preconfigured_provider": "segment"});
    let (status, answer) = put("s", "&dry_run=true", new.clone()).await;
    assert_eq!((status, &answer["source"]), (200, &json!(null)), "{answer}");
    assert_eq!(answer["would_change"]["before"], json!(null));
    assert_eq!(answer["would_change"]["after"]["name"], "S", "{answer}");
    assert_eq!(server.get("/v1/sources").await["entries"], json!([]));

    assert_eq!(put("s", "", new).await.0, 200);
    let before = server.get("/v1/sources/s?environment=development").await;
    let settings = |settings: Value| json!({"environment_settings": {"development": {"settings": settings}}});
    let (status, answer) =
        put("s", "&dry_run=true", settings(json!({"handle_identifies": true, "signing_secret": "a-secret"}))).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["would_change"]["after"].to_string().contains(r#""handle_identifies":true"#), "{answer}");
    assert!(!answer.to_string().contains("a-secret"), "{answer}");
    assert_eq!(answer["source"], before);
    assert_eq!(server.get("/v1/sources/s?environment=development").await, before, "nothing is saved");
    let (status, answer) = put("s", "&dry_run=true", json!({})).await;
    assert_eq!((status, &answer["would_change"]), (200, &json!({"before": null, "after": null})), "{answer}");
    let (status, answer) = put("s", "&dry_run=true", settings(json!({"max_body_bytes": -1}))).await;
    assert!(status == 422 && answer["field"].as_str().unwrap().ends_with("max_body_bytes"), "{answer}");
    assert_eq!(put("s", "&dry_run=yes", json!({})).await.0, 422);
    let changes = server.get("/v1/changes").await;
    assert_eq!(changes["entries"].as_array().unwrap().len(), 1, "only the creation is logged");
}
