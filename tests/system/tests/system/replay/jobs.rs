//! Replay jobs over many entries, and entries that are dismissed instead.

use std::time::Duration;

use inlet_system_tests::{Server, ServerOptions, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::{attention, counts, ended, has_metric, post, replay, replay_all, trigger};

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
async fn a_preview_counts_and_rehearses_and_changes_nothing() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([trigger("k", json!("data.nobody"))])).await;
    for n in 0..3 {
        endpoint.expect(track("E", "u", &format!("m{n}"), json!({})), &["failed"]).await;
    }
    endpoint.send("{ no JSON").await;
    endpoint.expect(track("Other", "u", "o", json!({})), &["logged"]).await;
    let preview = async |body: Value| {
        let (status, answer) = post(&server, "/v1/sources/segment/replays/preview?environment=development", body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let before = preview(json!({})).await;
    assert_eq!((&before["total"], &before["rehearsed"], &before["has_more"]), (&json!(4), &json!(4), &json!(false)));
    assert_eq!(before["totals"]["outcomes"], json!({"failed": 3, "rejected": 1}));
    // After the repair, the preview says what it will do.
    server.source("segment", "segment", json!({}), json!([trigger("k", json!({"id": "user_id"}))])).await;
    let after = preview(json!({"outcome": ["failed"]})).await;
    assert_eq!((&after["total"], &after["totals"]["outcomes"]), (&json!(3), &json!({"executed": 3})));
    assert_eq!(after["totals"]["actions"][0]["count"], json!(3));
    let logged = preview(json!({"outcome": ["logged"], "event_type": "track/Other"})).await;
    assert_eq!((&logged["total"], &logged["totals"]["outcomes"]), (&json!(1), &json!({"logged": 1})));
    let plain = preview(json!({"outcome": ["logged"], "event_type": "Other"})).await;
    assert_eq!(plain["total"], json!(1), "a plain name selects the track event, as the filter of the logs");
    assert_eq!(preview(json!({"outcome": ["logged"], "event_type": "track"})).await["total"], json!(0));
    assert_eq!(preview(json!({"code": "nothing"})).await["total"], json!(0));
    let count = server.get("/v1/logs?environment=development").await["entries"].as_array().unwrap().len();
    assert_eq!(count, 5, "nothing was written");
    assert_eq!(attention(&server, "segment").await.values().sum::<i64>(), 4, "and nothing repaired");
    let path = "/v1/sources/segment/replays/preview?environment=development";
    let (status, refused) = post(&server, path, json!({"outcome": ["lost"]})).await;
    assert_eq!((status, &refused["field"]), (422, &json!("outcome[0]")));
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
async fn a_replay_leaves_out_what_is_older_than_it_says() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    // Ids hold the time by which events are selected.
    let send = async |event: &str, message_id: &str| {
        let answer = endpoint.expect(track(event, "u", message_id, json!({})), &["logged"]).await;
        let id: uuid::Uuid = answer["events"][0]["id"].as_str().unwrap().parse().unwrap();
        id.as_u128() >> 80
    };
    let old = send("Old", "m-old").await;
    let mut sent = 0;
    while send("Later", &format!("m-{sent}")).await <= old + 1000 {
        sent += 1;
        assert!(sent < 600, "the time of events does not go on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let of = |age: u32| json!({"outcome": ["logged"], "event_type": "track/Old", "max_age_seconds": age});
    let none = replay_all(&server, "segment", of(1)).await;
    assert_eq!((&none["total"], &none["done"]), (&json!(0), &json!(0)), "{none}");
    assert!(none["filter"]["starting_at"].is_string(), "{none}");
    let one = replay_all(&server, "segment", of(3600)).await;
    assert_eq!((&one["total"], &one["outcomes"]), (&json!(1), &json!({"logged": 1})), "{one}");
    let path = "/v1/sources/segment/replays?environment=development";
    let both = json!({"max_age_seconds": 60, "starting_at": "2026-01-02T03:04:05Z"});
    let (status, answer) = post(&server, path, both).await;
    assert_eq!((status, &answer["field"]), (422, &json!("max_age_seconds")), "{answer}");
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
