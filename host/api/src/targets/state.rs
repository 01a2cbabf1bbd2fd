//! `POST /v1/targets/{key}/pause`, `…/resume` and `…/enable`

use axum::{Json, extract::State};
use inlet_api_types::targets::Target;
use inlet_core::time;
use inlet_engine::Engine;
use inlet_store::{TargetRecord, TargetState};

use super::{find, response};
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
};

/// Pauses a target: its deliveries wait. Those under way end.
#[utoipa::path(
    post,
    path = "/v1/targets/{key}/pause",
    operation_id = "pauseTarget",
    tag = "deliveries",
    params(
        ("key" = String, Path, description = "The target"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The target, paused", body = Target)),
)]
pub async fn pause_target(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<Target>, ApiError> {
    set(operator, engine, key, params, "pauseTarget", TargetState::Paused).await
}

/// Resumes a paused target: deliveries that waited are sent.
#[utoipa::path(
    post,
    path = "/v1/targets/{key}/resume",
    operation_id = "resumeTarget",
    tag = "deliveries",
    params(
        ("key" = String, Path, description = "The target"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The target, running", body = Target)),
)]
pub async fn resume_target(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<Target>, ApiError> {
    set(operator, engine, key, params, "resumeTarget", TargetState::Running).await
}

/// Enables a target that the server disabled: deliveries that waited are sent. Dead ones are sent again with
/// `POST /v1/deliveries/redrive`.
#[utoipa::path(
    post,
    path = "/v1/targets/{key}/enable",
    operation_id = "enableTarget",
    tag = "deliveries",
    params(
        ("key" = String, Path, description = "The target"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The target, running", body = Target)),
)]
pub async fn enable_target(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<Target>, ApiError> {
    set(operator, engine, key, params, "enableTarget", TargetState::Running).await
}

/// Changes the state of a target. A target that has the state already stays as it is.
async fn set(
    operator: Operator,
    engine: Engine,
    key: String,
    params: Params,
    operation: &'static str,
    wanted: TargetState,
) -> Result<Json<Target>, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let target = engine
        .configure(operator.author(), move |change| async move {
            let engine = change.engine();
            let present = find(engine, &environment, &key).await?;
            if present.state != wanted {
                check(operation, &present)?;
                change.set_target_state(&environment, &present, wanted, None).await?;
                let (by, state) = (operator.name(), wanted.as_str());
                tracing::info!(target_key = key, environment = environment.slug, state, by, "a target's state was set");
            }
            let saved = find(engine, &environment, &key).await?;
            let open = engine.store.open_deliveries().await?;
            response::target(engine, saved, &open).await
        })
        .await?;
    Ok(Json(target))
}

/// Refuses an operation for another state: whoever resumes a target shall know that the server disabled it.
fn check(operation: &str, present: &TargetRecord) -> Result<(), ApiError> {
    let message = match (operation, present.state) {
        ("pauseTarget" | "resumeTarget", TargetState::Disabled) => {
            let since = time::write_ms(present.state_since_ms);
            let reason = present.state_reason.as_deref().unwrap_or("no reason is known");
            format!("the target is disabled since {since}: {reason}; let it run again with POST …/enable")
        }
        ("enableTarget", TargetState::Paused) => {
            "the target is paused, not disabled; let it run again with POST …/resume".to_owned()
        }
        _ => return Ok(()),
    };
    Err(ApiError::new(Kind::Conflict, message))
}
