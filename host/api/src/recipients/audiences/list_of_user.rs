//! `GET /v1/users/{id}/audiences`

use axum::{Json, extract::State};
use inlet_api_types::recipients::audiences::{Membership, MembershipList};
use inlet_core::time;
use inlet_engine::Engine;

use crate::{auth::EnvironmentReader, error::ApiError, path::Name};

/// The most memberships that are listed.
const MAX_MEMBERSHIPS: usize = 100;

/// Lists the audiences that a user is a member of, by key; the first 100.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/audiences",
    operation_id = "listAudiencesForUser",
    tag = "audiences",
    params(
        ("id" = String, Path, description = "The user"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((status = 200, description = "The audiences; none of a user who is not identified", body = MembershipList)),
)]
pub async fn list_audiences_for_user(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Json<MembershipList>, ApiError> {
    reader.may_see_personal_data()?;
    let store = &engine.store;
    let mut found = store.user_memberships(reader.environment_id, &id, ("", 0), MAX_MEMBERSHIPS + 1).await?;
    let complete = found.len() <= MAX_MEMBERSHIPS;
    found.truncate(MAX_MEMBERSHIPS);
    let entries = found.into_iter().map(|membership| Membership {
        audience: membership.audience,
        tenant: membership.tenant,
        added_at: time::write_ms(membership.created_at_ms),
    });
    Ok(Json(MembershipList { entries: entries.collect(), complete }))
}
