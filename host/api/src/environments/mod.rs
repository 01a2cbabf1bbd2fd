//! Environments and their API keys.

pub mod create;
pub mod create_api_key;
pub mod delete;
pub mod delete_api_key;
pub mod list;
pub mod list_api_keys;
pub mod request;
pub mod response;
pub mod update;

use inlet_engine::snapshot::Snapshot;
use inlet_store::Environment;

use super::error::ApiError;

/// Finds an environment by its slug.
fn find<'a>(snapshot: &'a Snapshot, slug: &str) -> Result<&'a Environment, ApiError> {
    snapshot.environment(slug).ok_or_else(|| {
        ApiError::not_found(format!("there is no environment {slug:?}; GET /v1/environments lists those there are"))
    })
}
