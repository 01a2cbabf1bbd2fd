//! `POST /v1/users/{id}/forget`, `GET /v1/users/{id}/forget`

use axum::{Json, extract::State, http::StatusCode};
use inlet_api_types::recipients::forget::{ForgetRequest, Forgotten};
use inlet_core::{recipient::check_id, time};
use inlet_engine::{Engine, change_log};
use inlet_store::{ForgetCounts, ForgetRecord};

use crate::{auth::EnvironmentReader, completion::to_completion, error::ApiError, path::Name};

/// Forgets a user of an environment: deletes it, and removes what names it from events, runs and kept requests.
///
/// The answer comes at once, when the user itself is deleted; the rest is removed in the background. A user who was never
/// identified can be forgotten too. Events that are sent later create the user anew: stop the senders first.
/// The log of changes names the operator who asked for it, and the request by its id, never the user.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/forget",
    operation_id = "forgetUser",
    tag = "users",
    params(
        ("id" = String, Path, description = "The user"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((status = 202, description = "The request; the one that is open, if there is one", body = ForgetRequest)),
)]
pub async fn forget_user(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<(StatusCode, Json<ForgetRequest>), ApiError> {
    check_id(&id).map_err(|problem| ApiError::invalid("id", format!("the user id {problem}")))?;
    let EnvironmentReader { environment_id, author, .. } = reader;
    let log = author.map(|author| change_log::user_forgotten(author, environment_id));
    let record = to_completion(async move { Ok(engine.store.forget_begin(environment_id, &id, log).await?) }).await?;
    Ok((StatusCode::ACCEPTED, Json(response(&record))))
}

/// The newest request to forget a user, with its progress. It stays as the report.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/forget",
    operation_id = "getForgetRequest",
    tag = "users",
    params(
        ("id" = String, Path, description = "The user"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((status = 200, description = "The request", body = ForgetRequest)),
)]
pub async fn get_forget_request(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Json<ForgetRequest>, ApiError> {
    match engine.store.forget_newest(reader.environment_id, &id).await? {
        Some(record) => Ok(Json(response(&record))),
        None => Err(ApiError::not_found(format!("nobody asked to forget the user {id:?} in this environment"))),
    }
}

fn response(record: &ForgetRecord) -> ForgetRequest {
    let state = match (record.completed_at_ms, &record.subject) {
        (Some(_), _) => "completed",
        (None, None) => "erasing",
        (None, Some(_)) => "running",
    };
    ForgetRequest {
        id: record.id.to_string(),
        state: state.to_owned(),
        removed: forgotten(record.counts),
        requested_at: time::write_ms(record.requested_at_ms),
        completed_at: record.completed_at_ms.map(time::write_ms),
    }
}

fn forgotten(counts: ForgetCounts) -> Forgotten {
    Forgotten {
        users: counts.users,
        subscriptions: counts.subscriptions,
        audience_members: counts.audience_members,
        waits: counts.waits,
        events: counts.events,
        raw_bodies: counts.raw_bodies,
        action_results: counts.action_results,
        workflow_runs: counts.runs,
        workflow_run_recipients: counts.run_recipients,
        deliveries: counts.deliveries,
        refused_requests: counts.refused_requests,
        kept_requests: counts.kept_requests,
        idempotency_keys: counts.idempotency_keys,
        bulk_errors: counts.bulk_errors,
    }
}
