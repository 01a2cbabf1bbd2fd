//! Notes about the targets of environments that do not run.

use inlet_core::time;
use inlet_engine::Engine;
use inlet_store::{OpenDeliveries, TargetRecord, TargetState};

use crate::error::ApiError;

/// The targets of all environments, and what waits for them.
pub struct Targets {
    records: Vec<TargetRecord>,
    open: Vec<OpenDeliveries>,
}

impl Targets {
    /// Reads them.
    pub async fn read(engine: &Engine) -> Result<Self, ApiError> {
        Ok(Self { records: engine.store.targets().await?, open: engine.store.open_deliveries().await? })
    }

    /// Returns a note about each target of an environment that does not run.
    pub fn notes_of(&self, slug: &str, environment_id: i64) -> impl Iterator<Item = String> {
        let of_environment = self.records.iter().filter(move |target| target.environment_id == environment_id);
        of_environment.filter_map(move |target| note(slug, target, self.waiting(target)))
    }

    fn waiting(&self, target: &TargetRecord) -> u64 {
        self.open.iter().find(|open| open.target_id == target.id).map_or(0, |open| open.count)
    }
}

fn note(slug: &str, target: &TargetRecord, waiting: u64) -> Option<String> {
    let call = match target.state {
        TargetState::Running => return None,
        TargetState::Paused => "resume",
        TargetState::Disabled => "enable",
    };
    let (key, state, since) = (&target.key, target.state.as_str(), time::write_ms(target.state_since_ms));
    let reason = target.state_reason.as_deref().map_or_else(String::new, |reason| format!(" ({reason})"));
    Some(format!(
        "in {slug} the target {key:?} is {state} since {since}{reason}; {waiting} deliveries wait for it; let it run again with \
         POST /v1/targets/{key}/{call}"
    ))
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

    #[test]
    fn a_target_that_does_not_run_is_noted() {
        assert_eq!(note("eu", &target(TargetState::Running, None), 3), None);
        insta::assert_snapshot!(note("eu", &target(TargetState::Paused, None), 3).unwrap(), @r#"in eu the target "crm" is paused since 1970-01-01T00:00:00.000Z; 3 deliveries wait for it; let it run again with POST /v1/targets/crm/resume"#);
        insta::assert_snapshot!(note("eu", &target(TargetState::Disabled, Some("it answered 410")), 0).unwrap(), @r#"in eu the target "crm" is disabled since 1970-01-01T00:00:00.000Z (it answered 410); 0 deliveries wait for it; let it run again with POST /v1/targets/crm/enable"#);
    }
}
