//! Events whose values an action cannot take: the event is answered 200, the action ends in an error that says why, and
//! nothing is written.

use inlet_system_tests::Server;
use serde_json::{Value, json};

/// Sends an event for each entry of a table, with a mapping that reads every parameter from it, and returns what the
/// actions said.
async fn actions(action: &str, parameters: Value, table: Vec<(&str, Value)>) -> String {
    let server = Server::start().await;
    let mapping = json!({"event_type": "E", "action_type": action, "action_parameters": parameters});
    let endpoint = server.source("s", "http", json!({}), json!([mapping])).await;
    let mut lines = Vec::new();
    for (name, data) in table {
        let event = json!({"type": "track", "event": "E", "userId": "u", "properties": data});
        let (status, answer) = endpoint.try_send(event.to_string()).await;
        assert_eq!(status, 200, "{name}: {answer}");
        let log = server.last_log("s").await;
        let action = &log["actions"][0];
        let reason = action["reason"].as_str().unwrap_or("-");
        assert!(reason.len() < 500, "{name}: a long reason: {reason}");
        lines.push(format!(
            "{action_type} with {name}\n    {outcome}, {status}: {reason}",
            action_type = action["action_type"].as_str().unwrap(),
            outcome = log["outcome"].as_str().unwrap(),
            status = action["action_status"].as_str().unwrap(),
        ));
        let warnings = action["warnings"].as_array().unwrap();
        lines.extend(warnings.iter().map(|warning| format!("    warning: {}", warning.as_str().unwrap())));
    }
    lines.join("\n")
}

/// Values that are no id.
fn no_ids(name: &str) -> Vec<(&'static str, Value)> {
    let data = |value: Value| json!({ name: value });
    vec![
        ("no id", json!({})),
        ("an id of null", data(json!(null))),
        ("an empty id", data(json!(""))),
        ("an id with a slash", data(json!("a/b"))),
        ("an id with a number sign", data(json!("a#b"))),
        ("an id with a control character", data(json!("a\u{7}b"))),
        ("an id of 257 characters", data(json!("x".repeat(257)))),
        ("an id that is true", data(json!(true))),
        ("an id that is an array", data(json!(["a"]))),
        ("an id that is an object", data(json!({"id": "a"}))),
    ]
}

/// Recipients that are none.
fn no_recipients() -> Vec<(&'static str, Value)> {
    let data = |value: Value| json!({ "recipients": value });
    let large = json!({"id": "large", "blob": "x".repeat(257 << 10)});
    vec![
        ("no recipients", json!({})),
        ("an empty array of recipients", data(json!([]))),
        ("a recipient that is true", data(json!([true]))),
        ("a recipient with a slash", data(json!(["u", "a/b"]))),
        ("a recipient without id", data(json!([{"name": "N"}]))),
        ("a recipient whose id is an object", data(json!([{"id": {}}]))),
        ("a recipient whose collection is a number", data(json!([{"id": "a", "collection": 7}]))),
        ("recipients in an array of arrays", data(json!([["u"]]))),
        ("1001 recipients", data(json!((0..1001).map(|n| format!("u{n}")).collect::<Vec<_>>()))),
        ("1001 recipients that are one", data(json!(vec!["u"; 1001]))),
        ("a recipient with 257 KB of properties", data(json!([large]))),
    ]
}

/// Properties that are none.
fn no_properties() -> Vec<(&'static str, Value)> {
    let data = |value: Value| json!({ "id": "i", "properties": value });
    vec![
        ("properties that are an array", data(json!([1]))),
        ("properties that are a text", data(json!("x"))),
        ("properties of 257 KB", data(json!({"blob": "x".repeat(257 << 10)}))),
    ]
}

#[tokio::test]
async fn users() {
    let parameters = json!({"user_id": "data.id", "properties": "data.properties"});
    let mut found = vec![actions("users_identify", parameters.clone(), no_ids("id")).await];
    found.push(actions("users_identify", parameters, no_properties()).await);
    found.push(actions("users_delete", json!({"user_id": "data.id"}), no_ids("id")).await);
    insta::assert_snapshot!(found.join("\n"));
}

