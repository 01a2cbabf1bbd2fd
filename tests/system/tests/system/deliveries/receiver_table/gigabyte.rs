//! Answers of a gigabyte.

use std::{io::Write as _, time::Duration};

use serde_json::json;

use super::{RawReceiver, Row, SCHEDULE, check, webhook, webhook_with_success};
use crate::deliveries::Deliveries;

const MIB: u64 = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a receiver that answers a gigabyte.
fn answering(head: &'static str) -> RawReceiver {
    RawReceiver::start(move |stream| {
        stream.write_all(head.as_bytes())?;
        let block = vec![b'x'; 64 << 10];
        (0..(1 << 30) / block.len()).try_for_each(|_| {
            if head.contains("chunked") {
                stream.write_all(format!("{:x}\r\n", block.len()).as_bytes())?;
            }
            stream.write_all(&block)?;
            if head.contains("chunked") { stream.write_all(b"\r\n") } else { Ok(()) }
        })
    })
}

#[tokio::test]
async fn a_gigabyte_is_not_kept() {
    let deliveries = Deliveries::start_with(SCHEDULE).await;
    deliveries.webhook("crm").await;
    deliveries.order("m-0", json!({"to": [{"id": "u_0"}]})).await;
    deliveries.wait("delivered", 1).await;
    deliveries.server.manage(reqwest::Method::DELETE, "/v1/targets/crm?environment=development").send().await.unwrap();

    deliveries.server.forget_memory_peak();
    let before = deliveries.server.resident_memory();
    let long = answering("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n");
    let chunked = answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    let rows = vec![
        Row::delivered("long", webhook(&long.url)),
        Row::delivered("chunked", webhook(&chunked.url)),
        Row::failed("long-success", webhook_with_success(&long.url), "the answer is longer than 64 KiB"),
    ];
    check(&deliveries, rows, PATIENCE).await;
    let grown = deliveries.server.memory_peak().saturating_sub(before);
    assert!(grown < 24 * MIB, "answers of a gigabyte took {} MiB", grown / MIB);
    for target in ["long", "chunked", "long-success"] {
        let delivery = deliveries.list(&format!("&target={target}")).await.remove(0);
        assert_eq!(delivery["last_response"]["body"].as_str().map(str::len), Some(4096), "{target}");
    }
}
