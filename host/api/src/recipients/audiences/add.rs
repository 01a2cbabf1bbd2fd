//! `POST /v1/audiences/{key}/members`

use axum::{extract::State, http::StatusCode};
use inlet_api_types::recipients::audiences::AudienceMembersRequest;
use inlet_core::recipient::PartyRole;
use inlet_engine::{Engine, recipients::OperationType};

use super::{by_tenant, change, checked_key};
use crate::{
    auth::EnvironmentKey,
    body::JsonBody,
    error::ApiError,
    path::Name,
    query::Params,
    recipients::{call::Call, parties},
};

/// Makes users members of an audience, at most 1,000. They are identified first; an audience needs not be created.
#[utoipa::path(
    post,
    path = "/v1/audiences/{key}/members",
    operation_id = "addAudienceMembers",
    tag = "audiences",
    params(
        ("key" = String, Path, description = "The audience"),
        ("create_audience" = Option<bool>, Query, description = "Accepted for compatibility: an audience begins with its first member"),
    ),
    request_body = AudienceMembersRequest,
    responses((status = 204, description = "They are members")),
)]
pub async fn add_audience_members(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(audience): Name,
    params: Params,
    body: JsonBody,
) -> Result<StatusCode, ApiError> {
    checked_key(&audience)?;
    params.flag("create_audience")?;
    // The users are in the body and in the parameters.
    let call = Call::begin(&engine, &key, 2 * body.len())?;
    let request: AudienceMembersRequest = body.read()?;
    let groups = by_tenant(&request.members, |index, user| {
        let at = format!("members[{index}].user");
        parties::read_user(&at, user)?;
        parties::check(&at, user, PartyRole::Recipient)?;
        Ok(user.as_text().to_owned())
    })?;
    change(call, OperationType::AudiencesAddMembers, &audience, &groups, body.into_object()?).await
}
