//! One sender's batches of 5,000 items, all at once.

use std::{fmt::Write as _, time::Duration};

use super::{Attack, Source, sender::Victim};

const BATCHES: usize = 600;
const ITEMS: usize = 5_000;

/// The attacks of this file.
pub const ATTACKS: [Attack; 3] = [
    Attack {
        key: "batches",
        what: "600 batches of 5,000 items at once, logged",
        connections: BATCHES,
        run: |victim, index| Box::pin(send(victim, index)),
        ..Attack::DEFAULT
    },
    Attack {
        key: "batches-executed",
        what: "600 batches of 5,000 items at once, executed",
        source: Source::Executed,
        connections: BATCHES,
        run: |victim, index| Box::pin(send(victim, index)),
        ..Attack::DEFAULT
    },
    Attack {
        key: "batches-hang-up",
        what: "600 batches of 5,000 items, hanging up and again",
        connections: BATCHES,
        run: |victim, index| Box::pin(hang_up(victim, index)),
        ..Attack::DEFAULT
    },
];

fn batch(victim: &Victim, index: usize) -> Vec<u8> {
    let mut body = String::from("[");
    for item in 0..ITEMS {
        let comma = if item == 0 { "" } else { "," };
        let _ = write!(body, r#"{comma}{{"type":"track","event":"Order Completed","userId":"{index}-{item}"}}"#);
    }
    body.push(']');
    victim.request("", body.as_bytes())
}

/// Sends one batch and waits for its answer, as long as the attack lasts.
async fn send(victim: Victim, index: usize) {
    let request = batch(&victim, index);
    if let Ok(mut sender) = victim.connect().await {
        let _ = sender.exchange(&request).await;
    }
}

async fn hang_up(victim: Victim, index: usize) {
    let request = batch(&victim, index);
    loop {
        if let Ok(mut sender) = victim.connect().await {
            let patience = Duration::from_millis(200 + (index as u64 * 37) % 800);
            let _ = tokio::time::timeout(patience, sender.exchange(&request)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
