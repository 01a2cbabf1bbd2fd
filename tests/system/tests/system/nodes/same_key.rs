//! Many clients send one key to two servers at once: it executes once.

use inlet_system_tests::{Endpoint, track};
use serde_json::json;

use super::{cluster, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_over_two_servers_one_key_one_execution() {
    let (_postgres, nodes) = cluster(&["a", "b"]).await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}}}]);
    let first = nodes[0].source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let second = Endpoint::at(&nodes[1], format!("{}{}", nodes[1].base, first.path()));
    until("the other server knows the source", async || second.post("{}").send().await.unwrap().status() != 404).await;
    for round in 0..10 {
        let body = track("E", "u", &format!("m-{round}"), json!({}));
        let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(64));
        let clients: Vec<_> = (0..64)
            .map(|client| {
                let endpoint = if client % 2 == 0 { first.clone() } else { second.clone() };
                let (body, barrier) = (body.clone(), barrier.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    endpoint.send(body).await["events"][0]["outcome"].as_str().unwrap().to_owned()
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for client in clients {
            outcomes.push(client.await.unwrap());
        }
        outcomes.sort();
        assert_eq!(outcomes[0], "executed");
        assert!(outcomes[1..].iter().all(|outcome| outcome == "replayed"), "{outcomes:?}");
    }
    let key = nodes[0].api_key("development").await;
    assert_eq!(nodes[0].all_runs(&key).await.len(), 10);
    let executed = nodes[1].all_logs("segment").await.iter().filter(|log| log["outcome"] == "executed").count();
    assert_eq!(executed, 10);
}
