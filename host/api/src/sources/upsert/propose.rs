//! A source environment with proposed settings and mappings, which are not saved.

use std::sync::Arc;

use inlet_api_types::sources::{MappingRequest, SettingsRequest};
use inlet_engine::{
    Engine,
    snapshot::{Endpoint, Source},
};

use super::{plan::Requested, update::update_of};
use crate::error::ApiError;

/// Returns the source environment as it would be after a change by these settings and mappings, which are checked as if
/// they were saved.
pub async fn propose(
    engine: &Engine,
    source: &Source,
    endpoint: &Arc<Endpoint>,
    settings: Option<&SettingsRequest>,
    mappings: Option<&[MappingRequest]>,
) -> Result<Arc<Endpoint>, ApiError> {
    let requested = Requested { settings, mappings, field: &str::to_owned };
    let plan = requested.plan_update(endpoint, engine).await?;
    Ok(match update_of(endpoint, plan)? {
        None => endpoint.clone(),
        Some(update) => Arc::new(endpoint.with_update(&source.record, &update, &engine.limits)),
    })
}
