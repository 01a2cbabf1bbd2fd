//! Audiences: named groups of users.

pub mod add;
pub mod list;
pub mod list_all;
pub mod list_of_user;
pub mod remove;

use axum::http::StatusCode;
use bytestring::ByteString;
use inlet_api_types::{RawJson, recipients::audiences::AudienceMemberRequest};
use inlet_core::json;
use inlet_engine::recipients::OperationType;

use super::{
    call::{self, Call},
    ids,
    references::check_length,
};
use crate::error::ApiError;

/// The longest key of an audience, in characters.
const MAX_KEY_CHARS: usize = 256;

/// Checks the key of an audience.
pub fn checked_key(key: &str) -> Result<(), ApiError> {
    match (1..=MAX_KEY_CHARS).contains(&key.chars().count()) && !key.chars().any(char::is_control) {
        true => Ok(()),
        false => {
            let message = format!("it is no key of an audience; expected 1 to {MAX_KEY_CHARS} characters");
            Err(ApiError::invalid("key", message))
        }
    }
}

/// A tenant, or none, with the users of its members, each a JSON text.
type TenantGroup<'a> = (Option<&'a str>, Vec<String>);

/// Groups members by their tenants, in the order of their first appearance, because an action has one tenant. `user` reads a
/// user, a JSON text.
fn by_tenant<'a>(
    members: &'a [AudienceMemberRequest],
    user: impl Fn(usize, &'a RawJson) -> Result<String, ApiError>,
) -> Result<Vec<TenantGroup<'a>>, ApiError> {
    check_length("members", members.len())?;
    let mut groups: indexmap::IndexMap<Option<&str>, Vec<String>> = indexmap::IndexMap::new();
    for (index, member) in members.iter().enumerate() {
        if let Some(tenant) = &member.tenant {
            ids::checked(&format!("members[{index}].tenant"), tenant)?;
        }
        groups.entry(member.tenant.as_deref()).or_default().push(user(index, &member.user)?);
    }
    Ok(groups.into_iter().collect())
}

/// Carries out an operation for every group, in one transaction. The log of each has its own members.
async fn change(
    call: Call,
    operation: OperationType,
    audience: &str,
    groups: &[TenantGroup<'_>],
    body: ByteString,
) -> Result<StatusCode, ApiError> {
    let plan = |group: &TenantGroup<'_>| {
        let body = if groups.len() == 1 { body.clone() } else { members(group) };
        call::plan(operation, body, &parameters(audience, group.0, &group.1))
    };
    call.carry_out_all(groups.iter().map(plan).collect::<Result<_, _>>()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes the body of a call for one group.
fn members((tenant, users): &TenantGroup<'_>) -> ByteString {
    let tenant = tenant.map_or_else(|| "null".to_owned(), json::quote);
    let member = |user: &String| json::object([("user", user.as_str()), ("tenant", &tenant)]);
    json::object([("members", json::array(users.iter().map(member)).as_str())]).into()
}

/// Writes the parameters of the action for one group.
pub fn parameters(key: &str, tenant: Option<&str>, users: &[String]) -> String {
    let (key, users) = (json::quote(key), json::object([("value", json::array(users).as_str())]));
    let tenant = tenant.map(ids::constant);
    let mut members = vec![("key", key.as_str()), ("user_id", users.as_str())];
    members.extend(tenant.as_deref().map(|tenant| ("tenant", tenant)));
    json::object(members)
}
