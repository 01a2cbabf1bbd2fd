//! Hostile and unlucky senders: one source is attacked, and a source in another environment must not notice.
//!
//! `make attack` carries out more and larger ones against a release build, and prints what they cost.

mod gzip_bombs;
mod many_items;
mod one_keys_calls;
mod one_senders_batches;
mod overload;
mod slow_bodies;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use inlet_system_tests::{Server, ServerOptions, raw_http, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// The bodies that the attacked servers may hold, in bytes: smaller than the default, so that an attack is short.
const IN_FLIGHT: u64 = 64 << 20;
/// The memory that everything but bodies may need above the memory at rest, in bytes.
const BESIDES: u64 = 150_000_000;
/// The time in which the other source must be answered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts a server that may hold few bodies.
async fn start() -> Server {
    start_with(ServerOptions::default()).await
}

async fn start_with(options: ServerOptions) -> Server {
    let server = Server::start_with(options.env("INLET_MAX_IN_FLIGHT_BYTES", IN_FLIGHT.to_string())).await;
    server.forget_memory_peak();
    server
}

/// Checks that the memory stayed within its bounds. `rest` is the memory before the attack, in bytes.
fn assert_memory_is_bounded(server: &Server, rest: u64) {
    let used = server.memory_peak().saturating_sub(rest);
    let most = IN_FLIGHT + BESIDES;
    assert!(used <= most, "the attack took {} MB, and may take {} MB", used / 1_000_000, most / 1_000_000);
}

/// Another source, in another environment, that gets an event ten times a second.
struct OtherSource {
    is_over: Arc<AtomicBool>,
    sending: JoinHandle<Vec<String>>,
}

impl OtherSource {
    async fn start(server: &Server) -> Self {
        let source = json!({
            "name": "other", "preconfigured_provider": "segment",
            "environment_settings": {"production": {"settings": {}, "mappings": []}},
        });
        let (status, answer) = server.try_put_source("other", "production", source).await;
        assert_eq!(status, 200, "{answer}");
        let endpoint = server.endpoint_of(&answer["source"], "production");
        let is_over = Arc::new(AtomicBool::new(false));
        let until = is_over.clone();
        let sending = tokio::spawn(async move {
            let mut ids = Vec::new();
            while !until.load(Ordering::Relaxed) {
                let event = track("E", "u", &format!("other-{}", ids.len()), json!({}));
                let start = Instant::now();
                let response = endpoint.post(event).timeout(PATIENCE).send().await;
                let response = response.unwrap_or_else(|error| {
                    panic!("the other source's request {} had no answer in {:?}: {error}", ids.len(), start.elapsed())
                });
                assert_eq!(response.status(), 200, "the other source's request {}", ids.len());
                ids.push(read_json(response).await["events"][0]["id"].as_str().unwrap().to_owned());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            ids
        });
        Self { is_over, sending }
    }

    /// Waits while the attack lasts. Ends early if the other source was not answered.
    async fn attacked_for(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.sending.is_finished() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Checks that every request was answered 200, and that its event is stored.
    async fn assert_unaffected(self, server: &Server) {
        self.is_over.store(true, Ordering::Relaxed);
        let ids = self.sending.await.unwrap();
        assert!(ids.len() > 2, "only {} requests in the whole attack", ids.len());
        for id in [ids.first(), ids.last()].into_iter().flatten() {
            let page = get_again(server, &format!("/v1/sources/other/logs?environment=production&id={id}")).await;
            assert_eq!(page["entries"].as_array().unwrap().len(), 1, "{id} was answered 200");
        }
    }
}

/// GETs a path of the management API as a client does: a server without a processor to spare may say that it cannot read now.
async fn get_again(server: &Server, path: &str) -> Value {
    for _ in 0..30 {
        let response = server.manage(Method::GET, path).send().await.unwrap();
        let status = response.status();
        let answer = read_json(response).await;
        if status != 503 {
            assert_eq!(status, 200, "{path}: {answer}");
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{path}: 503 again and again")
}

/// Checks that a 503 says when to come again.
fn assert_says_when(answer: &str) {
    assert_eq!(raw_http::status(answer), 503, "{answer}");
    let seconds = raw_http::header(answer, "retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    assert!(seconds.is_some(), "a 503 without Retry-After: {answer}");
}

/// Returns the answer's body.
fn json_of(answer: &str) -> Value {
    serde_json::from_str(raw_http::body(answer)).unwrap_or_else(|error| panic!("{error}: {answer}"))
}
