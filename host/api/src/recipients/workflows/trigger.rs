//! `POST /v1/workflows/{key}/trigger`

use axum::{extract::State, http::HeaderMap, response::Response};
use inlet_api_types::recipients::workflows::{RunSettings, TriggerRequest, TriggerResponse};
use inlet_core::{
    idempotency::{self, KeyReading},
    json,
    log::Outcome,
    recipient::{MAX_RECIPIENTS, PartyRole},
};
use inlet_engine::{Engine, recipients::OperationType};

use super::{checked_key, outcome};
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentKey,
    body::JsonBody,
    error::{ApiError, Kind},
    path::Name,
    recipients::{
        call::{self, Call},
        parties, properties,
    },
};

/// The header of the idempotency key.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Triggers a workflow for recipients, at most 1,000. Any key is good.
///
/// Recipients, the actor and the tenant that are given with properties are identified first. Recipients that are not
/// identified are left out, and named in the log of the call; if none is left, the answer is 422 and names them.
///
/// With the header `Idempotency-Key`, the same call within 24 hours gets the answer of the first one and creates nothing;
/// another body with the key is refused. A call that ended in an error is not remembered.
#[utoipa::path(
    post,
    path = "/v1/workflows/{key}/trigger",
    operation_id = "triggerWorkflow",
    tag = "workflows",
    params(
        ("key" = String, Path, description = "The workflow"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters"),
    ),
    request_body = TriggerRequest,
    responses((status = 200, description = "The run", body = TriggerResponse)),
)]
pub async fn trigger_workflow(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(workflow): Name,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    checked_key(&workflow)?;
    let idempotency_key = read_idempotency_key(&headers)?;
    let call = Call::begin(&engine, &key, body.len())?;
    let request: TriggerRequest = body.read()?;
    check(&request)?;
    let mut operation =
        call::plan(OperationType::WorkflowsTrigger, body.into_object()?, &parameters(&workflow, &request))?;
    if let Some(settings) = request.settings {
        operation = operation.with_run_settings(write_settings(settings));
    }
    if let Some(key) = idempotency_key {
        operation = operation.with_idempotency_key(key, &workflow);
    }
    let log_id = call.log_id();
    let settled = call.carry_out(operation).await?;
    let run = match settled.outcome {
        Outcome::Replayed => Some(outcome::replayed_run(&engine, log_id, &settled).await?),
        Outcome::Skipped => {
            return Err(outcome::nobody_identified(&engine, log_id, settled.id, "no run was created").await?);
        }
        _ => settled.run,
    };
    let run = run.ok_or_else(|| {
        tracing::error!("a trigger succeeded without a run; please report it");
        ApiError::new(Kind::Internal, "the trigger created no run; the server's log says more")
    })?;
    AnswerMemory::new(&engine).answer(TriggerResponse { workflow_run_id: run.to_string() })
}

