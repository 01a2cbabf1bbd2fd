//! The check that the store takes webhooks. Its result is kept for a second, so that probes cost at most one write a second.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_engine::Engine;
use tokio::sync::Mutex;

/// The time for which an answer is good.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The readiness of the server. Clones share the last answer.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Option<Known>>>);

struct Known {
    at: Instant,
    problem: Option<String>,
}

impl Readiness {
    /// Returns the reason why webhooks cannot be stored now, if there is one.
    pub async fn problem(&self, engine: &Engine) -> Option<String> {
        // Whoever asks meanwhile waits for the one answer.
        let mut known = self.0.lock().await;
        match &*known {
            Some(known) if known.at.elapsed() < GOOD_FOR => known.problem.clone(),
            _ => {
                let problem = engine.store.check().await.err().map(|error| error.to_string());
                *known = Some(Known { at: Instant::now(), problem: problem.clone() });
                problem
            }
        }
    }
}
