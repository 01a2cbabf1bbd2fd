//! Small bodies with more items than the server takes. What a request causes must not be held against the plugin: other
//! senders of the same source are the victims.

use std::time::Duration;

use super::{Attack, Other, Source, sender::Victim};

/// More than the source environment's limit, in 50 KB.
const ITEMS: usize = 25_000;

/// The attacks of this file.
pub const ATTACKS: [Attack; 2] = [
    Attack {
        key: "items",
        what: "25,000 items in 50 KB, six a second; the other is a sender of the same source",
        source: Source::Executed,
        other: Other::SameSource,
        time: Duration::from_secs(16),
        run: |victim, _| Box::pin(send(victim, Duration::from_millis(167))),
        ..Attack::DEFAULT
    },
    Attack {
        key: "items-flood",
        what: "25,000 items in 50 KB, a flood; the other is a sender of the same source",
        source: Source::Executed,
        other: Other::SameSource,
        time: Duration::from_secs(14),
        connections: 8,
        run: |victim, _| Box::pin(send(victim, Duration::ZERO)),
    },
];

async fn send(victim: Victim, pause: Duration) {
    let request = victim.request("", format!("[{}]", vec!["0"; ITEMS].join(",")).as_bytes());
    loop {
        if let Ok(mut sender) = victim.connect().await {
            while sender.exchange(&request).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
