//! `PUT /v1/targets/{key}`

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::targets::{Target, UpsertTarget};
use inlet_core::delivery::check_target_key;
use inlet_delivery::workflows::WorkflowLists;
use inlet_engine::Engine;

use super::{find, response, settings, targets_of, workflows};
use crate::{
    auth::Operator,
    body::Body,
    error::ApiError,
    etag::{check_if_match, etag},
    path::Name,
    query::Params,
};

/// The most targets of an environment. Every event is routed to them.
pub const MAX_TARGETS: usize = 20;

/// Creates a target of an environment, or changes it. Runs that are created afterwards are delivered to it.
///
/// Deliveries that wait are sent with the new settings and secrets; a body that was built already stays as it is.
#[utoipa::path(
    put,
    path = "/v1/targets/{key}",
    operation_id = "upsertTarget",
    tag = "deliveries",
    params(
        ("key" = String, Path, description = "The target: 1 to 64 of a-z, 0-9, _ and -"),
        ("environment" = String, Query, description = "The environment"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change was made from; 412 if there is another by now"),
    ),
    request_body = UpsertTarget,
    responses((
        status = 200,
        description = "The target as it is now, without its secrets",
        body = Target,
        headers(("ETag" = String, description = "The version of its settings, for `If-Match`")),
    )),
)]
pub async fn put_target(
    operator: Operator,
    State(engine): State<Engine>,
    Extension(lists): Extension<Arc<WorkflowLists>>,
    Name(key): Name,
    params: Params,
    headers: HeaderMap,
    Body(request): Body<UpsertTarget>,
) -> Result<impl IntoResponse, ApiError> {
    check_target_key(&key).map_err(|message| ApiError::invalid("key", message))?;
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let (version, target) = engine
        .configure(operator.author(), move |change| async move {
            let engine = change.engine();
            let all = targets_of(engine, &environment).await?;
            let present = all.iter().find(|target| target.key == key);
            check_if_match(&headers, present.map(|present| present.version))?;
            if present.is_none() && all.len() >= MAX_TARGETS {
                let message =
                    format!("the environment has {MAX_TARGETS} targets, and no more are kept; delete one first");
                return Err(ApiError::invalid("key", message));
            }
            let secrets = match present.filter(|present| present.has_secrets) {
                Some(present) => engine.store.target_secrets(present.id).await?,
                None => None,
            };
            let new = settings::change(environment.id, &key, &request.target, present, secrets.as_ref())?;
            let is_same = present.is_some_and(|present| {
                new.settings == present.settings
                    && new.routing == present.routing
                    && new.secrets.is_none()
                    && new.state.is_none()
            });
            if !is_same {
                change.put_target(&environment, present, new).await?;
                let by = operator.name();
                tracing::info!(target_key = key, environment = environment.slug, by, "a target was set");
            }
            let saved = find(engine, &environment, &key).await?;
            let version = saved.version;
            workflows::refresh(engine, &lists, std::slice::from_ref(&saved));
            let open = engine.store.open_deliveries().await?;
            Ok::<_, ApiError>((version, response::target(engine, saved, &open).await?))
        })
        .await?;
    Ok((AppendHeaders([(header::ETAG, etag(version))]), Json(target)))
}
