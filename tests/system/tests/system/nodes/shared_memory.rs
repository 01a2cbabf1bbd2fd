//! Observations of one server that all of them act on: quarantines, and requests with wrong URLs.

use std::time::Duration;

use inlet_system_tests::{Endpoint, Server, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::{cluster, until};
use crate::quarantine;

/// The longest time in which the others know, on a busy machine.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quarantine_holds_at_every_server_and_so_does_its_end() {
    let (_postgres, nodes) = cluster(&["a", "b"]).await;
    let [a, b] = &nodes[..] else { panic!() };
    quarantine::add(a, "1.0.0").await;
    let endpoint = a.source("crm", "acme/http", json!({}), json!([])).await;
    let there = Endpoint::at(b, format!("{}{}", b.base, endpoint.path()));
    let good = || track("Order", "u", "", json!({}));
    until("the other server has it", async || there.post(good()).send().await.unwrap().status() == 200).await;
    let outcome = async |at: &Endpoint| at.send(good()).await["events"][0]["outcome"].clone();
    assert_eq!(outcome(&there).await, "logged");

    quarantine::until_quarantined(&endpoint).await;
    let known = until("it is not run at the other server", async || outcome(&there).await == "failed").await;
    println!("a quarantine: in force at the other server after {known:?}");
    assert!(known < SOON, "{known:?}");
    assert!(b.notes("crm").await.contains("is quarantined since"));

    // The other one lifts it.
    assert_eq!(b.use_version("crm", "1.0.0", false).await.0, 200);
    assert_eq!(outcome(&there).await, "logged");
    let lifted = until("it is run at the first server", async || outcome(&endpoint).await == "logged").await;
    println!("its end: in force at the other server after {lifted:?}");
    assert!(lifted < SOON, "{lifted:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    for at in [&endpoint, &there] {
        assert_eq!(outcome(at).await, "logged", "nobody begins it again");
    }
}

/// Returns the number of requests with an unknown token that a server lists.
async fn unknown(server: &Server) -> Value {
    let list = server.get("/v1/unrouted_requests").await;
    let found = list["entries"].as_array().unwrap().iter().find(|entry| entry["cause"] == "unknown_endpoint");
    found.map_or(Value::Null, |entry| entry["count"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_urls_are_counted_and_acknowledged_over_all_servers() {
    let (_postgres, nodes) = cluster(&["a", "b"]).await;
    let [a, b] = &nodes[..] else { panic!() };
    for (server, requests) in [(a, 3), (b, 2)] {
        for _ in 0..requests {
            let url = format!("{}/integrations/receive/{}", server.base, "x".repeat(43));
            assert_eq!(server.client.post(url).body("{}").send().await.unwrap().status(), 404);
        }
    }
    for server in &nodes {
        until("all are counted", async || unknown(server).await == 5).await;
    }
    let dismiss = b.manage(Method::POST, "/v1/unrouted_requests/dismiss").json(&json!({"cause": "unknown_endpoint"}));
    let answer: Value = serde_json::from_str(&dismiss.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(answer["dismissed"], 5);
    for server in &nodes {
        assert_eq!(unknown(server).await, Value::Null);
    }
}
