//! `PATCH /v1/environments/{slug}`

use axum::{Json, extract::State};
use inlet_core::json;
use inlet_engine::{Engine, change_log};
use inlet_store::NewChange;

use super::{
    asked::{UpdateEnvironment, read_change},
    find,
    shown::ShownEnvironment,
};
use crate::{auth::Operator, body::JsonBody, change::to_its_end, error::ApiError, path::Name};

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
    let shown = to_its_end(async move {
        let _changing = engine.change().await?;
        let snapshot = engine.snapshot();
        let environment = find(&snapshot, &slug)?;
        let present = environment.settings();
        let settings = read_change(&body, &slug, present.clone())?;
        if settings != present {
            let (before, after) =
                json::difference(&change_log::environment(&present), &change_log::environment(&settings));
            let log = NewChange {
                author: operator.author(),
                operation: "updateEnvironment",
                resource: format!("environments/{slug}"),
                environment_id: Some(environment.id),
                before: Some(before),
                after: Some(after),
            };
            engine.store.environment_update(environment.id, settings, log).await?;
            engine.reload().await?;
            tracing::info!(environment = slug, by = operator.name(), "an environment was changed");
        }
        // Also when nothing changes: who asks for a retention wants to see it carried out.
        engine.retention_changed.notify_one();
        Ok(ShownEnvironment::of(find(&engine.snapshot(), &slug)?))
    })
    .await?;
    Ok(Json(shown))
}
