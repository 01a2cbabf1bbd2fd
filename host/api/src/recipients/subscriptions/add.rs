//! `POST /v1/objects/{collection}/{id}/subscriptions`

use axum::{extract::State, response::Response};
use inlet_api_types::subscriptions::{SubscribeRequest, Subscription};
use inlet_core::{
    json,
    log::Outcome,
    recipient::{PartyRole, RecipientKey},
};
use inlet_engine::{Engine, recipients::OperationType};

use super::read;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentKey,
    body::JsonBody,
    error::ApiError,
    path::TwoNames,
    recipients::{
        call::{self, Call},
        ids,
        objects::missing,
        references,
        workflows::{
            outcome::nobody_identified,
            trigger::{check_object, check_party},
        },
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
    ids::checked_collection(&collection)?;
    ids::checked("id", &id)?;
    let call = Call::begin(&engine, &key, body.len())?;
    let request: SubscribeRequest = body.read()?;
    references::check_length("recipients", request.recipients.len())?;
    for (index, recipient) in request.recipients.iter().enumerate() {
        check_party(&format!("recipients[{index}]"), recipient, PartyRole::Recipient)?;
    }
    check_object("properties", request.properties.as_ref())?;
    let recipients = references::read("recipients", &request.recipients)?;
    let collection_text = json::quote(&collection);
    let id_text = ids::constant(&id);
    let mut members =
        vec![("collection", collection_text.as_str()), ("id", &id_text), ("recipients", r#""data.recipients""#)];
    members.extend(request.properties.is_some().then_some(("properties", r#""data.properties""#)));
    let operation = call::plan(OperationType::ObjectsSubscribe, body.into_object()?, &json::object(members))?;
    let log_id = call.log_id();
    let settled = call.carry_out(operation).await?;
    let memory = AnswerMemory::new(&engine);
    let object = RecipientKey { collection: collection.clone().into(), id: id.clone() };
    let own = read::own(&engine, &key, &object, &memory).await?.ok_or_else(|| missing(&collection, &id))?;
    if settled.outcome == Outcome::Skipped {
        return Err(nobody_identified(&engine, log_id, settled.id).await?);
    }
    let subscriptions = read::among(&engine, &key, &own, &object, recipients, &memory).await?;
    memory.answer(subscriptions)
}
