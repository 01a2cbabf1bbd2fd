//! Targets, runs and deliveries.

use std::time::Duration;

use inlet_system_tests::{Receiver, ReceiverAnswer, Server, ServerOptions, track};
use serde_json::{Value, json};

use super::Shell;

#[tokio::test]
async fn a_delivery_that_was_given_up_is_found_and_sent_again() {
    let receiver = Receiver::start();
    let options = ServerOptions::default().env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]");
    // The first failure is the last one.
    let server = Server::start_with(options.env("INLET_DELIVERY_RETRY_SECONDS", "[]")).await;
    let mappings = json!([{"event_type": "track/Order", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order", "recipients": {"id": "user_id"}}}]);
    let endpoint = server.source("shop", "segment", json!({}), mappings).await;
    let mut shell = Shell::of(&server);
    shell.run(&["target", "set", "mailer", "--env", "development", "--kind", "carrier-pigeon"]);
    shell.run(&["target", "set", "mailer", "--env", "development"]);
    let url = format!("{}/hook", receiver.url);
    shell.run(&["target", "set", "mailer", "--env", "development", "--kind", "webhook", "--url", &url]);
    shell.run(&["target", "list", "--env", "development"]);
    receiver.answer_next([ReceiverAnswer::new(400, "no such \u{1b}[31mhook")]);
    endpoint.expect(track("Order", "ana", "", json!({})), &["executed"]).await;
    let dead = wait_for_status(&server, "dead").await;
    shell.run(&["delivery", "list", "--env", "development", "--status", "dead"]);
    shell.run(&["delivery", "show", &dead, "--env", "development"]);
    let event = server.last_log("shop").await["id"].as_str().unwrap().to_owned();
    shell.run(&["why", &event]);
    shell.run(&["delivery", "redrive", "--env", "development", "--dry-run"]);
    shell.run(&["delivery", "redrive", "--env", "development"]);
    shell.run(&["delivery", "redrive", &dead, "--env", "development"]);
    wait_for_status(&server, "delivered").await;
    shell.run(&["run", "list", "--env", "development"]);
    let run = server.get(&format!("/v1/deliveries/{dead}?environment=development")).await;
    shell.run(&["run", "show", run["workflow_run_id"].as_str().unwrap(), "--env", "development"]);
    shell.run(&["target", "pause", "mailer", "--env", "development"]);
    endpoint.expect(track("Order", "bo", "", json!({})), &["executed"]).await;
    shell.run(&["delivery", "discard", "--env", "development", "--target", "mailer", "--yes"]);
    shell.run(&["target", "resume", "mailer", "--env", "development"]);
    shell.run(&["target", "delete", "mailer", "--env", "development"]);
    shell.run(&["target", "delete", "mailer", "--env", "development", "--yes"]);
    let transcript = shell.transcript().replace(&url, "URL");
    assert!(!transcript.contains('\u{1b}'), "{transcript}");
    insta::assert_snapshot!(without_durations(&transcript));
}

/// Waits for a delivery with a status; returns its id.
async fn wait_for_status(server: &Server, status: &str) -> String {
    for _ in 0..600 {
        let list: Value = server.get(&format!("/v1/deliveries?environment=development&status={status}")).await;
        if let Some(id) = list["entries"][0]["id"].as_str() {
            return id.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no delivery was {status} within 30 s");
}

fn without_durations(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let shown = words.iter().enumerate().map(|(index, word)| match words.get(index + 1) {
            Some(&"ms") if word.parse::<u64>().is_ok() => "N",
            _ => word,
        });
        shown.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}
