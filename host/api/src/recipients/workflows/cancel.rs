//! `POST /v1/workflows/{key}/cancel`

use axum::{extract::State, http::StatusCode};
use inlet_api_types::recipients::workflows::CancelRequest;
use inlet_core::{json, recipient::MAX_RECIPIENTS};
use inlet_engine::{Engine, recipients::OperationType};

use super::checked_key;
use crate::{
    auth::EnvironmentKey,
    body::JsonBody,
    error::ApiError,
    path::Name,
    recipients::{
        call::{self, Call},
        parties,
    },
};

/// Cancels the runs of a workflow that were triggered with a cancellation key, for all of their recipients or for some.
///
/// A run that has ended stays as it is. It is no error if there is none.
#[utoipa::path(
    post,
    path = "/v1/workflows/{key}/cancel",
    operation_id = "cancelWorkflow",
    tag = "workflows",
    params(("key" = String, Path, description = "The workflow")),
    request_body = CancelRequest,
    responses((status = 204, description = "They are canceled")),
)]
pub async fn cancel_workflow(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(workflow): Name,
    body: JsonBody,
) -> Result<StatusCode, ApiError> {
    checked_key(&workflow)?;
    let call = Call::begin(&engine, &key, body.len())?;
    let request: CancelRequest = body.read()?;
    if request.cancellation_key.is_empty() {
        return Err(ApiError::invalid("cancellation_key", "it is empty; expected the key of the triggers to cancel"));
    }
    let recipients = request.recipients.unwrap_or_default();
    if recipients.len() > MAX_RECIPIENTS {
        let message = format!("{} recipients; at most {MAX_RECIPIENTS} are allowed in one call", recipients.len());
        return Err(ApiError::invalid("recipients", message));
    }
    parties::check_all("recipients", &recipients)?;
    let workflow = json::quote(&workflow);
    let mut members = vec![("key", workflow.as_str()), ("cancellation_key", r#""data.cancellation_key""#)];
    members.extend((!recipients.is_empty()).then_some(("recipients", r#""data.recipients""#)));
    let operation = call::plan(OperationType::WorkflowsCancel, body.into_object()?, &json::object(members))?;
    call.carry_out(operation).await?;
    Ok(StatusCode::NO_CONTENT)
}
