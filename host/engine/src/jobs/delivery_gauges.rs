//! The metrics of deliveries that are open, and of targets that do not run.

use std::collections::{HashMap, HashSet};

use inlet_store::{OpenDeliveries, ReadError, TargetRecord, TargetState};
use metrics::gauge;

use crate::Engine;

/// Sets `inlet_deliveries_open`, `inlet_deliveries_oldest_age_seconds` and `inlet_target_stopped`. Remembers the labels that
/// it set, so that those of deleted targets go to zero.
#[derive(Default)]
pub(super) struct DeliveryGauges {
    set: HashSet<Labels>,
}

/// The environment and the key of a target.
type Labels = (String, String);

impl DeliveryGauges {
    /// Counts the deliveries and sets the gauges.
    pub(super) async fn set(&mut self, engine: &Engine) -> Result<(), ReadError> {
        let targets = engine.store.targets().await?;
        if targets.is_empty() && self.set.is_empty() {
            return Ok(());
        }
        let open = engine.store.open_deliveries().await?;
        let open: HashMap<i64, &OpenDeliveries> = open.iter().map(|open| (open.target_id, open)).collect();
        let snapshot = engine.snapshot();
        let slugs: HashMap<i64, &str> =
            snapshot.environments.iter().map(|environment| (environment.id, environment.slug.as_str())).collect();
        let now_ms = engine.store.clock().now_ms();
        let mut gone = std::mem::take(&mut self.set);
        for target in targets {
            let Some(slug) = slugs.get(&target.environment_id) else { continue };
            let labels = ((*slug).to_owned(), target.key.clone());
            let (count, age_ms) = open.get(&target.id).map_or((0, 0), |open| (open.count, now_ms - open.oldest_ms));
            set(&labels, count, age_ms, is_stopped(&target));
            gone.remove(&labels);
            self.set.insert(labels);
        }
        for labels in &gone {
            set(labels, 0, 0, false);
        }
        Ok(())
    }
}

fn is_stopped(target: &TargetRecord) -> bool {
    target.state != TargetState::Running
}

fn set((environment, target): &Labels, count: u64, age_ms: i64, is_stopped: bool) {
    let labels = [("environment", environment.clone()), ("target", target.clone())];
    gauge!("inlet_deliveries_open", &labels).set(count as f64);
    gauge!("inlet_deliveries_oldest_age_seconds", &labels).set(age_ms.max(0) as f64 / 1000.0);
    gauge!("inlet_target_stopped", &labels).set(f64::from(u8::from(is_stopped)));
}
