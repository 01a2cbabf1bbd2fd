//! Writes down when credentials were last used, once a minute.

use std::time::Duration;

use crate::Engine;

/// How often it is written down.
const EVERY: Duration = Duration::from_secs(60);

/// Writes down for ever.
pub async fn run(engine: Engine) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        write(&engine).await;
    }
}

/// Writes down what is not written down yet. A failure loses nothing but precision.
pub async fn write(engine: &Engine) {
    let used = engine.last_used.take();
    if used.is_empty() {
        return;
    }
    if let Err(error) = engine.store.credentials_used(used).await {
        tracing::warn!(%error, "when tokens and keys were last used was not written down");
    }
}
