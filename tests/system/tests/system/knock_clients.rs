//! Knock's official clients against the real server, with its base URL in place of theirs (`tests/system/clients/knock`).
//!
//! The scripts check every answer; the tests check what the server has afterwards.

use inlet_system_tests::{MANAGEMENT_TOKEN, Server};
use serde_json::json;

use super::clients::{is_installed, run};

/// `@knocklabs/mgmt` over sources, their logs and providers.
#[tokio::test]
async fn a_source_is_managed() {
    if !is_installed() {
        return;
    }
    let server = Server::start().await;
    run("knock/mgmt/sources.mjs", &[&server.admin, MANAGEMENT_TOKEN]);

    let source = server.get("/v1/sources/webshop?environment=development").await;
    let mappings = source["environment_settings"]["development"]["mappings"].as_array().unwrap();
    assert_eq!(mappings.len(), 1, "{source}");
    assert_eq!(mappings[0]["action_parameters"]["key"], "order-confirmation");
    let logs = server.logs("webshop").await;
    let outcomes: Vec<_> = logs.iter().map(|log| log["outcome"].clone()).collect();
    assert_eq!(outcomes, [json!("logged"), json!("executed"), json!("executed")]);
    let key = server.api_key("development").await;
    let runs = server.all_runs(&key).await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0]["workflow"], "order-confirmation", "{runs:?}");
}
