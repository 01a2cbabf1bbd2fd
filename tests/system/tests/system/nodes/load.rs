//! Senders who send all the time to all servers, and what must hold of what they were answered.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use inlet_system_tests::{Server, track};
use serde_json::{Value, json};

/// Clients that send at once.
const CLIENTS: usize = 12;
/// A client that is not answered sends again after it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A source that events are sent to.
struct LoadedSource {
    key: String,
    /// The path of its endpoint.
    path: String,
}

/// Senders under way.
pub struct Load {
    state: Arc<State>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    /// The base URLs of the servers.
    servers: Mutex<Vec<String>>,
    sources: Vec<LoadedSource>,
    client: reqwest::Client,
    next: AtomicUsize,
    is_over: AtomicBool,
    /// The outcomes that were answered, by event id.
    answered: Mutex<HashMap<String, String>>,
    refused: AtomicUsize,
    /// Answers that no sender should get.
    wrong: Mutex<Vec<String>>,
}

impl Load {
    /// Creates a source and begins to send to it.
    pub async fn begin(servers: &[Server]) -> Self {
        Self::begin_with(servers, &["segment"]).await
    }

    /// Creates a source of each of these plugins, which read calls of Segment, and begins to send to them.
    pub async fn begin_with(servers: &[Server], plugins: &[&str]) -> Self {
        let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
            "action_parameters": {"key": "k", "recipients": {"id": "user_id"}, "data": {"n": "data.n"}}}]);
        let mut sources = Vec::new();
        for plugin in plugins {
            let settings = json!({"enforce_idempotency": true});
            let endpoint = servers[0].source(plugin, plugin, settings, mappings.clone()).await;
            sources.push(LoadedSource { key: (*plugin).to_owned(), path: endpoint.path().to_owned() });
        }
        let client =
            reqwest::Client::builder().timeout(TIMEOUT).connect_timeout(Duration::from_secs(5)).build().unwrap();
        let state = Arc::new(State { sources, client, ..State::default() });
        let load = Self { state, clients: Vec::new() };
        load.sends_to(servers);
        for (server, source) in servers.iter().flat_map(|server| load.state.sources.iter().map(move |it| (server, it)))
        {
            let url = format!("{}{}", server.base, source.path);
            let knows = async || load.state.client.post(&url).body("{}").send().await.unwrap().status() != 404;
            super::until("every server knows the source", knows).await;
        }
        let clients = (0..CLIENTS).map(|_| tokio::spawn(send(load.state.clone()))).collect();
        Self { clients, ..load }
    }

    /// Sends to these servers from now on, as a load balancer does that knows which ones there are.
    pub fn sends_to(&self, servers: &[Server]) {
        *self.state.servers.lock().unwrap() = servers.iter().map(|server| server.base.clone()).collect();
    }

    /// Waits until so many more events were answered.
    pub async fn answers(&self, more: usize) {
        let answered = || self.state.answered.lock().unwrap().len();
        let wanted = answered() + more;
        super::until("events are answered", async || answered() >= wanted).await;
    }

    /// Waits until so many more requests were answered 503.
    pub async fn refusals(&self, more: usize) {
        let refused = || self.state.refused.load(Ordering::Relaxed);
        let wanted = refused() + more;
        super::until("requests are refused", async || refused() >= wanted).await;
    }

    /// Ends the senders, and checks at a server that each event that was answered is stored once, with that outcome, and that each
    /// key was executed once.
    pub async fn reconcile(self, server: &Server) {
        self.state.is_over.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
        let answered = self.state.answered.lock().unwrap().clone();
        let refused = self.state.refused.load(Ordering::Relaxed);
        assert!(self.state.wrong.lock().unwrap().is_empty(), "{:?}", self.state.wrong.lock().unwrap());
        let mut logs = Vec::new();
        for source in &self.state.sources {
            logs.extend(server.all_logs(&source.key).await.into_iter().map(|log| (source.key.as_str(), log)));
        }
        let mut by_id: HashMap<&str, &Value> = HashMap::new();
        for (_, log) in &logs {
            assert!(by_id.insert(log["id"].as_str().unwrap(), log).is_none(), "an event is logged twice");
        }
        for (id, outcome) in &answered {
            let log = by_id.get(id.as_str()).unwrap_or_else(|| panic!("{id} was answered 200 and is not in the log"));
            assert_eq!(log["outcome"], outcome.as_str());
        }
        let mut executions: HashMap<(&str, &str), usize> = HashMap::new();
        for (source, log) in logs.iter().filter(|(_, log)| log["outcome"] == "executed") {
            *executions.entry((source, log["idempotency_key"].as_str().unwrap())).or_default() += 1;
        }
        assert!(executions.values().all(|&times| times == 1), "a key was executed twice");
        let key = server.api_key("development").await;
        let runs = server.all_runs(&key).await;
        assert_eq!(runs.len(), executions.len(), "every executed key has its run once");
        println!("{} answered 200, {refused} answered 503, {} stored; lost 0, doubled 0", answered.len(), logs.len());
    }
}

/// Sends events, each key twice to a source, to one server after another.
async fn send(state: Arc<State>) {
    while !state.is_over.load(Ordering::Relaxed) {
        let n = state.next.fetch_add(1, Ordering::Relaxed);
        let servers = state.servers.lock().unwrap().clone();
        // The two events of a key go to the same source, at different servers.
        let source = &state.sources[n / 2 % state.sources.len()];
        let url = format!("{}{}", servers[n % servers.len()], source.path);
        let body = track("E", &format!("u{}", n % 50), &format!("key-{}", n / 2), json!({"n": n / 2}));
        // Whoever got no answer, or no whole one, was promised nothing.
        let Ok(response) = state.client.post(url).body(body).send().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (status, has_retry_after) = (response.status(), response.headers().contains_key("retry-after"));
        let Ok(text) = response.text().await else { continue };
        if status == 503 && has_retry_after {
            state.refused.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let event = &answer["events"][0];
        match (event["id"].as_str(), event["outcome"].as_str()) {
            (Some(id), Some(outcome)) if status == 200 => {
                state.answered.lock().unwrap().insert(id.to_owned(), outcome.to_owned());
            }
            _ => state.wrong.lock().unwrap().push(format!("{status}: {text}")),
        }
    }
}
