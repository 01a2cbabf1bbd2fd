//! `DELETE /v1/objects/{collection}/{id}/subscriptions`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::subscriptions::{Subscription, UnsubscribeRequest};
use inlet_core::json;
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
        ids, references,
    },
};

/// Ends the subscriptions of recipients to an object, at most 1,000. One that is not there is no error.
#[utoipa::path(
    delete,
    path = "/v1/objects/{collection}/{id}/subscriptions",
    operation_id = "deleteSubscriptionsForObject",
    tag = "subscriptions",
    params(
        ("collection" = String, Path, description = "The collection"),
        ("id" = String, Path, description = "The object"),
    ),
    request_body = UnsubscribeRequest,
    responses((status = 200, description = "The subscriptions that ended", body = Vec<Subscription>)),
)]
pub async fn delete_subscriptions(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    TwoNames(collection, id): TwoNames,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let object = ids::checked_object(&collection, &id)?;
    let call = Call::begin(&engine, &key, body.len())?;
    let request: UnsubscribeRequest = body.read()?;
    let recipients = references::read("recipients", &request.recipients)?;
    let memory = AnswerMemory::new(&engine);
    let own = read::own(&engine, key.environment_id, &object, &memory).await?;
    // Only references: an object with properties would be identified.
    let constant = json::object([("value", references::write(&recipients).as_str())]);
    let subscriptions = read::among(&engine, key.environment_id, &own, &object, recipients, &memory).await?;
    let parameters = parameters(&object, &constant, None);
    call.carry_out(call::plan(OperationType::ObjectsUnsubscribe, body.into_object()?, &parameters)?).await?;
    memory.answer(subscriptions)
}
