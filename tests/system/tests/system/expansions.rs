//! Objects as recipients stand for their subscribers, through kills too.

use std::{collections::HashSet, time::Duration};

use inlet_system_tests::{Endpoint, Server, ServerOptions, track};
use serde_json::{Value, json};

const SUBSCRIBERS: usize = 5000;

async fn source(server: &Server) -> Endpoint {
    let mapping = |event: &str, action: &str, parameters: Value| json!({"event_type": event, "action_type": action, "action_parameters": parameters});
    let mappings = json!([
        mapping(
            "Follow",
            "objects_set",
            json!({"collection": "projects", "id": "data.project", "properties": "data.none"})
        ),
        mapping(
            "Follow",
            "objects_subscribe",
            json!({"collection": "projects", "id": "data.project", "recipients": "data.to"})
        ),
        mapping(
            "Posted",
            "workflows_trigger",
            json!({"key": "posted", "cancellation_key": "data.post", "actor": "userId",
            "recipients": {"collection": "projects", "id": "data.project"}, "data": {"post": "data.post"}})
        ),
        mapping("Withdrawn", "workflows_cancel", json!({"key": "posted", "cancellation_key": "data.post"})),
    ]);
    server.source("segment", "segment", json!({}), mappings).await
}

async fn follow(endpoint: &Endpoint, project: &str, to: Vec<Value>) {
    endpoint.expect(track("Follow", "u_0", "m", json!({"project": project, "to": to})), &["executed"]).await;
}

fn posted(post: &str) -> String {
    track("Posted", "u_0", "m", json!({"project": "p1", "post": post}))
}

async fn restart(mut server: Server) -> (Server, Option<tempfile::TempDir>) {
    server.kill();
    let (dir, data_dir) = server.take_data_dir();
    (Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await, dir)
}

/// The only run, once it has so many recipients.
async fn run_with(server: &Server, key: &str, recipients: u64) -> Value {
    for _ in 0..600 {
        let runs = server.all_runs(key).await;
        assert_eq!(runs.len(), 1);
        if runs[0]["recipients_count"].as_u64().unwrap() >= recipients {
            return runs[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the run did not get {recipients} recipients");
}

/// All recipients of a run, read page by page.
async fn recipients(server: &Server, key: &str, run: &Value) -> Vec<String> {
    let (mut recipients, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/workflow_runs/{}/recipients?page_size=100{after}", run["id"].as_str().unwrap());
        let (status, page) = server.get_with_key(key, &path).await;
        assert_eq!(status, 200, "{page}");
        let entries = page["entries"].as_array().unwrap();
        recipients.extend(entries.iter().map(|entry| format!("{}/{}", entry["collection"], entry["id"])));
        match page["page_info"]["after"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return recipients,
        }
    }
}

#[tokio::test]
async fn every_subscriber_is_in_the_run_once_although_the_server_is_killed_during_the_expansion() {
    let server = Server::start().await;
    let endpoint = source(&server).await;
    // A nested object that is subscribed to by the first: a cycle.
    follow(&endpoint, "p2", vec![json!({"id": "u_0"}), json!({"id": "nested"})]).await;
    follow(&endpoint, "p1", vec![json!({"collection": "projects", "id": "p2"})]).await;
    follow(&endpoint, "p2", vec![json!({"collection": "projects", "id": "p1"})]).await;
    for first in (0..SUBSCRIBERS).step_by(1000) {
        let users = (first..first + 1000).map(|number| json!({"id": format!("u_{number}")})).collect();
        follow(&endpoint, "p1", users).await;
    }
    let key = server.api_key("development").await;
    endpoint.expect(posted("a"), &["executed"]).await;
    run_with(&server, &key, 2).await;
    let (server, _first) = restart(server).await;
    run_with(&server, &key, 2001).await;
    let (server, _second) = restart(server).await;
    let run = run_with(&server, &key, SUBSCRIBERS as u64 + 2).await;
    for _ in 0..300 {
        if server.all_runs(&key).await[0]["expanding"] == json!(false) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let found = recipients(&server, &key, &run).await;
    // Everybody but the actor, once.
    let expected: HashSet<String> = (1..SUBSCRIBERS)
        .map(|number| format!("null/\"u_{number}\""))
        .chain(["null/\"nested\"", "\"projects\"/\"p1\"", "\"projects\"/\"p2\""].map(str::to_owned))
        .collect();
    assert_eq!((found.len(), &found[0]), (SUBSCRIBERS + 2, &"\"projects\"/\"p1\"".to_owned()));
    assert!(found.into_iter().collect::<HashSet<_>>() == expected, "somebody is missing or too many");
    let run = run_with(&server, &key, SUBSCRIBERS as u64 + 2).await;
    assert_eq!((&run["expanding"], &run["recipients_count"]), (&json!(false), &json!(SUBSCRIBERS + 2)));
}

#[tokio::test]
async fn a_cancellation_before_the_expansion_leaves_the_object_alone() {
    let server = Server::start().await;
    let endpoint = source(&server).await;
    follow(&endpoint, "p1", (0..100).map(|number| json!({"id": format!("u_{number}")})).collect()).await;
    let withdrawn = track("Withdrawn", "u_0", "m", json!({"post": "a"}));
    endpoint.expect(format!("[{},{withdrawn}]", posted("a")), &["executed", "executed"]).await;
    let key = server.api_key("development").await;
    for _ in 0..300 {
        if server.all_runs(&key).await[0]["expanding"] == json!(false) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let run = run_with(&server, &key, 1).await;
    assert_eq!((&run["expanding"], &run["recipients_count"]), (&json!(false), &json!(1)));
    // The next run is expanded.
    endpoint.expect(posted("b"), &["executed"]).await;
    for _ in 0..300 {
        if server.all_runs(&key).await[0]["recipients_count"] == json!(100) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the second run was not expanded");
}
