//! A body of 31 MiB in 32 KB, sent without the secret by senders that hang up before they are refused.

use std::{io::Write as _, sync::Arc, time::Duration};

use inlet_system_tests::{SEGMENT_SECRET, raw_http};
use serde_json::json;

use super::{OtherSource, assert_memory_is_bounded, start};

const SENDERS: u64 = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gzip_bombs_of_senders_that_hang_up_stay_within_the_memory_bounds() {
    let server = start().await;
    let settings = json!({"enforce_verification": true, "signing_secret": SEGMENT_SECRET});
    let endpoint = server.source("signed", "segment", settings, json!([])).await;
    let other = OtherSource::start(&server).await;
    let rest = server.resident_memory();
    let request: Arc<[u8]> = raw_http::post(endpoint.path(), "content-encoding: gzip\r\n", &bomb()).into();
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (base, request) = (server.base.clone(), request.clone());
            tokio::spawn(async move {
                for round in sender.. {
                    if let Some(mut connection) = raw_http::Connection::open(&base).await
                        && connection.send(&request).await
                    {
                        // Some hang up while the body is inflated, some while the refusal is written.
                        connection.answer(Duration::from_millis(50 + round * 131 % 1500)).await;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        })
        .collect();
    other.attacked_for(Duration::from_secs(8)).await;
    senders.iter().for_each(tokio::task::JoinHandle::abort);
    assert_memory_is_bounded(&server, rest);
    other.assert_unaffected(&server).await;
    // Who has the right to send is served afterwards.
    let event = br#"{"type":"track","event":"E","userId":"u"}"#;
    let request =
        endpoint.post(event.as_slice()).header("x-signature", inlet_system_tests::hmac_sha1(SEGMENT_SECRET, event));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

/// Returns 31 MiB of JSON, compressed to 32 KB.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(br#"{"type":"track","event":"E","userId":"u","properties":{"pad":""#).unwrap();
    encoder.write_all(&vec![b'0'; 31 << 20]).unwrap();
    encoder.write_all(br#""}}"#).unwrap();
    encoder.finish().unwrap()
}
