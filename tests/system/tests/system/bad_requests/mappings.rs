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
