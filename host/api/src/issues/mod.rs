//! `/v1/issues`: failures grouped by cause.

pub mod change;
pub mod get;
pub mod list;
mod response;

use inlet_engine::Engine;
use inlet_store::IssueRecord;

use crate::{auth::Operator, error::ApiError, sources::lookup::parse_path_id};

/// Returns the issue with this id, if the token gives access to its environment.
async fn find(operator: &Operator, engine: &Engine, id: &str) -> Result<IssueRecord, ApiError> {
    let parsed = parse_path_id("issue", id)?;
    let found = engine.store.issue(parsed).await?.filter(|issue| operator.sees(issue.environment_id));
    found.ok_or_else(|| missing(id))
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("there is no issue {id:?}; GET /v1/issues lists those there are"))
}
