//! Connections that announce 32 MiB and send a byte a second.

use std::time::Duration;

use inlet_system_tests::{ServerOptions, raw_http};
use serde_json::json;

use super::{OtherSource, assert_memory_is_bounded, start_with};

const CONNECTIONS: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_bodies_lock_nobody_out_and_are_given_up() {
    let server = start_with(ServerOptions::default().env("INLET_BODY_TIMEOUT_SECONDS", "3")).await;
    let endpoint = server.source("slow", "segment", json!({}), json!([])).await;
    let rest = server.resident_memory();
    let head = format!("POST {} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n ", endpoint.path(), 32 << 20);
    let mut slow = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = raw_http::Connection::open(&server.base).await.unwrap();
        assert!(connection.send(head.as_bytes()).await);
        slow.push(tokio::spawn(async move {
            // No pause is as long as the longest that is allowed. The rate is what is too small.
            for _ in 0..15 {
                if let Some(answer) = connection.answer(Duration::from_secs(1)).await {
                    return Some(answer);
                }
                if !connection.send(b" ").await {
                    return connection.answer(Duration::from_secs(1)).await;
                }
            }
            None
        }));
    }
    let other = OtherSource::start(&server).await;
    other.attacked_for(Duration::from_secs(4)).await;
    other.assert_unaffected(&server).await;
    assert_memory_is_bounded(&server, rest);
    for connection in slow {
        let answer = connection.await.unwrap().expect("a body at a byte a second was awaited for 15 s");
        assert_eq!(raw_http::status(&answer), 408, "{answer}");
    }
}
