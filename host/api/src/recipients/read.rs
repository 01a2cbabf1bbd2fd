//! Reading one recipient.

use axum::response::Response;
use inlet_engine::Engine;
use inlet_store::RecipientRecord;
use serde::Serialize;

use crate::{answer_memory::AnswerMemory, error::ApiError};

/// Answers with a recipient as it is stored now. `missing` is the error for one that is not there.
pub async fn read_back<T: Serialize>(
    engine: &Engine,
    environment_id: i64,
    collection: &str,
    id: &str,
    response: impl FnOnce(&RecipientRecord) -> T,
    missing: impl FnOnce(&str) -> ApiError,
) -> Result<Response, ApiError> {
    let memory = AnswerMemory::new(engine);
    let found = engine.store.recipient(environment_id, collection, id, &memory).await?;
    match found.ok_or_else(AnswerMemory::exhausted)? {
        Some(record) => memory.answer(response(&record)),
        None => Err(missing(id)),
    }
}
