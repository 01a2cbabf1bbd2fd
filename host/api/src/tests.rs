//! The router against its document.

use std::{collections::BTreeSet, sync::Arc};

use inlet_core::actions::ActionType;
use inlet_delivery::{
    way_out::{ClientOptions, WayOut},
    workflows::WorkflowLists,
};
use serde_json::Value;

use crate::{
    openapi,
    routes::{operations, router},
    scope::{Access, Scope},
};

/// Described by the document, served elsewhere.
const ELSEWHERE: [(&str, &str); 4] =
    [("POST", "/integrations/receive/{token}"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")];

/// Method, path and access of every operation of the router.
fn table() -> Vec<(&'static str, String, Access)> {
    let operations = operations();
    let signatures = operations.iter().flat_map(|operation| operation.signature());
    signatures.map(|(method, path, access)| (method, path.to_owned(), access)).collect()
}

async fn document() -> Value {
    let axum::Json(document) = openapi::get_openapi().await;
    serde_json::to_value(document).unwrap()
}

fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = paths.flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (method, path)));
    methods.map(|(method, path)| (method.to_uppercase(), path.clone())).collect()
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_routed() {
    let own = table().into_iter().map(|(method, path, _)| (method.to_owned(), path));
    let elsewhere = ELSEWHERE.map(|(method, path)| (method.to_owned(), path.to_owned()));
    let served: BTreeSet<_> = own.chain(elsewhere).collect();
    assert_eq!(served, described(&document().await));
}

/// The whole document, in the order of its members. Changes of the API show up here.
#[tokio::test]
async fn the_document_is_the_reviewed_one() {
    let axum::Json(document) = openapi::get_openapi().await;
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(document).unwrap());
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let document = document().await;
    let mut open = vec![&document];
    let mut references = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    references += 1;
                    assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(references > 50, "found {references} references");
}

#[tokio::test]
async fn every_member_of_every_schema_is_described() {
    let document = document().await;
    // A nullable reference has its description beside the alternatives.
    let is_described = |schema: &Value| {
        let alternatives = schema["oneOf"].as_array().into_iter().flatten();
        alternatives.chain([schema]).any(|schema| schema["description"].is_string())
    };
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(is_described(schema), "{name}");
        for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(is_described(schema), "{name}.{member}");
        }
    }
}

#[tokio::test]
async fn the_document_says_who_may_ask() {
    let document = document().await;
    for (method, path, access) in table() {
        let security = &document["paths"][&path][method.to_lowercase()]["security"];
        let expected = match access {
            Access::Token(scope) | Access::Everywhere(scope) => {
                serde_json::json!([{"management_token": [scope.as_str()]}])
            }
            Access::Key => serde_json::json!([{"api_key": []}]),
            Access::KeyOrToken(scope) => {
                serde_json::json!([{"api_key": []}, {"management_token": [scope.as_str()]}])
            }
            Access::Anyone => Value::Null,
        };
        assert_eq!(*security, expected, "{method} {path}");
    }
}

#[test]
fn what_reads_wants_the_scope_for_reading_and_what_writes_another() {
    for (method, path, access) in table() {
        // A link signs in as the token that made it, so every token may make one.
        let is_sign_in_link = path == "/v1/sign_in_links";
        if let Some(scope) = access.scope().filter(|_| !is_sign_in_link) {
            assert_eq!(scope == Scope::Read, method == "GET", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_concerns_an_environment_names_it_in_the_query_or_the_path() {
    let document = document().await;
    for (method, path, _) in table() {
        // A source is deleted in every environment.
        let concerns_one =
            path.starts_with("/v1/sources") && (method, path.as_str()) != ("DELETE", "/v1/sources/{key}");
        let params = document["paths"][&path][method.to_lowercase()]["parameters"].as_array();
        let is_queried =
            params.into_iter().flatten().any(|param| param["in"] == "query" && param["name"] == "environment");
        assert!(is_queried || !concerns_one, "{method} {path}");
    }
}

#[test]
fn routes_do_not_collide() {
    let way_out = WayOut::new(ClientOptions::default()).unwrap();
    let _ = router(Arc::new(WorkflowLists::new(way_out)));
}

#[tokio::test]
async fn the_document_names_the_actions_of_the_registry() {
    let document = document().await;
    let description =
        document["components"]["schemas"]["MappingRequest"]["properties"]["action_type"]["description"].as_str();
    for action in ActionType::ALL {
        assert!(description.unwrap().contains(&format!("`{}`", action.as_str())), "{description:?}");
    }
}
