//! Events: listing, showing, explaining, replaying, triggering and exporting them.

use inlet_system_tests::{Server, track};
use serde_json::{Value, json};

use super::Shell;

#[tokio::test]
async fn an_event_is_found_explained_and_replayed() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "track/Order", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order", "recipients": {"id": "user_id"}, "data": {"total": "data.total"}}}]);
    let endpoint = server.source("shop", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let mut shell = Shell::of(&server);
    shell.run(&["event", "list", "shop@development"]);
    endpoint.expect(track("Order", "ana", "m-1", json!({"total": 39.5})), &["executed"]).await;
    endpoint.expect(track("Order", "ana", "m-1", json!({"total": 39.5})), &["replayed"]).await;
    endpoint.expect(track("Odrer", "ana", "m-2", json!({})), &["logged"]).await;
    endpoint.expect("{}", &["rejected"]).await;
    shell.run(&["event", "list", "shop@development"]);
    shell.run(&["event", "list", "--env", "development", "--outcome", "executed,replayed", "--limit", "1"]);
    shell.run(&["event", "list", "--env", "nowhere"]);
    shell.run(&["event", "list", "--env", "development", "--filter", "colour=red"]);
    let logs = server.logs("shop").await;
    let ids: Vec<&str> = logs.iter().map(|log| log["id"].as_str().unwrap()).collect();
    let [rejected, logged, replayed, executed] = ids[..] else { panic!("{ids:?}") };
    shell.run(&["event", "show", executed]);
    for id in [executed, replayed, logged, rejected] {
        shell.run(&["why", id]);
    }
    shell.run(&["why", "00000000-0000-7000-8000-000000000000"]);
    shell.run(&["why", "nonsense"]);
    shell.run(&["why", logged, "--json"]);
    shell.run(&["event", "replay", executed]);
    shell.run(&["event", "replay", executed, "--force"]);
    shell.run(&["event", "replay", rejected]);
    shell.run(&["event", "replay", "--source", "shop@development"]);
    shell.run(&["event", "replay", "--source", "shop@development", "--yes"]);
    shell.run(&["run", "list", "--env", "development", "--limit", "1"]);
    shell.run(&["user", "show", "ana", "--env", "development"]);
    shell.run(&["user", "show", "bo", "--env", "development"]);
    shell.run(&["status"]);
    shell.run(&["open", logged]);
    let check = |shell: &Shell| shell.command(&["status", "--check"]).output().unwrap().status.code();
    assert_eq!(check(&shell), Some(1), "something needs attention");
    shell.run(&["event", "dismiss", "shop@development"]);
    shell.run(&["event", "dismiss", "shop@development", "--outcome", "rejected"]);
    shell.run(&["event", "dismiss", "shop@development", "--outcome", "rejected", "--yes"]);
    assert_eq!(check(&shell), Some(0), "nothing does any more");
    insta::assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn an_example_is_triggered_with_other_values() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    let mut shell = Shell::of(&server);
    shell.run(&["trigger", "shop@development"]);
    shell.run(&["trigger", "shop@development", "ordr-completed"]);
    let total = "properties.total=9007199254740993.10";
    shell.run(&["trigger", "shop@development", "order-completed", "--set", total, "--dry-run"]);
    shell.run(&["trigger", "shop@development", "order-completed", "--set", total]);
    shell.run(&["trigger", "shop@development", "order-completed", "--set", "total"]);
    insta::assert_snapshot!(shell.transcript());
    let found = server.client.get(format!("{}/v1/sources/shop/logs?environment=development", server.admin));
    let text = found.bearer_auth(inlet_system_tests::MANAGEMENT_TOKEN).send().await.unwrap().text().await.unwrap();
    assert!(text.contains(r#""total":9007199254740993.10"#), "{text}");
    drop(endpoint);
}

#[tokio::test]
async fn an_export_has_every_event_whole_and_continues_where_it_broke_off() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    let long = "x".repeat(20_000);
    for number in 0..205 {
        let text = if number == 7 { long.as_str() } else { "short" };
        endpoint.expect(track("Order", "ana", "", json!({"number": number, "text": text})), &["logged"]).await;
    }
    let shell = Shell::of(&server);
    let export =
        || shell.command(&["event", "export", "shop@development", "--output", "events.ndjson"]).output().unwrap();
    let read = || -> Vec<Value> {
        let text = std::fs::read_to_string(shell.path("events.ndjson")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert!(export().status.success());
    let whole = read();
    let numbers: Vec<i64> = whole.iter().map(|event| event["data"]["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (0..205).rev().collect::<Vec<_>>());
    assert_eq!(whole[197]["data"]["text"], long);
    // It broke off in the middle of a line.
    let text = std::fs::read_to_string(shell.path("events.ndjson")).unwrap();
    let end = text.match_indices('\n').nth(99).unwrap().0;
    shell.write("events.ndjson", &text[..end + 40]);
    assert!(export().status.success());
    assert_eq!(read(), whole);
}
