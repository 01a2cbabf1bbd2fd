//! `GET /v1/bulk_operations/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::bulk_operations::BulkOperation;
use inlet_core::Uuid;
use inlet_engine::Engine;

use super::response;
use crate::{answer_memory::AnswerMemory, auth::EnvironmentKey, error::ApiError, path::Name};

/// Shows how far a bulk operation is, and which items failed. One that has ended is kept as long as the logs.
#[utoipa::path(
    get,
    path = "/v1/bulk_operations/{id}",
    operation_id = "getBulkOperation",
    tag = "bulk operations",
    params(("id" = String, Path, description = "The bulk operation")),
    responses((status = 200, description = "The bulk operation", body = BulkOperation)),
)]
pub async fn get_bulk_operation(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Response, ApiError> {
    answer_with(&engine, &key, Uuid::try_parse(&id).map_err(|_| missing(&id))?).await
}

/// Answers with a bulk operation as it is stored now.
pub(super) async fn answer_with(engine: &Engine, key: &EnvironmentKey, id: Uuid) -> Result<Response, ApiError> {
    let memory = AnswerMemory::new(engine);
    let found = engine.store.bulk_operation(key.environment_id, id, &memory).await?;
    let record = found.ok_or_else(AnswerMemory::exhausted)?.ok_or_else(|| missing(&id.to_string()))?;
    memory.answer(response::bulk_operation(record, &engine.options.base_url))
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("there is no bulk operation {id:?} in this key's environment"))
}
