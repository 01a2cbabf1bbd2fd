//! `POST /v1/objects/{collection}/{id}/subscriptions`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::subscriptions::{SubscribeRequest, Subscription};
use inlet_core::log::Outcome;
use inlet_engine::{Engine, recipients::OperationType};

use super::{parameters, read};
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentKey,
    body::JsonBody,
    error::ApiError,
    path::TwoNames,
    recipients::{
        call::{self, Call},
        ids, parties, properties, references,
        workflows::outcome::nobody_identified,
    },
};

/// Subscribes recipients to an object, at most 1,000.
///
/// A recipient that is subscribed already gets the new properties, null if there are none. Recipients that are given with
/// properties are identified first; those that are not identified are left out.
#[utoipa::path(
    post,
    path = "/v1/objects/{collection}/{id}/subscriptions",
    operation_id = "addSubscriptionsForObject",
    tag = "subscriptions",
    params(
        ("collection" = String, Path, description = "The collection"),
        ("id" = String, Path, description = "The object"),
    ),
    request_body = SubscribeRequest,
    responses((status = 200, description = "The subscriptions of these recipients", body = Vec<Subscription>)),
)]
pub async fn add_subscriptions(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    TwoNames(collection, id): TwoNames,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let object = ids::checked_object(&collection, &id)?;
    let call = Call::begin(&engine, &key, body.len())?;
    let request: SubscribeRequest = body.read()?;
    references::check_length("recipients", request.recipients.len())?;
    parties::check_all("recipients", &request.recipients)?;
    properties::check_is_object("properties", request.properties.as_ref())?;
    let recipients = references::read("recipients", &request.recipients)?;
    let properties = request.properties.is_some().then_some(r#""data.properties""#);
    let parameters = parameters(&object, r#""data.recipients""#, properties);
    let operation = call::plan(OperationType::ObjectsSubscribe, body.into_object()?, &parameters)?;
    // Without the object nothing is written, no recipient either.
    read::own(&engine, key.environment_id, &object, &AnswerMemory::new(&engine)).await?;
    let log_id = call.log_id();
    let settled = call.carry_out(operation).await?;
    let memory = AnswerMemory::new(&engine);
    let own = read::own(&engine, key.environment_id, &object, &memory).await?;
    if settled.outcome == Outcome::Skipped {
        return Err(nobody_identified(&engine, log_id, settled.id, "nobody was subscribed").await?);
    }
    let subscriptions = read::among(&engine, key.environment_id, &own, &object, recipients, &memory).await?;
    memory.answer(subscriptions)
}
