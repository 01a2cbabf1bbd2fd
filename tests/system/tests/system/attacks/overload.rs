//! Overload: much more comes than can be stored. What is not taken is refused at once, and SIGKILL in the midst of it
//! loses nothing that was answered 200.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use inlet_system_tests::{Server, ServerOptions, raw_http, track};
use serde_json::json;

use super::{OtherSource, assert_memory_is_bounded, assert_says_when, json_of, start};

const CLIENTS: usize = 300;
/// Events in a request. Of a hundred each is named in the answer.
const EVENTS: usize = 100;
/// A request that cannot be stored in two seconds is refused. The rest is for a debug build on a busy machine.
const LATEST: Duration = Duration::from_secs(10);

/// The answers to the clients.
#[derive(Default)]
struct Answered {
    ids: Vec<String>,
    refused: usize,
    longest: Duration,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overload_is_refused_at_once_and_kill_minus_nine_loses_nothing_of_what_was_answered() {
    let mut server = start().await;
    let endpoint = server.source("busy", "segment", json!({}), json!([])).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    let answered: Arc<Mutex<Answered>> = Arc::default();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::spawn(client(server.base.clone(), endpoint.path().to_owned(), number, answered.clone())))
        .collect();
    other.attacked_for(Duration::from_secs(6)).await;
    assert_memory_is_bounded(&server, rest);
    other.assert_unaffected(&server).await;
    server.kill();
    for client in clients {
        client.await.unwrap();
    }
    let answered = std::mem::take(&mut *answered.lock().unwrap());
    assert!(!answered.ids.is_empty() && answered.refused > 0, "{} accepted, {}", answered.ids.len(), answered.refused);
    assert!(answered.longest < LATEST, "an accepted request was answered after {:?}", answered.longest);

    let (_dir, data_dir) = server.take_data_dir();
    let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    let stored = stored_ids(&server).await;
    let unique: HashSet<&String> = stored.iter().collect();
    assert_eq!(unique.len(), stored.len(), "an event is stored twice");
    let lost = answered.ids.iter().filter(|id| !unique.contains(id)).count();
    assert_eq!(lost, 0, "of {} events that were answered 200", answered.ids.len());
}

/// Sends requests, each as soon as the one before it is answered, until the server is gone.
async fn client(base: String, path: String, number: usize, answered: Arc<Mutex<Answered>>) {
    for round in 0.. {
        let events: Vec<String> =
            (0..EVENTS).map(|event| track("E", "u", &format!("{number}-{round}-{event}"), json!({}))).collect();
        let request = raw_http::post(&path, "", format!("[{}]", events.join(",")).as_bytes());
        let Some(mut connection) = raw_http::Connection::open(&base).await else { return };
        let start = Instant::now();
        connection.send(&request).await;
        let Some(answer) = connection.answer(Duration::from_secs(60)).await else { continue };
        if raw_http::status(&answer) != 200 {
            assert_says_when(&answer);
            answered.lock().unwrap().refused += 1;
            continue;
        }
        let answer = json_of(&answer);
        let mut answered = answered.lock().unwrap();
        answered.longest = answered.longest.max(start.elapsed());
        let events = answer["events"].as_array().unwrap();
        answered.ids.extend(events.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
    }
}

/// Returns the ids of all stored events.
async fn stored_ids(server: &Server) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let page = server.get(&format!("/v1/sources/busy/logs?environment=development&limit=100{after}")).await;
        let entries = page["entries"].as_array().unwrap();
        ids.extend(entries.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()));
        match page["page_info"]["after"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return ids,
        }
    }
}
