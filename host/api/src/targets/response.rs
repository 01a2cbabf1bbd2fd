//! Responses about targets.

use inlet_api_types::targets::{Target, TargetState};
use inlet_core::{json, time};
use inlet_engine::Engine;
use inlet_store::{OpenDeliveries, TargetRecord};

use super::secrets;
use crate::{error::ApiError, stored_json::stored_json};

/// Returns a target without its secrets. `open` are the open deliveries of all targets.
pub async fn target(engine: &Engine, record: TargetRecord, open: &[OpenDeliveries]) -> Result<Target, ApiError> {
    let stored = match record.has_secrets {
        true => engine.store.target_secrets(record.id).await?,
        false => None,
    };
    let open = open.iter().find(|open| open.target_id == record.id);
    let member = |name| json::member(&record.settings, name);
    Ok(Target {
        url: member("url").map(stored_json),
        options: stored_json(member("options").unwrap_or("{}")),
        workflows: record.routing.workflows.map(|keys| keys.into_iter().map(String::from).collect()),
        secrets: stored.map_or_else(Vec::new, |stored| secrets::shown(&stored)),
        active: record.state == inlet_store::TargetState::Running,
        state: state(record.state),
        state_reason: record.state_reason,
        state_since: time::write_ms(record.state_since_ms),
        open_deliveries: open.map_or(0, |open| open.count),
        oldest_open_delivery_at: open.map(|open| time::write_ms(open.oldest_ms)),
        inserted_at: time::write_ms(record.created_at_ms),
        updated_at: time::write_ms(record.updated_at_ms),
        key: record.key,
        kind: record.kind,
    })
}

fn state(state: inlet_store::TargetState) -> TargetState {
    match state {
        inlet_store::TargetState::Running => TargetState::Running,
        inlet_store::TargetState::Paused => TargetState::Paused,
        inlet_store::TargetState::Disabled => TargetState::Disabled,
    }
}
