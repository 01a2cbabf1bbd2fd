//! `PATCH /v1/environments/{slug}`

use axum::{Json, extract::State};
use inlet_api_types::environments::{Environment, UpdateEnvironment};
use inlet_engine::Engine;

use super::{find, request, response};
use crate::{auth::Operator, body::Body, error::ApiError, path::Name};

/// Changes an environment. Absent members stay as they are. A shorter retention takes effect in the background at once.
#[utoipa::path(
    patch,
    path = "/v1/environments/{slug}",
    operation_id = "updateEnvironment",
    tag = "environments",
    params(("slug" = String, Path, description = "The environment")),
    request_body = UpdateEnvironment,
    responses((status = 200, description = "The environment as it is now", body = Environment)),
)]
pub async fn update_environment(
    operator: Operator,
    State(engine): State<Engine>,
    Name(slug): Name,
    Body(request): Body<UpdateEnvironment>,
) -> Result<Json<Environment>, ApiError> {
    let updated = engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            let environment = find(&snapshot, &slug)?;
            let present = environment.settings();
            let settings = request::update(request, &slug, present.clone())?;
            if settings != present {
                change.update_environment(environment, settings).await?;
                tracing::info!(environment = slug, by = operator.name(), "an environment was changed");
            }
            // Retention runs even when nothing changes, so that a repeated request has the expected effect.
            change.engine().wake_retention();
            Ok::<_, ApiError>(response::environment(find(&change.snapshot(), &slug)?))
        })
        .await?;
    Ok(Json(updated))
}
