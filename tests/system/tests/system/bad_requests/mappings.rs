//! Mappings that cannot be saved.

use inlet_system_tests::Server;
use reqwest::Method;
use serde_json::{Value, json};

use super::answers;

/// Valid parameters of every action.
fn valid(action: &str) -> Value {
    match action {
        "users_identify" | "users_delete" => json!({"user_id": "user_id"}),
        "objects_set" | "objects_delete" | "objects_subscribe" | "objects_unsubscribe" => {
            json!({"collection": "projects", "id": "data.project"})
        }
        "tenants_set" | "tenants_delete" => json!({"id": "data.tenant"}),
        "audiences_add_member" | "audiences_remove_member" => json!({"key": "trial"}),
        "workflows_trigger" => json!({"key": "order"}),
        "workflows_cancel" => json!({"key": "order", "cancellation_key": "data.order"}),
        _ => unreachable!(),
    }
}

const ACTIONS: [&str; 12] = [
    "users_identify",
    "users_delete",
    "objects_set",
    "objects_delete",
    "tenants_set",
    "tenants_delete",
    "objects_subscribe",
    "objects_unsubscribe",
    "audiences_add_member",
    "audiences_remove_member",
    "workflows_cancel",
    "workflows_trigger",
];

fn mapping(action: &str, parameters: Value) -> Value {
    json!({"event_type": "E", "action_type": action, "action_parameters": parameters})
}

async fn saved(server: &Server, mappings: Vec<(String, Value)>) -> String {
    let request = |mappings: Value| {
        let source = json!({"environment_settings": {"development": {"mappings": mappings}}});
        server.manage(Method::PUT, "/v1/sources/s?environment=development").json(&json!({"source": source}))
    };
    let table = mappings.into_iter().map(|(name, mapping)| (name, request(json!([mapping])))).collect();
    let found = answers(table).await;
    assert!(answers(vec![("a right one".to_owned(), request(json!([])))]).await.contains("200"));
    found
        // The member is the same each time.
        .replace("source.environment_settings.development.mappings[0]", "mapping")
}

#[tokio::test]
async fn parameters_of_every_action() {
    let server = Server::start().await;
    server.source("s", "http", json!({}), json!([])).await;
    let mut table = Vec::new();
    for action in ACTIONS {
        let parameters = valid(action);
        let names: Vec<String> = parameters.as_object().unwrap().keys().cloned().collect();
        for name in &names {
            let mut without = parameters.clone();
            without.as_object_mut().unwrap().remove(name);
            table.push((format!("{action} without {name}"), mapping(action, without)));
            for wrong in [json!(7), json!(null), json!(""), json!([]), json!({"value": 7}), json!({"value": "a/b"})] {
                let mut with = parameters.clone();
                with[name] = wrong.clone();
                table.push((format!("{action} with {name} = {wrong}"), mapping(action, with)));
            }
        }
        let mut more = parameters.clone();
        more["nonsense"] = json!("data.a");
        table.push((format!("{action} with another parameter"), mapping(action, more)));
        for wrong in [json!("data"), json!([]), json!(7)] {
            table.push((format!("{action} with parameters {wrong}"), mapping(action, wrong)));
        }
    }
    insta::assert_snapshot!(saved(&server, table).await);
}

/// Values and conditions that mappings compute.
#[tokio::test]
async fn conditions_and_computed_values() {
    let server = Server::start().await;
    server.source("s", "http", json!({}), json!([])).await;
    let terms = |count: usize| json!({"$or": vec![json!({"data.a": 1}); count]});
    let nested = |levels: usize| (0..levels).fold(json!({"data.a": 1}), |inner, _| json!({ "$not": inner }));
    let mut table: Vec<(String, Value)> = Vec::new();
    let mut when = |name: &str, condition: Value| {
        let mut mapping = mapping("users_identify", json!({}));
        mapping["when"] = condition;
        table.push((format!("when {name}"), mapping));
    };
    when("of 200 levels", nested(200));
    when("of 40 levels", nested(40));
    when("of 10,000 terms", terms(10_000));
    when("of 1,000,000 bytes", json!({"data.a": "x".repeat(1_000_000)}));
    for wrong in [
        json!(7),
        json!([]),
        json!({}),
        json!("data.total > 5"),
        json!({"$nonsense": 1}),
        json!({"data.total": {"$gteq": 1}}),
        json!({"data.total": {"$gt": true}}),
        json!({"data.total": {"$in": 7}}),
        json!({"data.total": {"$exist": 1}}),
        json!({"data..a": 1}),
        json!({"$and": []}),
        json!({"$or": {"data.a": 1}}),
    ] {
        when(&wrong.to_string(), wrong);
    }
    for wrong in [
        json!({"$first": []}),
        json!({"$first": "data.a"}),
        json!({"$first": ["data.a", 7]}),
        json!({"$first": ["data.a"], "$else": 1}),
        json!({"$template": 7}),
        json!({"$template": "Hi {{ data.name"}),
        json!({"$template": "Hi {{ }}"}),
        json!({"$template": "Hi {{ data..name }}"}),
        json!({"$template": "Hi {{ data.name | upcase }}"}),
        json!({"$template": "Hi {% if data.name %}"}),
        json!({"$each": "data.items"}),
        json!({"$each": 7, "$as": {"id": "id"}}),
        json!({"$each": "data.items", "$as": 7}),
        json!({"$lookup": "data.plan"}),
        json!({"$lookup": "data.plan", "$in": []}),
        json!({"$lookup": 7, "$in": {"a": "b"}}),
        json!({"$nonsense": "data.a"}),
    ] {
        let parameters = json!({"key": "order", "data": {"computed": wrong}});
        table.push((format!("data.computed = {wrong}"), mapping("workflows_trigger", parameters)));
    }
    for (name, wrong) in [("on_overflow", json!("drop")), ("on_overflow", json!(7)), ("unidentified", json!("drop"))] {
        let parameters = json!({"key": "order", name: wrong});
        table.push((format!("{name} = {wrong}"), mapping("workflows_trigger", parameters)));
    }
    insta::assert_snapshot!(saved(&server, table).await);
}
