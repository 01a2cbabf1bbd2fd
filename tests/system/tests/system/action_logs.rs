//! The list of actions of an environment: `GET /v1/actions`.

use inlet_system_tests::{Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns `TYPE WORKFLOW STATUS USER` of the actions that a query finds, those of the newest event first.
async fn found(server: &Server, query: &str) -> Vec<String> {
    let list = server.get(&format!("/v1/actions?environment=development&{query}")).await;
    let text = |action: &Value, name: &str| action[name].as_str().unwrap_or("-").to_owned();
    let words = |action: &Value| {
        ["action_type", "workflow", "action_status", "user_id"].map(|name| text(action, name)).join(" ")
    };
    list["entries"].as_array().unwrap().iter().map(words).collect()
}

#[tokio::test]
async fn actions_are_found_by_what_they_are_and_what_became_of_them() {
    let server = Server::start().await;
    let trigger = |workflow: &str, recipients: &str| {
        json!({"event_type": "Paid", "action_type": "workflows_trigger",
               "action_parameters": {"key": workflow, "recipients": recipients}})
    };
    let mappings = json!([trigger("receipt", "user_id"), trigger("alert", "data.nobody")]);
    let shop = server.source("shop", "segment", json!({"handle_identifies": true}), mappings.clone()).await;
    let crm = server.source("crm", "segment", json!({}), mappings).await;
    let identify = json!({"type": "identify", "userId": "ann", "traits": {"name": "Ann"}});
    shop.expect(identify.to_string(), &["executed"]).await;
    shop.expect(track("Paid", "ann", "m-1", json!({})), &["failed"]).await;
    shop.expect(track("Viewed", "ann", "m-2", json!({})), &["logged"]).await;
    crm.expect(track("Paid", "bo", "m-3", json!({})), &["failed"]).await;

    let all = [
        "workflows_trigger receipt skipped bo",
        "workflows_trigger alert error bo",
        "workflows_trigger receipt success ann",
        "workflows_trigger alert error ann",
        "users_identify - success ann",
    ];
    assert_eq!(found(&server, "").await, all);
    assert_eq!(found(&server, "action_type=users_identify").await, all[4..]);
    assert_eq!(found(&server, "workflow=receipt").await, [all[0], all[2]]);
    assert_eq!(found(&server, "action_status=error").await, [all[1], all[3]]);
    assert_eq!(found(&server, "workflow=receipt&action_status=error").await, [""; 0], "one action fulfils all");
    assert_eq!(found(&server, "recipient=ann").await, [all[2]]);
    assert_eq!(found(&server, "recipient=bo&action_status=skipped").await, [all[0]]);
    assert_eq!(found(&server, "source=crm").await, all[..2]);
    assert_eq!(found(&server, "user_id=ann&event=Paid").await, all[2..4]);
    assert_eq!(found(&server, "starting_at=2099-01-01T00:00:00Z").await, [""; 0]);
    let list = server.get("/v1/actions?environment=development&workflow=receipt&action_status=success").await;
    let action = &list["entries"][0];
    assert_eq!((&action["recipients_count"], &action["source"]), (&json!(1), &json!("shop")));
    let mapping = action["mapping_id"].as_str().unwrap();
    assert_eq!(found(&server, &format!("mapping_id={mapping}")).await, [all[2]]);
    let run = action["workflow_run_ids"][0].as_str().unwrap();
    let run = server.get(&format!("/v1/workflow_runs/{run}?environment=development")).await;
    assert_eq!(run["source_event_id"], action["event_id"]);

    // Pages end within an event, and lead both ways.
    let mut pages = Vec::new();
    let mut query = "limit=2".to_owned();
    let before = loop {
        let list = server.get(&format!("/v1/actions?environment=development&{query}")).await;
        pages.extend(found(&server, &query).await);
        match list["page_info"]["after"].as_str() {
            Some(after) => query = format!("limit=2&after={after}"),
            None => break list["page_info"]["before"].clone(),
        }
    };
    assert_eq!(pages, all);
    let newer = found(&server, &format!("limit=3&before={}", before.as_str().unwrap())).await;
    assert_eq!(newer, all[1..4], "the page before the last one");

    for (query, field) in
        [("action_status=done", "action_status"), ("mapping_id=x", "mapping_id"), ("after=x", "after")]
    {
        let path = format!("/v1/actions?environment=development&{query}");
        let refused = server.manage(Method::GET, &path).send().await.unwrap();
        assert_eq!(refused.status(), 422, "{query}");
        assert_eq!(read_json(refused).await["field"], field);
    }
    let none = server.get("/v1/actions?environment=production").await;
    assert_eq!(none["entries"], json!([]), "environments never see each other");
}
