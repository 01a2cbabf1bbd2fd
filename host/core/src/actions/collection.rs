//! The `collection` of an object: a constant.

use super::{BadMapping, ParameterReader};
use crate::recipient::{TENANTS, USERS, check_id};

/// Takes the required collection of an object that is written.
pub(super) fn take_own(reader: &mut ParameterReader<'_>) -> Result<String, BadMapping> {
    let collection = take(reader)?;
    match &*collection {
        TENANTS => Err(refusal("tenants have actions of their own, tenants_set and tenants_delete")),
        _ => Ok(collection),
    }
}

/// Takes the required collection of an object or a tenant.
pub(super) fn take(reader: &mut ParameterReader<'_>) -> Result<String, BadMapping> {
    let collection = reader.take_constant("collection")?;
    check_id(&collection).map_err(|problem| refusal(format!("it {problem}")))?;
    match &*collection {
        USERS => Err(refusal("users are no objects; expected a collection of your own, for example \"projects\"")),
        _ => Ok(collection),
    }
}

fn refusal(message: impl Into<String>) -> BadMapping {
    BadMapping::new("action_parameters.collection", message)
}
