//! Somebody with a key of one environment, or the URL of its endpoint, who makes as much work for the background as can be
//! made: what is too much is refused with a sentence, and the calls and events of another environment go on.

use std::time::Duration;

use inlet_system_tests::{Endpoint, Server, raw_http, read_json};
use reqwest::Method;
use serde_json::{Value, json};

use super::{OtherSource, assert_memory_is_bounded, start};

/// The environments' keys: that of the attacker, and that of somebody else.
struct Keys {
    attacker: String,
    other: String,
}

impl Keys {
    async fn of(server: &Server) -> Self {
        Self { attacker: server.api_key("development").await, other: server.api_key("production").await }
    }
}

async fn call(server: &Server, key: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let response = server.request_with(key, method, path).json(body).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

async fn succeed(server: &Server, key: &str, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = call(server, key, method, path, &body).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// Waits until an answer is as wanted.
async fn wait_for(server: &Server, key: &str, path: &str, is_reached: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let (status, answer) = server.get_with_key(key, path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        if is_reached(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} was not as wanted within 30 s");
}

/// Subscribes users to the object `rooms/a` of an environment.
async fn subscribe(server: &Server, key: &str, users: usize) {
    succeed(server, key, Method::PUT, "/v1/objects/rooms/a", json!({})).await;
    let users: Vec<Value> = (0..users).map(|number| json!({"id": format!("u{number}")})).collect();
    for users in users.chunks(1000) {
        let body = json!({ "recipients": users });
        succeed(server, key, Method::POST, "/v1/objects/rooms/a/subscriptions", body).await;
    }
}

/// An endpoint of the attacker's environment whose events trigger.
async fn triggering(server: &Server, parameters: Value) -> Endpoint {
    let mapping = json!({"event_type": "E", "action_type": "workflows_trigger", "action_parameters": parameters});
    server.source("attacked", "segment", json!({}), json!([mapping])).await
}

/// Returns a batch of events.
fn batch(events: impl Iterator<Item = Value>) -> String {
    let event =
        |properties| json!({"type": "track", "event": "E", "userId": "u", "properties": properties}).to_string();
    format!("[{}]", events.map(event).collect::<Vec<_>>().join(","))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_triggers_of_an_object_with_many_subscribers_do_not_delay_those_of_another_environment() {
    let server = start().await;
    let keys = Keys::of(&server).await;
    subscribe(&server, &keys.attacker, 2000).await;
    subscribe(&server, &keys.other, 3).await;
    let endpoint =
        triggering(&server, json!({"key": "k", "recipients": {"collection": "rooms", "id": "data.room"}})).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    // Two million recipients are to be added for a body of 80 KB.
    let answer = endpoint.send(batch((0..1000).map(|_| json!({"room": "a"})))).await;
    assert_eq!(answer["counts"], json!({"executed": 1000}));
    for _ in 0..5 {
        let body = json!({"recipients": [{"collection": "rooms", "id": "a"}]});
        let answer = succeed(&server, &keys.other, Method::POST, "/v1/workflows/k/trigger", body).await;
        let path = format!("/v1/workflow_runs/{}", answer["workflow_run_id"].as_str().unwrap());
        let run = wait_for(&server, &keys.other, &path, |run| run["expanding"] == json!(false)).await;
        assert_eq!(run["recipients_count"], 4);
    }
    assert_memory_is_bounded(&server, rest);
    other.assert_unaffected(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_bulk_operations_are_refused_and_those_of_another_environment_go_on() {
    let server = start().await;
    let keys = Keys::of(&server).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    // The largest that are taken. The limit is 256 MiB of items, which are 52 of them.
    let blob = "x".repeat(5_000);
    let users: Vec<Value> = (0..1000).map(|number| json!({"id": format!("u{number}"), "blob": blob})).collect();
    let body = json!({ "users": users });
    // Several senders, because one does not send much faster than its operations are worked off.
    let until_refused = async || {
        for _ in 0..150 {
            let (status, answer) = call(&server, &keys.attacker, Method::POST, "/v1/users/bulk/identify", &body).await;
            if status != 200 {
                return (status, answer);
            }
        }
        panic!("150 operations of each sender were taken");
    };
    let (first, second, third) = tokio::join!(until_refused(), until_refused(), until_refused());
    for (status, answer) in [first, second, third] {
        assert_eq!((status, &answer["code"]), (503, &json!("unavailable")), "{answer}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer["message"].as_str().unwrap(), @"too many bulk operations of this environment wait to be worked off: at most 1,000, with 256 MiB of items in all, are kept; try again later");
        }
    }
    let body = json!({"users": [{"id": "ana"}]});
    let operation = succeed(&server, &keys.other, Method::POST, "/v1/users/bulk/identify", body).await;
    let path = format!("/v1/bulk_operations/{}", operation["id"].as_str().unwrap());
    wait_for(&server, &keys.other, &path, |operation| operation["status"] == "completed").await;
    assert_memory_is_bounded(&server, rest);
    other.assert_unaffected(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_waiting_recipients_are_skipped_and_those_of_another_environment_wait() {
    let server = start().await;
    let keys = Keys::of(&server).await;
    let waiting = json!({"key": "k", "recipients": "data.to", "unidentified": "wait"});
    let endpoint = triggering(&server, waiting.clone()).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    let thousand = |event: usize| (0..1000).map(move |number| format!("u{event}-{number}")).collect::<Vec<_>>();
    for request in 0..10 {
        let body = batch((0..10).map(|event| json!({"to": thousand(10 * request + event)})));
        endpoint.expect(body, &["executed"; 10]).await;
    }
    endpoint.expect(batch([json!({"to": "one-more"})].into_iter()), &["skipped"]).await;
    let skipped = &server.last_log("attacked").await["actions"][0]["action_result"]["skipped_recipients"];
    let reason = "not identified; 100000 recipients wait in this environment, and no more may";
    assert_eq!(skipped, &json!([{"id": "one-more", "reason": reason}]));

    let mapping = json!({"event_type": "E", "action_type": "workflows_trigger", "action_parameters": waiting});
    let source = json!({"name": "elsewhere", "preconfigured_provider": "segment",
        "environment_settings": {"production": {"settings": {"handle_identifies": true}, "mappings": [mapping]}}});
    let (status, answer) = server.try_put_source("elsewhere", "production", source).await;
    assert_eq!(status, 200, "{answer}");
    let elsewhere = server.endpoint_of(&answer["source"], "production");
    elsewhere.expect(batch([json!({"to": "ana"})].into_iter()), &["executed"]).await;
    elsewhere.expect(r#"{"type":"identify","userId":"ana","traits":{}}"#, &["executed"]).await;
    assert_eq!(server.all_runs(&keys.other).await.len(), 1, "it is released");
    assert_memory_is_bounded(&server, rest);
    other.assert_unaffected(&server).await;
}

/// The run of each recipient who waited has its own copy of the data.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_release_of_many_who_wait_for_long_data_takes_bounded_memory() {
    let server = start().await;
    let keys = Keys::of(&server).await;
    let mapping = json!({"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": "data.to", "data": {"blob": "data.blob"}, "unidentified": "wait"}});
    let endpoint = server.source("attacked", "segment", json!({"handle_identifies": true}), json!([mapping])).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    let users: Vec<String> = (0..1000).map(|number| format!("u{number}")).collect();
    // Data of more than 33 KB would be refused for so many.
    let blob = "x".repeat(8_000);
    for _ in 0..4 {
        let events = (0..10).map(|_| json!({"to": users, "blob": blob}));
        endpoint.expect(batch(events), &["executed"; 10]).await;
    }
    let identify = |user: &String| json!({"type": "identify", "userId": user, "traits": {}}).to_string();
    let identifies: Vec<String> = users.iter().map(identify).collect();
    let answer = endpoint.send(format!("[{}]", identifies.join(","))).await;
    assert_eq!(answer["counts"], json!({"executed": 1000}));
    assert_memory_is_bounded(&server, rest);
    // The background job goes on with the runs of 320 MB of data.
    let path = "/v1/workflow_runs?page_size=1";
    wait_for(&server, &keys.attacker, path, |runs| runs["entries"][0]["recipients_count"] == json!(1)).await;
    assert_memory_is_bounded(&server, rest);
    other.assert_unaffected(&server).await;
}

/// A request is one transaction, in which all others wait: a million inline recipients would hold the writer for 20 s.
#[tokio::test]
async fn the_recipients_that_one_request_names_are_bounded_and_a_replay_repairs_what_was_left() {
    let server = start().await;
    let keys = Keys::of(&server).await;
    succeed(&server, &keys.attacker, Method::PUT, "/v1/users/ana", json!({})).await;
    let endpoint = triggering(&server, json!({"key": "k", "recipients": "data.to", "data": {"value": {}}})).await;
    let answer = endpoint.send(batch((0..200).map(|_| json!({"to": vec!["ana"; 1000]})))).await;
    assert_eq!(answer["counts"], json!({"executed": 50, "failed": 150}));
    let log = server.last_log("attacked").await;
    let reason = log["actions"][0]["reason"].as_str().unwrap();
    let expected =
        "the actions of one request may name 50000 recipients in all, of which 0 are left, and this one names 1000; ";
    assert!(reason.starts_with(expected), "{reason}");
    let path = format!("/v1/sources/attacked/logs/{}/replay?environment=development", log["id"].as_str().unwrap());
    let replay = read_json(server.manage(Method::POST, &path).send().await.unwrap()).await;
    assert_eq!(replay["outcome"], "executed", "{replay}");
}

/// Calls of one key wait in one flow, which takes turns with the sources.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_triggers_with_a_thousand_recipients_is_refused_where_it_is_too_much_and_delays_nobody_else() {
    let server = start().await;
    let keys = Keys::of(&server).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    let flood: Vec<tokio::task::JoinHandle<()>> = (0..32)
        .map(|client| {
            let users: Vec<Value> = (0..1000).map(|number| json!({"id": format!("{client}-{number}")})).collect();
            let request = server.request_with(&keys.attacker, Method::POST, "/v1/workflows/k/trigger");
            let request = request.json(&json!({ "recipients": users }));
            tokio::spawn(async move {
                loop {
                    let response = request.try_clone().unwrap().send().await.unwrap();
                    let status = response.status().as_u16();
                    assert!(
                        status == 200 || (status == 503 && response.headers().contains_key("retry-after")),
                        "{status}"
                    );
                }
            })
        })
        .collect();
    other.attacked_for(Duration::from_secs(6)).await;
    assert_memory_is_bounded(&server, rest);
    assert!(!flood.iter().any(|client| client.is_finished()), "a call was answered wrongly");
    other.assert_unaffected(&server).await;
    flood.iter().for_each(tokio::task::JoinHandle::abort);
}

/// A call holds memory as a webhook does: in the share of its environment, and only as long as its body keeps a pace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_calls_that_do_not_end_hold_no_more_than_half_of_the_memory() {
    let server = start().await;
    let keys = Keys::of(&server).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    let head = format!(
        "PUT /v1/users/u HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 5000000\r\n\r\n",
        keys.attacker
    );
    let part = format!("{head}{{\"blob\":\"{}", "x".repeat(4_500_000));
    let mut connections = Vec::new();
    for _ in 0..40 {
        let mut connection = raw_http::Connection::open(&server.admin).await.unwrap();
        connection.send(part.as_bytes()).await;
        connections.push(connection);
    }
    succeed(&server, &keys.other, Method::PUT, "/v1/users/ana", json!({"blob": "x".repeat(200_000)})).await;
    let mut refused = 0;
    for connection in &mut connections {
        let answer = connection.answer(Duration::from_secs(60)).await.unwrap();
        // Those that hold memory are given up when they have paused for too long.
        if raw_http::status(&answer) != 408 {
            super::assert_says_when(&answer);
            refused += 1;
        }
    }
    assert!(refused >= 30, "{refused} of 40 bodies of 4.5 MB were refused; of 64 MiB, half may be held");
    assert_memory_is_bounded(&server, rest);
    other.assert_unaffected(&server).await;
}
