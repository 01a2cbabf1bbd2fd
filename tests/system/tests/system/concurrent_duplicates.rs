//! Many concurrent clients send one key, which executes once.

use inlet_system_tests::{Server, track};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_one_key_one_execution() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}}}]);
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    for round in 0..10 {
        let body = track("E", "u", &format!("m-{round}"), json!({}));
        let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(64));
        let clients: Vec<_> = (0..64)
            .map(|_| {
                let (endpoint, body, barrier) = (endpoint.clone(), body.clone(), barrier.clone());
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
    let key = server.api_key("development").await;
    assert_eq!(server.all_runs(&key).await.len(), 10);
    let logs = server.all_logs("segment").await;
    assert_eq!(logs.len(), 640);
    for replay in logs.iter().filter(|log| log["outcome"] == "replayed") {
        let of = logs.iter().find(|log| log["id"] == replay["replay_of"]).unwrap();
        assert_eq!((&of["outcome"], &of["idempotency_key"]), (&json!("executed"), &replay["idempotency_key"]));
    }
}
