//! Reports of a target's health to operators: log lines, metrics, and the target's state.

use inlet_store::{TargetRecord, TargetState};

use super::{StopTarget, target_runtime::TargetRuntime};
use crate::{pace::Signal, verdict::Verdict};

/// A target to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The state that it gets.
    pub state: TargetState,
    /// The human-readable reason.
    pub reason: String,
}

impl Stop {
    /// Returns the stop that a verdict asks for.
    pub fn of_verdict(verdict: &Verdict) -> Option<Self> {
        match verdict {
            Verdict::WrongCredentials { reason } => Some(Self { state: TargetState::Paused, reason: reason.clone() }),
            Verdict::TargetGone { reason } => Some(Self { state: TargetState::Disabled, reason: reason.clone() }),
            _ => None,
        }
    }

    /// Returns the stop of a target that has failed too long.
    pub fn of_failures() -> Self {
        let reason =
            "every delivery has failed for three days; correct the target or its receiver, and let it run again";
        Self { state: TargetState::Disabled, reason: reason.to_owned() }
    }
}

/// Logs a signal of a target's health.
pub fn log(target: &TargetRecord, signal: Signal) {
    let key = target.key.as_str();
    match signal {
        Signal::Failing { percent } => tracing::warn!(
            target = key,
            percent_of_disabling = percent,
            "every delivery to a target has failed for long; it is disabled at 100 percent"
        ),
        Signal::Disable => {
            tracing::error!(target = key, "a target is disabled: every delivery has failed for three days")
        }
        Signal::Recovered => tracing::info!(target = key, "a target works again"),
    }
}

/// Counts an attempt.
pub fn count(target: &TargetRuntime, outcome: &str, duration_ms: i64) {
    let [environment, key] = [("environment", target.environment.clone()), ("target", target.record.key.clone())];
    let labels = [environment.clone(), key.clone(), ("outcome", outcome.to_owned())];
    metrics::counter!("inlet_delivery_attempts_total", &labels).increment(1);
    metrics::histogram!("inlet_delivery_seconds", &[environment, key]).record(duration_ms as f64 / 1000.0);
}

/// Lets the state of a target be written. Returns false if that failed; its deliveries then fail again, and ask again.
pub async fn stop(stop_target: &dyn StopTarget, target: TargetRecord, stop: Stop) -> bool {
    let key = target.key.clone();
    let (state, reason) = (stop.state.as_str(), stop.reason.clone());
    tracing::error!(target = key, state, reason, "a target is stopped; its deliveries are kept");
    match stop_target.stop(target, stop).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(target = key, %error, "the state of a target cannot be written; it is tried again");
            false
        }
    }
}
