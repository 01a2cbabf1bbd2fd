//! Requests that are legal and unusual: heads without bodies, large heads, pipelines, tiny chunks, `Expect`.

use std::time::Duration;

use super::{Attack, sender::Victim};
use crate::template::one_event;

/// Number of requests that a pipeline holds.
const PIPELINE: usize = 200;

/// The attacks of this file.
pub const ATTACKS: [Attack; 5] = [
    Attack {
        key: "heads",
        what: "2,000 connections send a head and no body",
        connections: 2000,
        run: |victim, _| {
            let head = victim.head("content-length: 1000\r\n");
            Box::pin(stop_after(victim, head))
        },
        ..Attack::DEFAULT
    },
    Attack {
        key: "large-heads",
        what: "256 connections send heads of 200 KB",
        connections: 256,
        run: |victim, _| {
            let fields: String = (0..50).map(|n| format!("x-{n}: {}\r\n", "h".repeat(4000))).collect();
            let request = victim.request(&fields, b"{}");
            Box::pin(repeat(victim, request, 1))
        },
        ..Attack::DEFAULT
    },
    Attack {
        key: "pipelines",
        what: "64 connections send 200 requests at once, again and again",
        connections: 64,
        run: |victim, _| {
            let request = victim.request("", one_event().as_bytes()).repeat(PIPELINE);
            Box::pin(repeat(victim, request, PIPELINE))
        },
        ..Attack::DEFAULT
    },
    Attack {
        key: "chunks",
        what: "64 connections send bodies of 100 KB in chunks of one byte",
        connections: 64,
        run: |victim, _| {
            let mut request = victim.head("transfer-encoding: chunked\r\n");
            request.extend_from_slice(&b"1\r\n \r\n".repeat(100_000));
            request.extend_from_slice(b"0\r\n\r\n");
            Box::pin(repeat(victim, request, 1))
        },
        ..Attack::DEFAULT
    },
    Attack {
        key: "expect",
        what: "1,000 connections expect 100-continue for 32 MiB and send nothing",
        connections: 1000,
        run: |victim, _| {
            let head = victim.head("content-length: 33554432\r\nexpect: 100-continue\r\n");
            Box::pin(stop_after(victim, head))
        },
        ..Attack::DEFAULT
    },
];

/// Sends a part of a request, and waits for what the server does about it.
async fn stop_after(victim: Victim, part: Vec<u8>) {
    loop {
        if let Ok(mut sender) = victim.connect().await {
            let _ = sender.exchange(&part).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Sends bytes that hold this number of requests, and reads as many answers.
async fn repeat(victim: Victim, bytes: Vec<u8>, requests: usize) {
    loop {
        if let Ok(mut sender) = victim.connect().await {
            'open: while sender.send(&bytes).await.is_ok() {
                for _ in 0..requests {
                    if sender.answer().await.is_err() {
                        break 'open;
                    }
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
