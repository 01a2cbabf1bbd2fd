//! SIGKILL under load: every event answered with 200 is stored exactly once, and every executed key has its runs once.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use inlet_system_tests::{Endpoint, Server, ServerOptions, track};
use serde_json::{Value, json};

const ROUNDS: usize = 10;
const CLIENTS: usize = 16;

/// The outcomes that clients received, by event id.
type Answered = Arc<Mutex<HashMap<String, String>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_rounds_of_kill_minus_nine_lose_and_double_nothing() {
    let mut server = Server::start().await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}, "data": {"n": "data.n"}}}]);
    server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let answered: Answered = Arc::default();
    let next = Arc::new(AtomicUsize::new(0));
    let mut dirs = Vec::new();
    for round in 0..ROUNDS {
        let source = server.get("/v1/sources/segment?environment=development").await;
        let endpoint = server.endpoint_of(&source, "development");
        let stop = Arc::new(AtomicBool::new(false));
        let before = answered.lock().unwrap().len();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| tokio::spawn(client(endpoint.clone(), next.clone(), answered.clone(), stop.clone())))
            .collect();
        // The kill happens at another moment in every round.
        while answered.lock().unwrap().len() < before + 300 + 37 * round {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.unwrap();
        }
        let (dir, data_dir) = server.take_data_dir();
        dirs.extend(dir);
        server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    }
    let answered = answered.lock().unwrap().clone();
    check(&server, &answered).await;
}

/// Sends events, each key twice, until the server is gone.
async fn client(endpoint: Endpoint, next: Arc<AtomicUsize>, answered: Answered, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let body = track("E", &format!("u{}", n % 50), &format!("key-{}", n / 2), json!({"n": n / 2}));
        let Ok(response) = endpoint.post(body).send().await else { return };
        if response.status() != 200 {
            continue;
        }
        // Only an answer that was read completely counts as a promise.
        let Ok(text) = response.text().await else { return };
        let Ok(answer) = serde_json::from_str::<Value>(&text) else { return };
        let event = &answer["events"][0];
        let (id, outcome) = (event["id"].as_str().unwrap(), event["outcome"].as_str().unwrap());
        answered.lock().unwrap().insert(id.to_owned(), outcome.to_owned());
    }
}

async fn check(server: &Server, answered: &HashMap<String, String>) {
    let logs = server.all_logs("segment").await;
    let mut by_id: HashMap<&str, &Value> = HashMap::new();
    for log in &logs {
        assert!(by_id.insert(log["id"].as_str().unwrap(), log).is_none(), "an event is logged twice");
    }
    assert!(answered.len() > ROUNDS * 300);
    for (id, outcome) in answered {
        let log = by_id.get(id.as_str()).unwrap_or_else(|| panic!("{id} was answered 200 and is not in the log"));
        assert_eq!(log["outcome"], outcome.as_str());
    }
    let mut executions: HashMap<&str, usize> = HashMap::new();
    for log in logs.iter().filter(|log| log["outcome"] == "executed") {
        *executions.entry(log["idempotency_key"].as_str().unwrap()).or_default() += 1;
    }
    assert!(executions.values().all(|&times| times == 1), "a key was executed twice");
    let key = server.api_key("development").await;
    let runs = server.all_runs(&key).await;
    assert_eq!(runs.len(), executions.len(), "every executed key has its run once");
    for run in &runs {
        let log = by_id[run["source_event_id"].as_str().unwrap()];
        assert_eq!(log["idempotency_key"], format!("key-{}", run["data"]["n"]));
    }
}