#[tokio::test]
async fn objects() {
    let parameters = json!({"collection": "projects", "id": "data.id", "properties": "data.properties"});
    let mut found = vec![actions("objects_set", parameters.clone(), no_ids("id")).await];
    found.push(actions("objects_set", parameters, no_properties()).await);
    found.push(actions("objects_delete", json!({"collection": "projects", "id": "data.id"}), no_ids("id")).await);
    insta::assert_snapshot!(found.join("\n"));
}

#[tokio::test]
async fn tenants() {
    let parameters = json!({"id": "data.id", "properties": "data.properties"});
    let mut found = vec![actions("tenants_set", parameters.clone(), no_ids("id")).await];
    found.push(actions("tenants_set", parameters, no_properties()).await);
    found.push(actions("tenants_delete", json!({"id": "data.id"}), no_ids("id")).await);
    insta::assert_snapshot!(found.join("\n"));
}

#[tokio::test]
async fn subscriptions() {
    let of = |id: &str| json!({"collection": "projects", "id": id, "recipients": "data.recipients"});
    let mut found = vec![actions("objects_subscribe", of("data.id"), no_ids("id")).await];
    found.push(actions("objects_subscribe", of("user_id"), no_recipients()).await);
    found.push(actions("objects_unsubscribe", of("data.id"), no_ids("id")).await);
    found.push(actions("objects_unsubscribe", of("user_id"), no_recipients()).await);
    insta::assert_snapshot!(found.join("\n"));
}

#[tokio::test]
async fn audiences() {
    let parameters = json!({"key": "trial", "user_id": "data.id", "tenant": "data.tenant"});
    let tenants = vec![
        ("a tenant with a slash", json!({"id": "u", "tenant": "a/b"})),
        ("a tenant that is true", json!({"id": "u", "tenant": true})),
    ];
    let mut found = Vec::new();
    for action in ["audiences_add_member", "audiences_remove_member"] {
        found.push(actions(action, parameters.clone(), no_ids("id")).await);
        found.push(actions(action, parameters.clone(), tenants.clone()).await);
    }
    insta::assert_snapshot!(found.join("\n"));
}

#[tokio::test]
async fn workflows() {
    let parameters = json!({"key": "order", "recipients": "data.recipients"});
    let mut found = vec![actions("workflows_trigger", parameters, no_recipients()).await];
    let parties = json!({"key": "order", "recipients": {"id": "user_id"}, "actor": "data.actor", "tenant": "data.tenant",
        "cancellation_key": "data.key", "data": "data.data"});
    let table = vec![
        ("an actor with a slash", json!({"actor": "a/b"})),
        ("an actor that is true", json!({"actor": true})),
        ("a tenant with a slash", json!({"tenant": {"id": "a/b"}})),
        ("a cancellation key that is an object", json!({"key": {}})),
        ("a cancellation key of 10,000 characters", json!({"key": "x".repeat(10_000)})),
        ("data that is an array", json!({"data": [1]})),
    ];
    found.push(actions("workflows_trigger", parties, table).await);
    let cancel = json!({"key": "order", "cancellation_key": "data.id", "recipients": "data.recipients"});
    found.push(actions("workflows_cancel", cancel.clone(), no_ids("id")).await);
    let with_key = no_recipients().into_iter().map(|(name, mut data)| {
        data["id"] = json!("k");
        (name, data)
    });
    found.push(actions("workflows_cancel", cancel, with_key.collect()).await);
    insta::assert_snapshot!(found.join("\n"));
}

/// Paths of computed values that find nothing, or something of another kind.
#[tokio::test]
async fn computed_values() {
    let parameters = json!({"key": "order", "recipients": {"id": "user_id"}, "data": {
        "template": {"$template": "Hi {{ data.nmae }}"},
        "first": {"$first": ["data.a", "data.b"]},
        "each": {"$each": "data.items", "$as": {"sku": "sku"}},
        "lookup": {"$lookup": "data.plan", "$in": {"a": "b"}},
    }});
    let table = vec![
        ("nothing that a path finds", json!({"name": "Ana"})),
        ("items that are a text", json!({"items": "x"})),
        ("items that are numbers", json!({"items": [1, null]})),
        ("a plan that is an object", json!({"plan": {}})),
        ("a name that is an object", json!({"nmae": {"a": 1}})),
    ];
    insta::assert_snapshot!(actions("workflows_trigger", parameters, table).await);
}
