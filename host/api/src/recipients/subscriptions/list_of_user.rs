//! `GET /v1/users/{id}/subscriptions`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, recipients::subscriptions::SubscriptionList};
use inlet_core::recipient::RecipientKey;
use inlet_engine::Engine;
use inlet_store::{SubscriptionQuery, SubscriptionSide};

use super::{list_of_object::answer, read};
use crate::{
    answer_memory::AnswerMemory, auth::EnvironmentReader, error::ApiError, page::PageRequest, path::Name,
    query::Params, recipients::references,
};

/// Lists the subscriptions of a user.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/subscriptions",
    operation_id = "listSubscriptionsForUser",
    tag = "subscriptions",
    params(
        ("id" = String, Path, description = "The user"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        ("objects[]" = Option<Vec<String>>, Query, description = "To these objects: `objects[0][collection]=projects&objects[0][id]=p1`"),
        ("include" = Option<Vec<String>>, Query, description = "`preferences`; they are shown in any case"),
        PageParams,
    ),
    responses((status = 200, description = "The subscriptions", body = SubscriptionList)),
)]
pub async fn list_subscriptions_for_user(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    let user = RecipientKey::user(id);
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let only = references::of_query(&params, "objects")?;
    let of = SubscriptionSide::Recipient(user.clone());
    let query = SubscriptionQuery { environment_id: reader.environment_id, of, only, cursor, limit };
    let memory = AnswerMemory::new(&engine);
    let own = read::own(&engine, reader.environment_id, &user, &memory).await?;
    answer(&query, read::page(&engine, &query, &own, &memory).await?, memory)
}
