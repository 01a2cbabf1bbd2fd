//! Checks recipients, actors and tenants that a caller sends: references, or objects with properties.

use inlet_api_types::RawJson;
use inlet_core::recipient::{BadRecipient, Party, PartyRole, USERS};

use super::properties;
use crate::error::ApiError;

/// Checks the recipients of a list.
pub fn check_all(field: &str, recipients: &[RawJson]) -> Result<(), ApiError> {
    let mut recipients = recipients.iter().enumerate();
    recipients.try_for_each(|(index, value)| check(&format!("{field}[{index}]"), value, PartyRole::Recipient))
}

/// Reads a recipient, an actor or a tenant.
pub fn read(at: &str, value: &RawJson, role: PartyRole) -> Result<Party, ApiError> {
    Party::read(value.as_text(), role).map_err(|problem| match problem {
        // The sentence for mappings speaks of paths.
        BadRecipient::Number => {
            ApiError::invalid(at, "it is a number; expected a user id string or an object with an id")
        }
        problem => ApiError::invalid(at, problem.to_string()),
    })
}

/// Reads a user. An object of a collection is refused.
pub fn read_user(at: &str, value: &RawJson) -> Result<Party, ApiError> {
    let party = read(at, value, PartyRole::Recipient)?;
    match party.key.collection == USERS {
        true => Ok(party),
        false => Err(ApiError::invalid(at, BadRecipient::NoUser.to_string())),
    }
}

/// Checks a recipient, an actor or a tenant.
pub fn check(at: &str, value: &RawJson, role: PartyRole) -> Result<(), ApiError> {
    let party = read(at, value, role)?;
    match (role, party.inline) {
        (_, None) => Ok(()),
        (PartyRole::Tenant, Some(_)) => properties::check_tenant(at, value.as_text()),
        (PartyRole::Recipient, Some(_)) if party.key.collection == USERS => properties::check_user(at, value.as_text()),
        (PartyRole::Recipient, Some(_)) => properties::check_object(at, value.as_text()),
    }
}
