//! Targets of environments: where runs are delivered to.
//!
//! They are read from the store, not from the snapshot: the dispatcher changes their states too.

pub mod delete;
pub mod get;
pub mod list;
pub mod mapping_targets;
pub mod put;
pub mod response;
pub mod secrets;
pub mod settings;
pub mod state;
pub mod test;
pub mod unknown_workflows;
pub mod workflows;

use inlet_engine::Engine;
use inlet_store::{Environment, TargetRecord};

use super::error::ApiError;

/// Returns the targets of an environment, by key.
pub async fn targets_of(engine: &Engine, environment: &Environment) -> Result<Vec<TargetRecord>, ApiError> {
    let mut all = engine.store.targets().await?;
    all.retain(|target| target.environment_id == environment.id);
    Ok(all)
}

/// Finds a target of an environment.
async fn find(engine: &Engine, environment: &Environment, key: &str) -> Result<TargetRecord, ApiError> {
    let all = targets_of(engine, environment).await?;
    all.into_iter().find(|target| target.key == key).ok_or_else(|| {
        let slug = &environment.slug;
        ApiError::not_found(format!(
            "there is no target {key:?} in {slug:?}; GET /v1/targets?environment={slug} lists those there are"
        ))
    })
}
