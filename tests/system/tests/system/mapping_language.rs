//! Conditions, forms and composed keys through the real server: saved, refused, tried, carried out, replayed.

use std::path::Path;

use inlet_system_tests::{Endpoint, Server, ServerOptions, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

/// A mapping of large orders: a condition, and all forms.
fn large_orders() -> Value {
    json!({
        "event_type": "Paid", "action_type": "workflows_trigger",
        "when": {"data.total": {"$gte": 100}, "$or": [{"data.plan": "pro"}, {"data.trial": {"$exist": false}}]},
        "action_parameters": {
            "key": "large-order",
            "recipients": {"$each": "data.members", "$as": {"id": "item.id", "name": {"$template": "{{ item.first }} B."}}},
            "data": {
                "subject": {"$template": "Order of {{ data.total }}"},
                "plan": {"$lookup": "data.plan", "$in": {"pro": "Professional"}, "$default": "Other"},
                "by": {"$first": ["data.device_id", "user_id"]},
            },
        },
    })
}

fn paid(total: u32) -> Value {
    json!({"total": total, "plan": "pro", "members": [{"id": "a", "first": "Ada"}, {"id": "b", "first": "Bo"}]})
}

/// Starts a server on the data directory of an earlier one.
async fn start(dir: &Path) -> Server {
    Server::start_with(ServerOptions { data_dir: Some(dir.join("data")), ..ServerOptions::default() }).await
}

async fn endpoint_of(server: &Server) -> Endpoint {
    let source = server.get("/v1/sources/s?environment=development").await;
    server.endpoint_of(&source, "development")
}

async fn put(server: &Server, query: &str, mappings: Value) -> (u16, Value) {
    let environment = json!({"development": {"mappings": mappings}});
    let source = json!({"source": {"environment_settings": environment}});
    let path = format!("/v1/sources/s?environment=development{query}");
    let response = server.manage(Method::PUT, &path).json(&source).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

async fn post(server: &Server, path: &str, body: Value) -> Value {
    let path = format!("/v1/sources/s/{path}?environment=development");
    let response = server.manage(Method::POST, &path).json(&body).send().await.unwrap();
    let status = response.status().as_u16();
    let answer = read_json(response).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn conditions_and_forms_are_tried_saved_carried_out_and_kept_over_a_restart() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path()).await;
    let endpoint = server.source("s", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u", "m0", paid(500)), &["logged"]).await;
    let id = server.last_log("s").await["id"].clone();

    // Tried before it is saved.
    let tried = post(&server, "rehearse", json!({"log_id": id, "mappings": [large_orders()]})).await;
    assert_eq!(tried["items"][0]["outcome"], "executed", "{tried}");
    assert_eq!(tried["items"][0]["mappings"][0]["condition_held"], true);
    let last = json!({"event_type": "track/Paid", "last": 10, "mappings": [large_orders()]});
    let last = post(&server, "rehearse/last", last).await;
    assert_eq!(last["proposed"]["outcomes"], json!({"executed": 1}), "{last}");
    let (status, dry) = put(&server, "&dry_run=true", json!([large_orders()])).await;
    assert_eq!(status, 200, "{dry}");
    let after = dry["would_change"]["after"].to_string();
    assert!(after.contains(r#""when":{"#) && after.contains(r#""data.total":{"$gte":100}"#), "{dry}");

    let (status, saved) = put(&server, "", json!([large_orders()])).await;
    assert_eq!((status, &saved["warnings"]), (200, &json!([])), "{saved}");
    let mapping = &saved["source"]["environment_settings"]["development"]["mappings"][0];
    assert_eq!(mapping["when"], large_orders()["when"], "{saved}");
    let again = put(&server, "", saved["source"]["environment_settings"]["development"]["mappings"].clone()).await;
    assert_eq!(again.1["source"], saved["source"], "the list as it was read changes nothing");

    endpoint.expect(track("Paid", "u", "m1", paid(99)), &["logged"]).await;
    let log = server.last_log("s").await;
    let reason = log["reason"].as_str().unwrap();
    assert!(reason.contains("its condition does not hold: `data.total` $gte 100"), "{log}");
    let tried = post(&server, "rehearse", json!({"log_id": log["id"]})).await;
    let mapping = &tried["items"][0]["mappings"][0];
    assert_eq!((&mapping["matched"], &mapping["condition_held"]), (&json!(false), &json!(false)), "{tried}");
    assert!(mapping["why_not"].as_str().unwrap().starts_with("its condition does not hold"), "{tried}");

    drop(server);
    let server = start(dir.path()).await;
    let endpoint = endpoint_of(&server).await;
    endpoint.expect(track("Paid", "u", "m2", paid(100)), &["executed"]).await;
    let log = server.last_log("s").await;
    let action = &log["actions"][0];
    let data = json!({"subject": "Order of 100", "plan": "Professional", "by": "u"});
    assert_eq!(action["action_payload"]["data"], data, "{log}");
    assert_eq!(action["found_in"]["data.by.$first[1]"], "event", "{log}");
    assert_eq!(action["found_in"]["recipients.$as.id"], "each", "{log}");
    let key = server.api_key("development").await;
    let (status, user) = server.get_with_key(&key, "/v1/users/b").await;
    assert_eq!((status, &user["name"]), (200, &json!("Bo B.")), "{user}");
}

#[tokio::test]
async fn what_is_no_condition_or_form_is_refused_with_its_place() {
    let server = Server::start().await;
    server.source("s", "segment", json!({}), json!([])).await;
    let refused = async |change: fn(&mut Value)| {
        let mut mapping = large_orders();
        change(&mut mapping);
        let (status, answer) = put(&server, "", json!([mapping])).await;
        assert_eq!(status, 422, "{answer}");
        let place = answer["field"].as_str().unwrap().rsplit("mappings").next().unwrap().to_owned();
        (place, answer["message"].as_str().unwrap().to_owned())
    };
    let (place, message) = refused(|mapping| mapping["when"] = json!({"data.total": {"$gteq": 1}})).await;
    assert_eq!(place, "[0].when.data.total.$gteq");
    assert_eq!(message, r#"there is no operator "$gteq"; the nearest is "$gte""#);
    let (place, message) = refused(|mapping| {
        let terms: serde_json::Map<_, _> = (0..10_000).map(|n| (format!("data.a{n}"), json!(n))).collect();
        mapping["when"] = Value::Object(terms);
    })
    .await;
    assert!(place == "[0].when" && message.contains("more than 1000 terms"), "{place}: {message}");
    let (place, message) = refused(|mapping| {
        mapping["when"] = (0..60).fold(json!({"data.a": 1}), |inner, _| json!({"$not": inner}));
    })
    .await;
    assert!(place == "[0].when" && message.contains("nested deeper than 32 levels"), "{place}: {message}");
    let (place, message) =
        refused(|mapping| mapping["action_parameters"]["data"] = json!({"a": {"$template": "{{ data.a | up }}"}}))
            .await;
    assert!(place == "[0].action_parameters.data.a.$template" && message.contains("paths only"), "{place}: {message}");
    // Deeper than any body may be.
    let deep = format!("{}{{\"data.a\":1}}{}", r#"{"$not":"#.repeat(200), "}".repeat(200));
    let body = format!(
        r#"{{"source":{{"environment_settings":{{"development":{{"mappings":[{{"event_type":"a","action_type":"users_identify","when":{deep}}}]}}}}}}}}"#
    );
    let request = server.manage(Method::PUT, "/v1/sources/s?environment=development");
    let response = request.header("content-type", "application/json").body(body).send().await.unwrap();
    let status = response.status().as_u16();
    let answer = read_json(response).await;
    assert!(status == 422 && answer.to_string().contains("nested deeper than"), "{answer}");
}

#[tokio::test]
async fn saving_warns_of_a_condition_that_held_for_no_event() {
    let server = Server::start().await;
    let endpoint = server.source("s", "segment", json!({}), json!([])).await;
    for number in 0..3 {
        endpoint.expect(track("Paid", "u", &format!("m{number}"), paid(5 + number)), &["logged"]).await;
    }
    let mut mapping = large_orders();
    mapping["when"] = json!({"data.totl": {"$gte": 1}});
    let (status, saved) = put(&server, "", json!([mapping])).await;
    assert_eq!(status, 200, "{saved}");
    let warnings = saved["warnings"].to_string();
    assert!(warnings.contains("its condition does not hold for any of the 3 events"), "{warnings}");
    assert!(warnings.contains("there is `data.total`"), "{warnings}");
}

#[tokio::test]
async fn a_key_of_several_paths_deduplicates() {
    let server = Server::start().await;
    let mapping = json!([{"event_type": "Paid", "action_type": "users_identify"}]);
    let settings = json!({"enforce_idempotency": true, "idempotency_key_path": ["properties.order", "properties.at"]});
    let endpoint = server.source("s", "segment", settings, mapping).await;
    let event = |message: &str, at: &str| track("Paid", "u", message, json!({"order": "o1", "at": at}));
    endpoint.expect(event("m1", "t1"), &["executed"]).await;
    endpoint.expect(event("m2", "t1"), &["replayed"]).await;
    endpoint.expect(event("m1", "t2"), &["executed"]).await;
    assert_eq!(server.last_log("s").await["idempotency_key"], "o1:t2");
    let source = server.get("/v1/sources/s?environment=development").await;
    let settings = &source["environment_settings"]["development"]["settings"];
    assert_eq!(settings["idempotency_key_path"], json!(["properties.order", "properties.at"]), "{source}");
}

#[tokio::test]
async fn a_mapping_of_an_earlier_version_keeps_its_meaning() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path()).await;
    let plain = json!({"key": "k", "recipients": {"id": "user_id"}, "data": {"it": {"value": 1}}});
    let mapping = json!({"event_type": "Paid", "action_type": "workflows_trigger", "action_parameters": plain});
    server.source("s", "segment", json!({}), json!([mapping])).await;
    drop(server);
    // As an earlier version stored it: `$template` was a name like any other, its value a path.
    let parameters = r#"{"key":"k","recipients":{"id":"user_id"},"data":{"it":{"$template":"data.total"}}}"#;
    let database = format!("sqlite://{}", dir.path().join("data/inlet.db").display());
    let mut connection = SqliteConnection::connect(&database).await.unwrap();
    let update = sqlx::query("UPDATE mappings SET parameters = ?, forms = 0").bind(parameters);
    assert_eq!(update.execute(&mut connection).await.unwrap().rows_affected(), 1);
    connection.close().await.unwrap();
    let server = start(dir.path()).await;
    let endpoint = endpoint_of(&server).await;
    endpoint.expect(track("Paid", "u", "m1", paid(7)), &["executed"]).await;
    let log = server.last_log("s").await;
    assert_eq!(log["actions"][0]["action_payload"]["data"], json!({"it": {"$template": 7}}), "{log}");
    // The list as it was read keeps it so.
    let source = server.get("/v1/sources/s?environment=development").await;
    let mappings = &source["environment_settings"]["development"]["mappings"];
    assert_eq!(put(&server, "", mappings.clone()).await.0, 200);
    endpoint.expect(track("Paid", "u", "m2", paid(8)), &["executed"]).await;
    assert_eq!(server.last_log("s").await["actions"][0]["action_payload"]["data"], json!({"it": {"$template": 8}}));
}
