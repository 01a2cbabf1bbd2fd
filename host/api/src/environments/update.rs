//! `PATCH /v1/environments/{slug}`

use axum::{Json, extract::State};
use inlet_engine::Engine;

use super::{
    asked::{UpdateEnvironment, read_change},
    find,
    shown::ShownEnvironment,
};
use crate::{auth::Operator, body::JsonBody, error::ApiError, path::Name};

/// Changes an environment: what is absent stays. A shorter retention is carried out in the background, beginning now.
#[utoipa::path(
    patch,
    path = "/v1/environments/{slug}",
    operation_id = "updateEnvironment",
    tag = "environments",
    params(("slug" = String, Path, description = "The environment")),
    request_body = UpdateEnvironment,
    responses((status = 200, description = "The environment as it is now", body = ShownEnvironment)),
    security(("management_token" = [])),
)]
pub async fn update_environment(
    operator: Operator,
    State(engine): State<Engine>,
    Name(slug): Name,
    body: JsonBody,
) -> Result<Json<ShownEnvironment>, ApiError> {
    let shown = engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            let environment = find(&snapshot, &slug)?;
            let present = environment.settings();
            let settings = read_change(&body, &slug, present.clone())?;
            if settings != present {
                change.update_environment(environment, settings).await?;
                tracing::info!(environment = slug, by = operator.name(), "an environment was changed");
            }
            // Also when nothing changes: who asks for a retention wants to see it carried out.
            change.engine().retention_changed.notify_one();
            Ok::<_, ApiError>(ShownEnvironment::of(find(&change.snapshot(), &slug)?))
        })
        .await?;
    Ok(Json(shown))
}
