//! `GET /v1/audiences`

use axum::{Json, extract::State};
use inlet_api_types::recipients::audiences::{Audience, AudienceList};
use inlet_engine::Engine;

use crate::{auth::EnvironmentReader, error::ApiError, recipients::MAX_NAMES};

/// Lists the audiences of an environment that have members, by key.
#[utoipa::path(
    get,
    path = "/v1/audiences",
    operation_id = "listAudiences",
    tag = "audiences",
    params(
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((status = 200, description = "The audiences", body = AudienceList)),
)]
pub async fn list_audiences(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
) -> Result<Json<AudienceList>, ApiError> {
    let found = engine.store.audiences(reader.environment_id, MAX_NAMES).await?;
    let entries = found.names.into_iter().map(|key| Audience { key }).collect();
    Ok(Json(AudienceList { entries, complete: !found.has_more }))
}
