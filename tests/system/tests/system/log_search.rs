//! Searching the event log, over the API and with `inlet logs`.

use std::process::Command;

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, binary, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

fn mappings() -> Value {
    json!([{"event_type": "Paid", "action_type": "workflows_trigger",
            "action_parameters": {"key": "paid", "recipients": "data.to"}}])
}

/// Returns the event types of the entries that a query finds.
async fn found(server: &Server, query: &str) -> Vec<String> {
    let page = server.get(&format!("/v1/sources/shop/logs?environment=development&{query}")).await;
    let entries = page["entries"].as_array().unwrap().iter();
    entries.map(|entry| entry["event_type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_filter_finds_its_events_and_none_of_another_environment() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), mappings()).await;
    let production = server.endpoint_of(&server.get("/v1/sources/shop?environment=production").await, "production");
    let reached = json!({"to": [{"id": "ann", "name": "Ann"}, {"collection": "teams", "id": "t1"}]});
    endpoint.send(track("Viewed", "u_1", "m-1", json!({}))).await;
    endpoint.send(track("Paid", "u_2", "m-2", reached)).await;
    endpoint.send(track("Paid", "u_3", "m-3", json!({"to": 7}))).await;
    endpoint.send(json!({"userId": "u_4"}).to_string()).await;
    production.send(track("Viewed", "u_1", "m-1", json!({}))).await;

    assert_eq!(found(&server, "user_id=u_1").await, ["track/Viewed"]);
    assert_eq!(found(&server, "idempotency_key=m-2").await, ["track/Paid"]);
    assert_eq!(found(&server, "event=Paid").await.len(), 2, "a plain name finds the track event");
    assert_eq!(found(&server, "event=track/Paid").await.len(), 2);
    assert_eq!(found(&server, "outcome=failed").await, ["track/Paid"]);
    assert_eq!(found(&server, "outcome=failed,rejected").await.len(), 2);
    assert_eq!(found(&server, "code=action_failed").await, ["track/Paid"]);
    assert_eq!(found(&server, "action_status=success").await, ["track/Paid"]);
    assert_eq!(found(&server, "action_status=error&user_id=u_3").await, ["track/Paid"]);
    assert_eq!(found(&server, "recipient=ann").await, ["track/Paid"], "reached");
    assert_eq!(found(&server, "recipient=teams/t1").await, ["track/Paid"], "skipped, since it was never identified");
    assert_eq!(found(&server, "needs_attention=true").await.len(), 2, "what failed and what was rejected");
    assert_eq!(found(&server, "needs_attention=true&event=Paid").await, ["track/Paid"]);
    assert_eq!(found(&server, "needs_attention=false").await.len(), 4);
    assert_eq!(found(&server, "search=%22NAME%22:%22ann").await, ["track/Paid"], "in the item, in either case");
    assert_eq!(found(&server, "search=u_1").await, ["track/Viewed"]);
    let searched = server.get("/v1/logs?environment=development&search=m-3").await;
    assert_eq!(searched["entries"].as_array().unwrap().len(), 1, "of all sources");
    assert_eq!((&searched["searched"]["entries"], &searched["searched"]["is_complete"]), (&json!(4), &json!(true)));
    for nothing in ["recipient=t1", "user_id=u_9", "user_id=u_1&event=Paid", "code=nonsense", "event=Pai"] {
        assert_eq!(found(&server, nothing).await, [""; 0], "{nothing}");
    }
    let all = server.get("/v1/sources/shop/logs?environment=development&limit=2").await;
    let second = all["entries"][1]["inserted_at"].as_str().unwrap().to_owned();
    let (later, earlier) = (
        found(&server, &format!("after={second}")).await.len(),
        found(&server, &format!("before={second}")).await.len(),
    );
    assert!(later >= 2 && earlier >= 1 && later + earlier == 4, "{later} {earlier}");
    let cursor = all["page_info"]["after"].as_str().unwrap();
    assert_eq!(found(&server, &format!("after={cursor}")).await.len(), 2, "a cursor still leads to the older entries");

    for (query, field) in [
        ("action_status=done", "action_status"),
        ("outcome=lost", "outcome"),
        ("after=soon", "after"),
        ("needs_attention=perhaps", "needs_attention"),
    ] {
        let path = format!("/v1/sources/shop/logs?environment=development&{query}");
        let refused = server.manage(Method::GET, &path).send().await.unwrap();
        assert_eq!(refused.status(), 422, "{query}");
        assert_eq!(read_json(refused).await["field"], field);
    }

    let inlet = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        command.arg("logs").arg("shop@development").args(arguments);
        let output = command.env("INLET_SERVER", &server.admin).env("INLET_TOKEN", MANAGEMENT_TOKEN).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let lines = inlet(&["--event", "Paid", "--outcome", "failed"]);
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.contains("  failed  track/Paid  user u_3  action_failed  "), "{lines}");
    assert_eq!(inlet(&["--user-id", "u_9"]), "");
    let json: Value = serde_json::from_str(&inlet(&["--recipient", "ann", "--json"])).unwrap();
    assert_eq!(json["entries"][0]["actions"][0]["action_status"], "success");
}

#[tokio::test]
async fn a_text_is_not_searched_where_personal_data_is_hidden() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.send(track("Viewed", "u_1", "m-1", json!({"secret": "4711"}))).await;
    let hidden =
        server.manage(Method::PATCH, "/v1/environments/development").json(&json!({"hide_personal_data": true}));
    assert!(hidden.send().await.unwrap().status().is_success());
    for path in ["/v1/logs", "/v1/sources/shop/logs"] {
        let path = format!("{path}?environment=development&search=4711");
        let refused = server.manage(Method::GET, &path).send().await.unwrap();
        assert_eq!(refused.status(), 422, "{path}");
        assert_eq!(read_json(refused).await["field"], "search");
    }
    let path = "/v1/logs/stream?environment=development&search=4711";
    assert_eq!(server.manage(Method::GET, path).send().await.unwrap().status(), 422, "a stream has no search");
}
