//! `DELETE /v1/audiences/{key}/members`

use axum::{extract::State, http::StatusCode};
use inlet_api_types::recipients::audiences::AudienceMembersRequest;
use inlet_core::json;
use inlet_engine::{Engine, recipients::OperationType};

use super::{by_tenant, change, checked_key};
use crate::{
    auth::EnvironmentKey,
    body::JsonBody,
    error::ApiError,
    path::Name,
    recipients::{call::Call, parties},
};

/// Ends memberships of users in an audience, at most 1,000. Exactly the membership that is named ends: the one without a
/// tenant, or the one for the tenant. One that is not there is no error.
#[utoipa::path(
    delete,
    path = "/v1/audiences/{key}/members",
    operation_id = "removeAudienceMembers",
    tag = "audiences",
    params(("key" = String, Path, description = "The audience")),
    request_body = AudienceMembersRequest,
    responses((status = 204, description = "They are no members")),
)]
pub async fn remove_audience_members(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(audience): Name,
    body: JsonBody,
) -> Result<StatusCode, ApiError> {
    checked_key(&audience)?;
    let call = Call::begin(&engine, &key, body.len())?;
    let request: AudienceMembersRequest = body.read()?;
    let groups = by_tenant(&request.members, |index, user| {
        Ok(json::quote(&parties::read_user(&format!("members[{index}].user"), user)?.key.id))
    })?;
    change(call, OperationType::AudiencesRemoveMembers, &audience, &groups, body.into_object()?).await
}
