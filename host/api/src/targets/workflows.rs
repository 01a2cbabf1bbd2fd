//! `GET /v1/targets/{key}/workflows`

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use inlet_api_types::targets::{TargetWorkflow, TargetWorkflows};
use inlet_core::time;
use inlet_delivery::workflows::WorkflowLists;
use inlet_engine::{Engine, clock::now_ms};
use inlet_store::TargetRecord;

use super::find;
use crate::{auth::Operator, error::ApiError, path::Name, query::Params};

/// Lists the workflows of a target's engine, if it has such a list for the target's credentials: `novu`, and the presets
/// `restate` (with the option `admin_url`) and `windmill`. Where there is no list, `reason` says why.
///
/// The engine is asked at most once a minute.
#[utoipa::path(
    get,
    path = "/v1/targets/{key}/workflows",
    operation_id = "listTargetWorkflows",
    tag = "deliveries",
    params(
        ("key" = String, Path, description = "The target"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The workflows, or why they cannot be listed", body = TargetWorkflows)),
)]
pub async fn list_target_workflows(
    operator: Operator,
    State(engine): State<Engine>,
    Extension(lists): Extension<Arc<WorkflowLists>>,
    Name(key): Name,
    params: Params,
) -> Result<Json<TargetWorkflows>, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let record = find(&engine, &environment, &key).await?;
    let secrets = match record.has_secrets {
        true => engine.store.target_secrets(record.id).await?,
        false => None,
    };
    let workflows = match lists.get(&record, secrets.as_ref(), now_ms()).await {
        Ok(listed) => TargetWorkflows {
            entries: Some(listed.keys.iter().map(|key| TargetWorkflow { key: key.to_string() }).collect()),
            complete: listed.is_complete,
            fetched_at: Some(time::write_ms(listed.fetched_at_ms)),
            reason: None,
        },
        Err(reason) => TargetWorkflows { entries: None, complete: false, fetched_at: None, reason: Some(reason) },
    };
    Ok(Json(workflows))
}

/// Fetches the lists of these targets again that are too old to rely on, in the background.
pub fn refresh(engine: &Engine, lists: &Arc<WorkflowLists>, targets: &[TargetRecord]) {
    let stale: Vec<_> = targets.iter().filter(|target| lists.is_stale(target)).cloned().collect();
    if stale.is_empty() {
        return;
    }
    let (engine, lists) = (engine.clone(), lists.clone());
    tokio::spawn(async move {
        for target in stale {
            let secrets = match engine.store.target_secrets(target.id).await {
                Ok(secrets) => secrets,
                Err(error) => {
                    tracing::warn!(target_key = target.key, %error, "the secrets of a target cannot be read");
                    continue;
                }
            };
            // Whoever asks for the list gets the reason.
            let _ = lists.get(&target, secrets.as_ref(), now_ms()).await;
        }
    });
}