/// Returns the parameters of the action: constants, and paths into the body.
fn parameters(workflow: &str, request: &TriggerRequest) -> String {
    let workflow = json::quote(workflow);
    let data = if request.data.is_some() { r#""data.data""# } else { r#"{"value":null}"# };
    let mut members = vec![("key", workflow.as_str()), ("recipients", r#""data.recipients""#), ("data", data)];
    members.extend(request.actor.is_some().then_some(("actor", r#""data.actor""#)));
    members.extend(request.tenant.is_some().then_some(("tenant", r#""data.tenant""#)));
    members.extend(request.cancellation_key.is_some().then_some(("cancellation_key", r#""data.cancellation_key""#)));
    json::object(members)
}

fn check(request: &TriggerRequest) -> Result<(), ApiError> {
    match request.recipients.len() {
        0 => return Err(ApiError::invalid("recipients", "it is empty; expected at least one recipient")),
        1..=MAX_RECIPIENTS => {}
        found => {
            let message = format!(
                "{found} recipients; at most {MAX_RECIPIENTS} are allowed in one trigger: send them in several calls"
            );
            return Err(ApiError::invalid("recipients", message));
        }
    }
    parties::check_all("recipients", &request.recipients)?;
    if let Some(actor) = &request.actor {
        parties::check("actor", actor, PartyRole::Recipient)?;
    }
    if let Some(tenant) = &request.tenant {
        parties::check("tenant", tenant, PartyRole::Tenant)?;
    }
    properties::check_is_object("data", request.data.as_ref())
}

/// Writes the settings of a run, a JSON object.
fn write_settings(RunSettings { sandbox_mode, skip_delay }: RunSettings) -> String {
    let settings = [("sandbox_mode", sandbox_mode), ("skip_delay", skip_delay)].into_iter();
    json::object(settings.filter_map(|(name, value)| Some((name, if value? { "true" } else { "false" }))))
}

fn read_idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let refused = |message: &str| Err(ApiError::invalid("Idempotency-Key", message));
    if values.next().is_some() {
        return refused("the header is there twice; send it once");
    }
    let Ok(text) = value.to_str() else { return refused("it holds characters beyond ASCII; send plain ones") };
    match idempotency::read_key(Some(&json::quote(text))) {
        KeyReading::Valid(key) => Ok(Some(key)),
        KeyReading::Absent => refused("it is empty; send 1 to 255 characters, or leave it out"),
        KeyReading::Invalid(problem) => refused(&problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let error = JsonBody::of(text).read().and_then(|request: TriggerRequest| check(&request)).unwrap_err();
        format!("{}: {error}", error.field().unwrap_or("-"))
    }

    #[test]
    fn what_is_no_trigger_names_its_member() {
        let many = format!(r#"{{"recipients":[{}]}}"#, vec!["\"u\""; 1001].join(","));
        let errors = [
            "{}",
            r#"{"recipients":"u"}"#,
            r#"{"recipients":[]}"#,
            r#"{"recipients":["u",7]}"#,
            r#"{"recipients":["a/b"]}"#,
            r#"{"recipients":[{"id":"u","email":7}]}"#,
            r#"{"recipients":["u"],"data":[1]}"#,
            r#"{"recipients":["u"],"tenant":{"name":"x"}}"#,
            r#"{"recipients":["u"],"actor":7}"#,
            r#"{"recipients":["u"],"cancellation_key":7}"#,
            r#"{"recipients":["u"],"settings":true}"#,
            r#"{"recipients":["u"],"settings":{"skip_delay":"yes"}}"#,
            r#"{"recipients":["u"],"settings":{"sandbox":true}}"#,
            r#"{"recipients":["u"],"recipient":7}"#,
            &many,
        ]
        .map(error);
        insta::assert_snapshot!(errors.join("\n"), @r#"
        recipients: it is missing; expected an array of recipients
        recipients: found a string, expected an array
        recipients: it is empty; expected at least one recipient
        recipients[1]: it is a number; expected a user id string or an object with an id
        recipients[0]: its id holds a slash, which no id may hold
        recipients[0].email: it is a number; expected a string or null
        data: it is an array; expected an object or null
        tenant: it has no id; expected an object with a string id
        actor: it is a number; expected a user id string or an object with an id
        cancellation_key: found a number, expected a string
        settings: found a boolean, expected an object
        settings.skip_delay: found a string, expected true or false
        settings.sandbox: there is no such member; the nearest is "sandbox_mode"
        recipient: there is no such member; the nearest is "recipients"
        recipients: 1001 recipients; at most 1000 are allowed in one trigger: send them in several calls
        "#);
    }

    #[test]
    fn an_idempotency_key_is_sent_once_and_is_not_empty() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(IDEMPOTENCY_KEY, value.parse().unwrap());
            }
            read_idempotency_key(&headers).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["k 1"]), Ok(Some("k 1".to_owned())));
        assert_eq!(read(&["a", "a"]), Err("the header is there twice; send it once".to_owned()));
        assert_eq!(read(&[""]), Err("it is empty; send 1 to 255 characters, or leave it out".to_owned()));
        assert!(read(&[&"x".repeat(256)]).unwrap_err().contains("256 characters"));
    }
}
