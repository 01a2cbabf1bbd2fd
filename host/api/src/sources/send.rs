//! `POST /v1/sources/{key}/send`

use axum::{Json, extract::State};
use inlet_api_types::{
    rehearsals::{RehearseSource, RehearsedAnswer},
    sources::{SendToSource, SentEvent, SentToSource},
};
use inlet_engine::{
    Engine,
    ingest::{receive_sample, rehearse::Answer},
};
use serde::Deserialize;

use super::{lookup::queried_endpoint, rehearsal};
use crate::{auth::Operator, body::Body, error::ApiError, path::Name, query::Params};

/// Sends a request to a source as its sender would, for a try. It is carried out and logged like any other.
///
/// It takes all stages of a webhook. The answer is the one that the sender would have received, whatever its status; this call
/// itself succeeds.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/send",
    operation_id = "sendToSource",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = SendToSource,
    responses((status = 200, description = "The answer to the request", body = SentToSource)),
)]
pub async fn send_to_source(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<SendToSource>,
) -> Result<Json<SentToSource>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let SendToSource { payload, body, method, path, query, headers, sign } = request;
    let described = RehearseSource { payload, body, method, path, query, headers, sign, ..RehearseSource::default() };
    let sample = rehearsal::sent(described, None, &engine, &endpoint)?;
    let (environment, by) = (params.get("environment").unwrap_or_default(), operator.name());
    tracing::info!(source = key, environment, by, "a request was sent to a source by an operator");
    let answer = Answer::read(receive_sample(&engine, &endpoint, sample).await).await?;
    let events = events_of(&answer.body);
    let Answer { status, content_type, body } = answer;
    Ok(Json(SentToSource { answer: RehearsedAnswer { status, content_type, body }, events }))
}

/// Returns the items that the server's own answer names.
fn events_of(body: &str) -> Vec<SentEvent> {
    #[derive(Deserialize)]
    struct OwnAnswer {
        events: Vec<SentEvent>,
    }
    serde_json::from_str(body).map(|answer: OwnAnswer| answer.events).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_a_plugin_names_no_items() {
        let own = r#"{"events":[{"id":"1","event_type":"a","outcome":"failed","reason":"x"},{"id":"2","outcome":"ignored"}]}"#;
        assert_eq!(events_of(own).iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(events_of(r#"{"jsonrpc":"2.0","result":{}}"#), []);
        assert_eq!(events_of("ok"), []);
    }
}
