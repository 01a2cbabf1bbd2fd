//! Workflow runs, created by the action `workflows_trigger`.

pub mod cancel;
pub mod get;
pub mod list;
pub mod recipients;
pub mod response;

use inlet_core::Uuid;

use super::error::ApiError;

/// Reads the run id of a path.
fn read_id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| missing(text))
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("there is no workflow run {id:?} in this environment"))
}
