//! Traces that a user leaves in every place where the server keeps something, and those that others leave there.

use std::time::Duration;

use inlet_system_tests::{Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::identify;

pub const ID: &str = "canary-id-7f3a";
pub const EMAIL: &str = "canary.mail-7f3a@example.com";
/// A user who is never identified.
pub const NEVER: &str = "canary-never-7f3a";
/// The values in the users' requests, besides the ids and the email address.
pub const CONTENT: [&str; 30] = [
    "CanaryName7f3a",
    "CanaryOldName7f3a",
    "CanaryTrait7f3a",
    "CanaryData7f3a",
    "CanaryLarge7f3a",
    "CanaryCancel7f3a",
    "CanaryKey7f3a",
    "CanaryTriggerData7f3a",
    "CanaryRaw7f3a",
    "CanaryEscaped7f3a",
    "CanaryText7f3a",
    "CanaryRefused7f3a",
    "CanaryForm7f3a",
    "CanaryRefusedText7f3a",
    "CanaryHeader7f3a",
    "CanaryPath7f3a",
    "CanaryQuery7f3a",
    "CanaryReleased7f3a",
    "CanaryExpanded7f3a",
    "CanaryWait7f3a",
    "CanaryWaitKey7f3a",
    "CanaryPut7f3a",
    "CanaryOldPut7f3a",
    "CanarySubscription7f3a",
    "CanaryOldRole7f3a",
    "CanaryMember7f3a",
    "CanaryApiKey7f3a",
    "CanaryApiData7f3a",
    "CanaryBulk7f3a",
    "CanaryBulkError7f3a",
];
/// The values in others' requests.
pub const KEPT: [&str; 8] = [
    "keeper-id-7f3a",
    "KeeperName7f3a",
    "KeeperData7f3a",
    "KeeperRefused7f3a",
    "KeeperSubscription7f3a",
    "KeeperBulk7f3a",
    "KeeperRun7f3a",
    "KeeperObject7f3a",
];

/// Fills every place with something of the users and of others; returns the id of a bulk operation.
pub async fn fill(server: &Server, key: &str) -> String {
    events(server).await;
    requests(server).await;
    let bulk = calls(server, key).await;
    waits(server, key).await;
    bulk
}

async fn events(server: &Server) {
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
    // None is an event: the first name the user, the last cannot be decoded.
    endpoint.send(json!({"type": "nonsense", "context": {"user": ID}, "x": "CanaryRaw7f3a"}).to_string()).await;
    let escaped = EMAIL.replace('@', r"\u0040").replace('.', r"\u002E");
    endpoint.send(format!(r#"{{"type":"nonsense","mail":"{escaped}","x":"CanaryEscaped7f3a"}}"#)).await;
    endpoint.send("<who>CanaryText7f3a</who>").await;
}

/// Sends requests that are refused.
async fn requests(server: &Server) {
    let settings = json!({"signing_secret": "s3cr3t", "enforce_verification": true, "keep_headers": ["x-user"]});
    let signed = server.source("signed", "segment", settings, json!([])).await;
    for body in [
        json!({"traits": {"email": EMAIL.to_uppercase(), "x": "CanaryRefused7f3a"}}).to_string(),
        format!("who={}&x=CanaryForm7f3a", EMAIL.replace('@', "%40")),
        "<who>CanaryRefusedText7f3a</who>".to_owned(),
        json!({"userId": KEPT[0], "x": KEPT[3]}).to_string(),
    ] {
        assert_eq!(signed.try_send(body).await.0, 401);
    }
    let with_header = signed.post(json!({"x": "CanaryHeader7f3a"}).to_string()).header("x-user", ID);
    assert_eq!(with_header.send().await.unwrap().status(), 401);
    let settings = json!({"write_key": "wk-7f3a", "enforce_verification": true});
    let rudder = server.source("rudder", "rudderstack", settings, json!([])).await;
    for (rest, body) in [
        (format!("/users/{ID}"), json!({"x": "CanaryPath7f3a"})),
        (format!("?who={}", EMAIL.replace('@', "%40")), json!({"x": "CanaryQuery7f3a"})),
    ] {
        let request = server.client.post(format!("{}{rest}", rudder.url)).body(body.to_string());
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
}

/// Calls the recipients API; returns the id of a bulk operation.
async fn calls(server: &Server, key: &str) -> String {
    let call = async |method: Method, path: &str, body: Value| {
        let response = server.request_with(key, method, path).json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        if response.status() == 204 { Value::Null } else { read_json(response).await }
    };
    for name in ["CanaryOldPut7f3a", "CanaryPut7f3a"] {
        call(Method::PUT, &format!("/v1/users/{ID}"), json!({"nick": name})).await;
    }
    call(Method::PUT, "/v1/objects/projects/p1", json!({"name": KEPT[7]})).await;
    let path = "/v1/objects/projects/p1/subscriptions";
    for role in ["CanaryOldRole7f3a", "CanarySubscription7f3a"] {
        call(Method::POST, path, json!({"recipients": [ID], "properties": {"role": role}})).await;
    }
    call(Method::POST, path, json!({"recipients": [KEPT[0]], "properties": {"role": KEPT[4]}})).await;
    let members = json!({"members": [{"user": {"id": ID, "plan": "CanaryMember7f3a"}, "tenant": "acme"}]});
    call(Method::POST, "/v1/audiences/beta/members", members).await;
    call(Method::POST, "/v1/audiences/beta/members", json!({"members": [{"user": {"id": KEPT[0]}}]})).await;
    let trigger = json!({"recipients": [ID, KEPT[0]], "actor": ID, "tenant": ID, "cancellation_key": EMAIL,
        "data": {"x": "CanaryApiData7f3a"}});
    let request = server.request_with(key, Method::POST, "/v1/workflows/api/trigger").json(&trigger);
    let response = request.header("idempotency-key", "CanaryApiKey7f3a").send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    let cancel = json!({"cancellation_key": "CanaryCancel7f3a", "recipients": [ID]});
    call(Method::POST, "/v1/workflows/k/cancel", cancel).await;
    // A run of another's call, with the user as a recipient and as the actor who is left out of an expansion.
    let trigger = json!({"recipients": [{"collection": "projects", "id": "p1"}], "data": {"x": KEPT[6]}});
    call(Method::POST, "/v1/workflows/expanded/trigger", trigger).await;
    let trigger = json!({"recipients": [{"collection": "projects", "id": "p1"}], "actor": ID, "data": {"x": "CanaryExpanded7f3a"}});
    call(Method::POST, "/v1/workflows/expanded/trigger", trigger).await;
    until_all_runs(server, key, |run| run["expanding"] == false).await;
    let users = json!({"users": [
        {"id": ID, "x": "CanaryBulk7f3a"}, {"id": KEPT[0], "x": KEPT[5]}, {"id": ID, "email": 7, "x": "CanaryBulkError7f3a"},
    ]});
    let bulk = call(Method::POST, "/v1/users/bulk/identify", users).await["id"].as_str().unwrap().to_owned();
    for _ in 0..600 {
        let operation = server.get_with_key(key, &format!("/v1/bulk_operations/{bulk}")).await.1;
        if operation["status"] == "completed" {
            assert_eq!(operation["error_items"][0]["id"], ID, "{operation}");
            return bulk;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a bulk operation did not end");
}

/// Leaves triggers that wait: for the user who is never identified, for others by events of the users, and released ones.
async fn waits(server: &Server, key: &str) {
    let mappings = json!([
        {"event_type": "W", "action_type": "workflows_trigger", "action_parameters": {
            "key": "waits", "recipients": "data.to", "actor": "data.by", "cancellation_key": "data.cancel",
            "unidentified": "wait"}},
    ]);
    let endpoint = server.source("waiting", "segment", json!({"handle_identifies": true}), mappings).await;
    endpoint.expect(track("W", ID, "w1", json!({"to": ["later"], "x": "CanaryReleased7f3a"})), &["executed"]).await;
    endpoint.expect(identify("later", json!({})), &["executed"]).await;
    until_all_runs(server, key, |_| true).await;
    let data = json!({"to": ["never-comes"], "by": ID, "cancel": "CanaryWaitKey7f3a", "x": "CanaryWait7f3a"});
    endpoint.expect(track("W", ID, "w2", data), &["executed"]).await;
    // An event of nobody.
    let data = json!({"to": ["never-comes", NEVER], "by": NEVER, "cancel": NEVER});
    let nobody = json!({"type": "track", "event": "W", "anonymousId": "a", "messageId": "w3", "properties": data});
    endpoint.expect(nobody.to_string(), &["executed"]).await;
}

/// Waits until every run is as wanted.
async fn until_all_runs(server: &Server, key: &str, is_reached: impl Fn(&Value) -> bool) {
    for _ in 0..600 {
        let runs = server.all_runs(key).await;
        if !runs.is_empty() && runs.iter().all(&is_reached) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the runs were not reached in 30 s");
}
