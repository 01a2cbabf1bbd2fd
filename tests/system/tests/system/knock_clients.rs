//! Knock's official clients against the real server, with its base URL in place of theirs (`tests/system/clients/knock`).
//!
//! The scripts check every answer; the tests check what the server has afterwards.

use inlet_system_tests::{MANAGEMENT_TOKEN, Server};
use serde_json::{Value, json};

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

/// `@knocklabs/mgmt` over variables.
#[tokio::test]
async fn variables_are_read() {
    if !is_installed() {
        return;
    }
    let server = Server::start().await;
    run("knock/mgmt/variables.mjs", &[&server.admin, MANAGEMENT_TOKEN]);
    let left = server.get("/v1/variables?environment=development").await;
    let keys: Vec<_> = left["entries"].as_array().unwrap().iter().map(|variable| &variable["key"]).collect();
    assert_eq!(keys, ["api_token", "base_url"]);
    assert!(!server.log().contains("s3cr3t"));
}

/// Runs a resource's scripts for `@knocklabs/node` and `knockapi`, and returns the server and a key.
async fn both(resource: &str) -> Option<(Server, String)> {
    if !is_installed() {
        return None;
    }
    let server = Server::start().await;
    let key = server.api_key("development").await;
    for script in [format!("knock/node/{resource}.mjs"), format!("knock/python/{resource}.py")] {
        run(&script, &[&server.admin, &key]);
    }
    Some((server, key))
}

/// Returns the types and outcomes of the calls in the log, oldest first.
async fn calls(server: &Server) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let logs = server.all_logs("$api").await;
    logs.iter().rev().map(|log| (text(&log["event_type"]), text(&log["outcome"]))).collect()
}

/// Returns how many calls of a type had an outcome.
async fn count(server: &Server, event_type: &str, outcome: &str) -> usize {
    calls(server).await.iter().filter(|call| **call == (event_type.to_owned(), outcome.to_owned())).count()
}

#[tokio::test]
async fn users() {
    let Some((server, key)) = both("users").await else { return };
    let (_, page) = server.get_with_key(&key, "/v1/users?page_size=100").await;
    let mut ids: Vec<_> = page["entries"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["node_a%2Fb", "node_a.b:c+d?e=f&g", "node_ana", "node_ü☃", "py_rui"]);
    // Every call that changed something is in the log; one that was refused before it was begun is not.
    assert_eq!(count(&server, "users.identify", "executed").await, 6 + 3);
    assert_eq!(count(&server, "users.delete", "executed").await, 1 + 1);
}

#[tokio::test]
async fn objects() {
    let Some((server, key)) = both("objects").await else { return };
    for (collection, ids) in [("node_projects", json!(["p1"])), ("py_teams", json!(["t1", "t2"]))] {
        let (_, page) = server.get_with_key(&key, &format!("/v1/objects/{collection}")).await;
        let mut found: Vec<_> = page["entries"].as_array().unwrap().iter().map(|object| object["id"].clone()).collect();
        found.sort_by_key(Value::to_string);
        assert_eq!(json!(found), ids, "{collection}");
    }
    assert_eq!(count(&server, "objects.set", "executed").await, 5 + 5);
    assert_eq!(count(&server, "objects.delete", "executed").await, 1 + 1);
}

#[tokio::test]
async fn tenants() {
    let Some((server, key)) = both("tenants").await else { return };
    let (_, page) = server.get_with_key(&key, "/v1/tenants").await;
    assert_eq!(page["entries"].as_array().unwrap().len(), 2, "{page}");
    assert_eq!(count(&server, "tenants.set", "executed").await, 3 + 3);
    assert_eq!(count(&server, "tenants.delete", "executed").await, 1 + 1);
}

/// Triggers with every kind of recipient, their repetition, and cancels.
#[tokio::test]
async fn workflows() {
    let Some((server, key)) = both("workflows").await else { return };
    let runs = server.all_runs(&key).await;
    let found: Vec<_> = runs.iter().rev().map(|run| (&run["workflow"], &run["cancellation_key"])).collect();
    let (node, python) = (json!("node-order"), json!("py-order"));
    let (seven, eight) = (json!("order-7"), json!("order-8"));
    assert_eq!(found, [(&node, &seven), (&node, &eight), (&python, &seven), (&python, &eight)]);
    let statuses: Vec<_> = runs.iter().rev().map(|run| run["status"].clone()).collect();
    assert_eq!(statuses, ["canceled", "recorded", "canceled", "recorded"]);
    for (run, prefix, collection) in [(&runs[3], "node", "node_rooms"), (&runs[1], "py", "py_rooms")] {
        assert_eq!(run["recipients_count"], 3, "{run}");
        let room = &run["recipients"][2];
        assert_eq!(
            (&room["id"], &room["collection"], &room["status"]),
            (&json!("r1"), &json!(collection), &json!("canceled"))
        );
        assert_eq!(
            (&run["actor"], &run["tenant"]),
            (&json!(format!("{prefix}_wf_eve")), &json!(format!("{prefix}_wf_acme")))
        );
        assert_eq!(run["data"], json!({"order": {"id": 7, "total": 39.5}}));
    }
    assert_eq!(count(&server, "workflows.trigger", "executed").await, 2 + 2);
    assert_eq!(count(&server, "workflows.trigger", "replayed").await, 2 + 2, "the same body, and another one");
    // Of each client's three cancels, one ends a part of the first run, one the rest, and one finds nothing.
    let mut canceled: Vec<Value> = Vec::new();
    for log in server.all_logs("$api").await.iter().rev().filter(|log| log["event_type"] == "workflows.cancel") {
        canceled.push(log["actions"][0]["action_result"].clone());
    }
    let of = |run: &Value| {
        [
            json!({"canceled_runs": [], "partly_canceled_runs": [{"workflow_run_id": run["id"], "canceled_recipients": 1}]}),
            json!({"canceled_runs": [run["id"]], "partly_canceled_runs": []}),
            json!({"canceled_runs": [], "partly_canceled_runs": []}),
        ]
    };
    assert_eq!(canceled, [of(&runs[3]), of(&runs[1])].concat());
}

/// Subscriptions of users and objects, with the properties of each, and their lists from both sides.
#[tokio::test]
async fn subscriptions() {
    let Some((server, _)) = both("subscriptions").await else { return };
    assert!(count(&server, "objects.subscribe", "executed").await > 0);
    assert!(count(&server, "objects.unsubscribe", "executed").await > 0);
}

/// Members of audiences, with and without a tenant.
#[tokio::test]
async fn audiences() {
    let Some((server, _)) = both("audiences").await else { return };
    assert!(count(&server, "audiences.add_members", "executed").await > 0);
    assert!(count(&server, "audiences.remove_members", "executed").await > 0);
}

/// Bulk operations, followed to their end.
#[tokio::test]
async fn bulk_operations() {
    let Some((server, key)) = both("bulk").await else { return };
    let (_, page) = server.get_with_key(&key, "/v1/users?page_size=100").await;
    let mut ids: Vec<_> = page["entries"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["node_bulk_0", "node_bulk_a", "node_bulk_c", "py_bulk_0", "py_bulk_a"]);
    let (_, page) = server.get_with_key(&key, "/v1/tenants").await;
    assert_eq!(page["entries"], json!([]));
    for (collection, id) in [("node_bulk", "o2"), ("py_bulk", "o2")] {
        let (_, page) = server.get_with_key(&key, &format!("/v1/objects/{collection}")).await;
        assert_eq!((&page["entries"][0]["id"], page["entries"].as_array().unwrap().len()), (&json!(id), 1));
    }
}
