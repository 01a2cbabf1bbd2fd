//! `GET /v1/objects/{collection}/{id}/subscriptions`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    PageParams,
    recipients::subscriptions::{Subscription, SubscriptionList},
};
use inlet_core::recipient::RecipientKey;
use inlet_engine::Engine;
use inlet_store::{Page, SubscriptionQuery, SubscriptionSide};

use super::read;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
    error::ApiError,
    page::{PageRequest, page_info},
    path::TwoNames,
    query::Params,
    recipients::{ids, references},
};

/// Lists the subscriptions to an object, or with `mode=recipient` those that the object has itself.
#[utoipa::path(
    get,
    path = "/v1/objects/{collection}/{id}/subscriptions",
    operation_id = "listSubscriptionsForObject",
    tag = "subscriptions",
    params(
        ("collection" = String, Path, description = "The collection"),
        ("id" = String, Path, description = "The object"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        ("mode" = Option<String>, Query, description = "`object` (the default): subscriptions to it; `recipient`: its own"),
        ("recipients[]" = Option<Vec<String>>, Query, description = "Of these subscribers; with the mode `object`"),
        ("objects[]" = Option<Vec<String>>, Query, description = "To these objects; with the mode `recipient`"),
        ("include" = Option<Vec<String>>, Query, description = "`preferences`; they are shown in any case"),
        PageParams,
    ),
    responses((status = 200, description = "The subscriptions", body = SubscriptionList)),
)]
pub async fn list_subscriptions_for_object(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    TwoNames(collection, id): TwoNames,
    params: Params,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    ids::checked_collection(&collection)?;
    let object = RecipientKey::object(&collection, id);
    let (of, only, other) = match params.get("mode") {
        None | Some("object") => (SubscriptionSide::Object(object.clone()), "recipients", "objects"),
        Some("recipient") => (SubscriptionSide::Recipient(object.clone()), "objects", "recipients"),
        Some(found) => {
            return Err(ApiError::invalid("mode", format!("found {found:?}, expected object or recipient")));
        }
    };
    if references::of_query(&params, other)?.is_some() {
        return Err(ApiError::invalid(
            format!("{other}[]"),
            format!("it goes with the other mode; here {only}[] is good"),
        ));
    }
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let only = references::of_query(&params, only)?;
    let query = SubscriptionQuery { environment_id: reader.environment_id, of, only, cursor, limit };
    let memory = AnswerMemory::new(&engine);
    let own = read::own(&engine, reader.environment_id, &object, &memory).await?;
    answer(&query, read::page(&engine, &query, &own, &memory).await?, memory)
}

/// Answers with a page.
pub(super) fn answer(
    query: &SubscriptionQuery,
    page: Page<(i64, Subscription)>,
    memory: AnswerMemory,
) -> Result<Response, ApiError> {
    let page_info = page_info(&page, query.limit, |(seq, _)| *seq);
    memory.answer(SubscriptionList { entries: page.items.into_iter().map(|(_, entry)| entry).collect(), page_info })
}
