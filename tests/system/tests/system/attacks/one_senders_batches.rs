//! One sender's batches of 1,000 items, all at once: the other source goes on, and what is not taken is refused.

use std::time::Duration;

use inlet_system_tests::raw_http;
use serde_json::json;

use super::{OtherSource, assert_memory_is_bounded, assert_says_when, json_of, start};

const BATCHES: usize = 400;
/// So many that a batch is more than a group of the writer; a build without optimisation needs a second for twice as many.
const ITEMS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_senders_batches_do_not_stall_another_source() {
    let server = start().await;
    let endpoint = server.source("batches", "segment", json!({}), json!([])).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    let sending: Vec<_> = (0..BATCHES)
        .map(|batch| {
            let (base, path) = (server.base.clone(), endpoint.path().to_owned());
            tokio::spawn(async move {
                // Small items cost the server more than their bytes.
                let items = vec![format!(r#"{{"type":"page","userId":"{batch}"}}"#); ITEMS].join(",");
                let request = raw_http::post(&path, "", format!("[{items}]").as_bytes());
                drop(items);
                let mut connection = raw_http::Connection::open(&base).await?;
                connection.send(&request).await;
                connection.answer(Duration::from_secs(60)).await
            })
        })
        .collect();
    other.attacked_for(Duration::from_secs(8)).await;
    assert_memory_is_bounded(&server, rest);
    other.assert_unaffected(&server).await;
    let mut accepted = 0;
    for answer in sending.into_iter().filter(tokio::task::JoinHandle::is_finished) {
        // A connection that was refused while it still sent may have been reset.
        let Some(answer) = answer.await.unwrap() else { continue };
        match raw_http::status(&answer) {
            200 => accepted += 1,
            _ => assert_says_when(&answer),
        }
        assert!(json_of(&answer).is_object());
    }
    assert!(accepted > 0, "an attack that nothing of was accepted proves little");
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    let logged: f64 = metrics
        .lines()
        .filter(|line| line.starts_with("inlet_events_total{") && line.contains(r#"source="batches""#))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum();
    assert!(logged >= (accepted * ITEMS) as f64, "{accepted} batches were accepted, and {logged} events are stored");
}
