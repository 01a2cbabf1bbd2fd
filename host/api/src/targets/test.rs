//! `POST /v1/targets/{key}/test`

use axum::{Json, extract::State};
use inlet_api_types::targets::{TestDelivery, TestTarget};
use inlet_core::{json, log::Outcome, recipient::check_id, time};
use inlet_engine::{Engine, change_log, clock::now_ms, recipients::OperationType};

use super::find;
use crate::{
    auth::Operator,
    body::Body,
    completion::to_completion,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
    recipients::{
        call::{self, Call},
        workflows::{checked_key, outcome},
    },
};

/// The user that a test is for unless the request names one.
const TEST_USER: &str = "inlet-test";

/// Sends a marked test to a target, and to no other: a run of a workflow, by the path that all runs take.
///
/// Its data is `{"inlet_test": true, "sent_at": …}`, and its settings hold `sandbox_mode`, so that an engine that knows it
/// notifies nobody. Without `recipient` it is for the user `inlet-test`, who is made for it. The result is that of the run's
/// delivery; a paused target gets it when it is resumed.
#[utoipa::path(
    post,
    path = "/v1/targets/{key}/test",
    operation_id = "testTarget",
    tag = "deliveries",
    params(
        ("key" = String, Path, description = "The target"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = TestTarget,
    responses((status = 200, description = "The run", body = TestDelivery)),
)]
pub async fn test_target(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<TestTarget>,
) -> Result<Json<TestDelivery>, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let target = find(&engine, &environment, &key).await?;
    checked_key(&request.workflow).map_err(|error| error.at(|_| "workflow".to_owned()))?;
    let recipient = match &request.recipient {
        Some(id) => {
            check_id(id).map_err(|problem| ApiError::invalid("recipient", format!("the user id {problem}")))?;
            json::quote(id)
        }
        None => {
            json::object([("id", json::quote(TEST_USER).as_str()), ("name", json::quote("Test of Inlet").as_str())])
        }
    };
    let recipients = json::array([recipient]);
    let sent_at = json::quote(&time::write_ms(now_ms()));
    let data = json::object([("inlet_test", "true"), ("sent_at", sent_at.as_str())]);
    let body = json::object([("recipients", recipients.as_str()), ("data", data.as_str())]);
    let [workflow, targets] = [json::quote(&request.workflow), json::array([json::quote(&target.key)])];
    let parameters = json::object([
        ("key", workflow.as_str()),
        ("recipients", r#""data.recipients""#),
        ("data", r#""data.data""#),
        ("targets", targets.as_str()),
    ]);
    let operation = call::plan(OperationType::WorkflowsTrigger, body.as_str().into(), &parameters)?;
    let operation = operation.with_run_settings(r#"{"sandbox_mode":true}"#.to_owned());
    let resource = format!("targets/{}", target.key);
    let change = change_log::workflow_run_changed(operator.author(), "testTarget", &environment, resource);
    let call = Call::begin_for_operator(&engine, &environment, body.len(), change)?;
    let log_id = call.log_id();
    let settled = to_completion(async move { call.carry_out(operation).await }).await?;
    if settled.outcome == Outcome::Skipped {
        return Err(outcome::nobody_identified(&engine, log_id, settled.id, "no test was sent")
            .await?
            .at(|_| "recipient".to_owned()));
    }
    let run = settled.run.ok_or_else(|| {
        tracing::error!("a test of a target succeeded without a run; please report it");
        ApiError::new(Kind::Internal, "the test created no run; the server's log says more")
    })?;
    let (by, environment) = (operator.name(), environment.slug.as_str());
    tracing::info!(target_key = target.key, environment, by, "a test was sent to a target");
    Ok(Json(TestDelivery { workflow_run_id: run.to_string() }))
}
