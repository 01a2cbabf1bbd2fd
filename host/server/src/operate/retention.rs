//! Retention: what is older than its environment keeps is pruned, in slices small enough that ingestion never waits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::app::App;

/// How often retention is looked at.
const EVERY: Duration = Duration::from_secs(60);
/// Rows in one slice.
const SLICE: u32 = 500;
/// The pause between two slices, for the requests that wait meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Prunes for ever.
pub async fn run(app: App) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        if let Err(error) = prune(&app).await {
            tracing::warn!(%error, "retention could not prune; it tries again");
        }
    }
}

async fn prune(app: &App) -> anyhow::Result<()> {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
    for environment in app.store.environments().await? {
        let cutoff_ms = now_ms.saturating_sub(environment.retention_days.saturating_mul(DAY_MS));
        let mut pruned = 0;
        loop {
            let slice = app.store.prune(environment.id, cutoff_ms, SLICE).await?;
            let rows = slice.events + slice.runs + slice.refused + slice.kept;
            pruned += rows;
            if rows == 0 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if pruned > 0 {
            tracing::info!(environment = environment.slug, rows = pruned, "pruned what is past its retention");
        }
    }
    let forgotten = app.store.forget_expired_secrets(now_ms).await?;
    if forgotten > 0 {
        tracing::info!(secrets = forgotten, "forgot replaced secrets and endpoints whose overlap is over");
    }
    // One walk over all records: they are looked at in slices, because no index tells which have expired.
    while !app.store.prune_idempotency(now_ms, SLICE).await?.complete {
        tokio::time::sleep(PAUSE).await;
    }
    while !app.store.prune_nonces(now_ms, SLICE).await?.complete {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
