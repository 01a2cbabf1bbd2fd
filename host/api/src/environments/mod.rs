//! Environments, and the keys to them.

pub mod create;
pub mod create_api_key;
pub mod delete_api_key;
pub mod list;
pub mod list_api_keys;
pub mod request;
pub mod response;
pub mod update;

use inlet_engine::snapshot::Snapshot;
use inlet_store::Environment;

use super::error::ApiError;

/// The environment of that slug.
fn find<'a>(snapshot: &'a Snapshot, slug: &str) -> Result<&'a Environment, ApiError> {
    snapshot.environment(slug).ok_or_else(|| {
        ApiError::not_found(format!("there is no environment {slug:?}; GET /v1/environments lists those there are"))
    })
}
