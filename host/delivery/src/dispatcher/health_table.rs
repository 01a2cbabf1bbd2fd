//! The health of targets, for whoever tells operators about it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use inlet_core::operational::TargetHealth;

use super::{target_runtime::TargetRuntime, work::now_ms};
use crate::{pace::Signal, verdict::Verdict};

/// The health of the targets that were sent to since the process started. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct TargetHealths(Arc<Mutex<HashMap<i64, TargetHealth>>>);

impl TargetHealths {
    /// Returns the health of a target; none if nothing is known of it yet.
    pub fn get(&self, target: i64) -> Option<TargetHealth> {
        self.table().get(&target).copied()
    }

    /// Notes what an attempt says about a target, after its breaker was told.
    pub(super) fn note(&self, target: &TargetRuntime, verdict: &Verdict, status: Option<u16>, signal: Option<Signal>) {
        let works = match verdict {
            Verdict::Delivered { .. } => true,
            Verdict::Dead { .. } => status.is_some(),
            _ => false,
        };
        let now_ms = now_ms();
        let mut table = self.table();
        if works {
            table.insert(target.record.id, TargetHealth::Works { at_ms: now_ms });
        } else if let Some(failures) = target.breaker.failures_if_open() {
            let (since_ms, percent, told_ms) = match table.get(&target.record.id) {
                Some(TargetHealth::Fails { since_ms, percent, told_ms, .. }) => (*since_ms, *percent, *told_ms),
                _ => (now_ms, 0, now_ms),
            };
            let (percent, told_ms) = match signal {
                Some(Signal::Failing { percent }) => (percent, now_ms),
                _ => (percent, told_ms),
            };
            table.insert(target.record.id, TargetHealth::Fails { since_ms, failures, percent, told_ms });
        }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<i64, TargetHealth>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
