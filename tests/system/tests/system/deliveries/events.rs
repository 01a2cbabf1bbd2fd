//! The target `events`: the runs of one Inlet become events of another.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use inlet_system_tests::Server;
use serde_json::json;

use super::Deliveries;

/// An event with numbers that a 64-bit float would change.
const ORDER: &str = r#"{"type":"track","event":"Order Completed","userId":"u_1","messageId":"m-1","properties":{"total":39.50,"number":9007199254740993,"to":[{"id":"u_1","email":"ana@example.com","points":9007199254740993,"$trigger_data":{"discount":1.10}},{"collection":"teams","id":"t1","name":"T"}]}}"#;

/// Starts a relay to an address. It loses the answer to the first request, and passes on all others.
fn lossy_relay(to: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (number, client) in listener.incoming().flatten().enumerate() {
            let server = TcpStream::connect(&to).unwrap();
            let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || copy(from_client, to_server));
            match number {
                0 => {
                    // What is answered is committed.
                    let mut first = [0; 1024];
                    let read = (&server).read(&mut first).unwrap();
                    assert!(first[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&first[..read]));
                    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
                }
                _ => drop(thread::spawn(move || copy(server, client))),
            }
        }
    });
    url
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[tokio::test]
async fn a_run_is_executed_by_another_inlet_with_every_digit_and_once() {
    let other = Server::start().await;
    let mappings = json!([{
        "event_type": "order-confirmation", "action_type": "workflows_trigger",
        "action_parameters": {"key": "reward", "data": "data"},
    }]);
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true, "write_key": "w-1"});
    let endpoint = other.source("upstream", "segment", settings, mappings).await;

    let deliveries = Deliveries::start().await;
    let relay = lossy_relay(other.base.trim_start_matches("http://").to_owned());
    let target = json!({"kind": "events", "url": format!("{relay}{}", endpoint.path()), "write_key": "w-1"});
    let (status, answer) = deliveries.put_target("other", target).await;
    assert_eq!(status, 200, "{answer}");
    deliveries.endpoint.expect(ORDER, &["executed"]).await;
    let delivery = deliveries.wait("delivered", 1).await.remove(0);
    assert_eq!(delivery["attempts"], 2, "the answer to the first was lost: {delivery}");

    let key = other.api_key("development").await;
    let runs = other.all_runs(&key).await;
    assert_eq!(runs.len(), 2, "one for each recipient, and the second request adds none: {runs:?}");
    let texts: Vec<String> = {
        let mut texts = Vec::new();
        for run in &runs {
            let path = format!("/v1/workflow_runs/{}", run["id"].as_str().unwrap());
            texts.push(
                other.request_with(&key, reqwest::Method::GET, &path).send().await.unwrap().text().await.unwrap(),
            );
        }
        texts
    };
    for text in &texts {
        assert!(text.contains(r#""total":39.50,"number":9007199254740993"#), "{text}");
    }
    assert!(texts.iter().any(|text| text.contains(r#""discount":1.10"#)), "{texts:?}");
    let user = other.user_text("u_1").await.unwrap();
    assert!(user.contains(r#""points":9007199254740993"#) && user.contains(r#""email":"ana@example.com""#), "{user}");
    assert!(other.user_text("teams:t1").await.unwrap().contains(r#""name":"T""#));

    let logs = other.logs("upstream").await;
    let outcomes: Vec<_> = logs.iter().rev().map(|log| log["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, [&["executed"; 4][..], &["replayed"; 4]].concat(), "{logs:?}");
    let keys = |range: std::ops::Range<usize>| {
        logs[range].iter().map(|log| log["idempotency_key"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(keys(0..4), keys(4..8));
    assert!(!format!("{logs:?}{:?}", deliveries.list("").await).contains("w-1"));
}

#[tokio::test]
async fn a_wrong_write_key_pauses_the_target_until_it_is_right() {
    let other = Server::start().await;
    let endpoint = other.source("upstream", "segment", json!({"write_key": "w-1"}), json!([])).await;
    let deliveries = Deliveries::start().await;
    let target = json!({"kind": "events", "url": endpoint.url, "write_key": "w-2"});
    assert_eq!(deliveries.put_target("other", target).await.0, 200);
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let target = deliveries.target_in("other", "paused").await;
    assert!(target["state_reason"].as_str().unwrap().contains("credentials"), "{target}");
    assert_eq!(other.logs("upstream").await.len(), 0);
    assert_eq!(deliveries.put_target("other", json!({"write_key": "w-1"})).await.0, 200);
    assert_eq!(deliveries.post("/v1/targets/other/resume", json!({})).await.0, 200);
    deliveries.wait("delivered", 1).await;
    assert_eq!(other.logs("upstream").await.len(), 2, "one identifies, one tracks");
}
