//! Requests that are refused, as fast as they are answered.

use std::{sync::Arc, time::Duration};

use super::{Attack, Source, sender::Victim};

/// The attacks of this file.
pub const ATTACKS: [Attack; 2] = [
    Attack {
        key: "flood-401",
        what: "bodies of 1 MB without a signature, as fast as they are refused",
        source: Source::Signed,
        connections: 32,
        run: |victim, _| {
            let request = victim.request("", &vec![b'0'; 1_000_000]);
            Box::pin(flood(victim, request))
        },
        ..Attack::DEFAULT
    },
    Attack {
        key: "flood-404",
        what: "unknown tokens, as fast as they are refused",
        connections: 64,
        run: |mut victim, index| {
            victim.path = format!("/integrations/receive/{index:032x}");
            let request = victim.request("", b"{}");
            Box::pin(flood(victim, request))
        },
        ..Attack::DEFAULT
    },
];

async fn flood(victim: Victim, request: Vec<u8>) {
    let request: Arc<[u8]> = request.into();
    loop {
        if let Ok(mut sender) = victim.connect().await {
            while sender.exchange(&request).await.is_ok() {}
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
