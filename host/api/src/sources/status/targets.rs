//! Notes about the targets of environments that do not run, or for which deliveries have waited long.

use std::sync::Arc;

use inlet_core::time;
use inlet_engine::Engine;
use inlet_store::{OpenDeliveries, TargetRecord, TargetState};

use crate::error::ApiError;

/// The age from which open deliveries of a target that runs are a backlog, in milliseconds: a day.
const BACKLOG_MS: i64 = 24 * 60 * 60 * 1000;

/// The targets of all environments, and what waits for them.
pub struct Targets {
    records: Vec<TargetRecord>,
    open: Arc<Vec<OpenDeliveries>>,
    now_ms: i64,
}

impl Targets {
    /// Reads them.
    pub async fn read(engine: &Engine) -> Result<Self, ApiError> {
        let (records, open) = (engine.store.targets().await?, engine.store.open_deliveries().await?);
        Ok(Self { records, open, now_ms: engine.store.clock().now_ms() })
    }

    /// Returns a note about each target of an environment that does not run, or that has a backlog.
    pub fn notes_of(&self, slug: &str, environment_id: i64) -> impl Iterator<Item = String> {
        let of_environment = self.records.iter().filter(move |target| target.environment_id == environment_id);
        of_environment.filter_map(move |target| {
            let open = self.open.iter().find(|open| open.target_id == target.id);
            match target.state {
                TargetState::Running => backlog(slug, target, open?, self.now_ms),
                TargetState::Paused => Some(stopped(slug, target, open, "resume")),
                TargetState::Disabled => Some(stopped(slug, target, open, "enable")),
            }
        })
    }
}

fn stopped(slug: &str, target: &TargetRecord, open: Option<&OpenDeliveries>, call: &str) -> String {
    let (key, state, since) = (&target.key, target.state.as_str(), time::write_ms(target.state_since_ms));
    let reason = target.state_reason.as_deref().map_or_else(String::new, |reason| format!(" ({reason})"));
    let waiting = match open {
        None => "nothing waits for it".to_owned(),
        Some(open) => {
            format!("{} deliveries wait for it, the oldest since {}", open.count, time::write_ms(open.oldest_ms))
        }
    };
    format!(
        "in {slug} the target {key:?} is {state} since {since}{reason}; {waiting}; let it run again with \
         POST /v1/targets/{key}/{call}"
    )
}

fn backlog(slug: &str, target: &TargetRecord, open: &OpenDeliveries, now_ms: i64) -> Option<String> {
    let (key, count, oldest) = (&target.key, open.count, time::write_ms(open.oldest_ms));
    (now_ms - open.oldest_ms >= BACKLOG_MS).then(|| {
        format!(
            "in {slug} {count} deliveries wait for the target {key:?}, the oldest since {oldest}; nothing of it is deleted: \
             GET /v1/deliveries?environment={slug}&target={key} says why, and POST /v1/deliveries/discard cancels what \
             shall not be sent"
        )
    })
}

#[cfg(test)]
mod tests {
    use inlet_core::delivery::TargetRouting;
    use inlet_store::TargetHealth;

    use super::*;

    fn target(state: TargetState, reason: Option<&str>) -> TargetRecord {
        TargetRecord {
            id: 1,
            environment_id: 1,
            key: "crm".to_owned(),
            kind: "webhook".to_owned(),
            settings: "{}".to_owned(),
            routing: TargetRouting::of_chunks(1000),
            has_secrets: false,
            state,
            state_reason: reason.map(str::to_owned),
            state_since_ms: 0,
            health: TargetHealth::default(),
            version: 1,
            created_at_ms: 0,
            updated_at_ms: 0,
        }
    }

    fn notes(target: TargetRecord, open: Option<(u64, i64)>, now_ms: i64) -> Vec<String> {
        let open = open.map(|(count, oldest_ms)| OpenDeliveries { target_id: 1, count, oldest_ms });
        Targets { records: vec![target], open: Arc::new(open.into_iter().collect()), now_ms }
            .notes_of("eu", 1)
            .collect()
    }

    #[test]
    fn a_target_that_does_not_run_is_noted() {
        insta::assert_snapshot!(notes(target(TargetState::Paused, None), Some((3, 1000)), 0)[0], @r#"in eu the target "crm" is paused since 1970-01-01T00:00:00.000Z; 3 deliveries wait for it, the oldest since 1970-01-01T00:00:01.000Z; let it run again with POST /v1/targets/crm/resume"#);
        insta::assert_snapshot!(notes(target(TargetState::Disabled, Some("it answered 410")), None, 0)[0], @r#"in eu the target "crm" is disabled since 1970-01-01T00:00:00.000Z (it answered 410); nothing waits for it; let it run again with POST /v1/targets/crm/enable"#);
    }

    #[test]
    fn deliveries_that_have_waited_for_a_day_are_noted() {
        let running = || target(TargetState::Running, None);
        assert!(notes(running(), None, i64::MAX).is_empty());
        assert!(notes(running(), Some((3, 1000)), 1000 + BACKLOG_MS - 1).is_empty());
        insta::assert_snapshot!(notes(running(), Some((3, 1000)), 1000 + BACKLOG_MS)[0], @r#"in eu 3 deliveries wait for the target "crm", the oldest since 1970-01-01T00:00:01.000Z; nothing of it is deleted: GET /v1/deliveries?environment=eu&target=crm says why, and POST /v1/deliveries/discard cancels what shall not be sent"#);
    }
}
