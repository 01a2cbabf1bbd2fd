//! Senders that get large answers and do not read them. An answer lists each item that was not accepted.

use std::time::Duration;

use super::{Attack, sender::Victim};

/// The items of a request. None of them is an event, so the answer has some megabytes.
const ITEMS: usize = 19_000;
/// The pause between two reads.
const PAUSE: Duration = Duration::from_secs(5);
/// Longer than the time in which the server gives up a sender that does not read.
const LONG: Duration = Duration::from_secs(40);

/// The attacks of this file.
pub const ATTACKS: [Attack; 2] = [
    Attack {
        key: "unread",
        what: "64 connections send 19,000 items and do not read the answer",
        time: LONG,
        connections: 64,
        run: |victim, _| Box::pin(send(victim, 0)),
        ..Attack::DEFAULT
    },
    Attack {
        key: "unread-trickle",
        what: "64 connections send 19,000 items and read 16 bytes of the answer every 5 s",
        time: LONG,
        connections: 64,
        run: |victim, _| Box::pin(send(victim, 16)),
        ..Attack::DEFAULT
    },
];

/// Sends a request, reads the status, and then `bytes` at a time. A connection that the server closes is opened again.
async fn send(victim: Victim, bytes: usize) {
    let request = victim.request("", format!("[{}]", vec!["0"; ITEMS].join(",")).as_bytes());
    loop {
        if let Ok(mut sender) = victim.connect_with_small_window().await
            && sender.send(&request).await.is_ok()
            && sender.status().await.is_ok()
        {
            loop {
                tokio::time::sleep(PAUSE).await;
                if bytes > 0 && !sender.read_some(bytes).await.is_ok_and(|read| read > 0) {
                    break;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
