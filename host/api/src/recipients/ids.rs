//! Ids of users, objects, tenants and collections in paths and bodies.

use inlet_core::{
    json,
    recipient::{RecipientKey, check_id},
};

use crate::error::ApiError;

/// Checks an id: 1 to 256 characters, no `/`, `#` or control character.
pub fn checked(field: &str, id: &str) -> Result<(), ApiError> {
    check_id(id).map_err(|problem| ApiError::invalid(field, format!("it {problem}")))
}

/// Checks the collection of an object. Those that begin with `$` are Inlet's own.
pub fn checked_collection(collection: &str) -> Result<(), ApiError> {
    checked("collection", collection)?;
    match collection.starts_with('$') {
        true => {
            let message = "it begins with `$`, as only Inlet's own collections do; users and tenants have paths of their \
                           own, /v1/users and /v1/tenants";
            Err(ApiError::invalid("collection", message))
        }
        false => Ok(()),
    }
}

/// Checks the collection and the id of an object; returns its key.
pub fn checked_object(collection: &str, id: &str) -> Result<RecipientKey, ApiError> {
    checked_collection(collection)?;
    checked("id", id)?;
    Ok(RecipientKey::object(collection, id))
}

/// Writes a constant of an action's parameters.
pub fn constant(text: &str) -> String {
    json::object([("value", json::quote(text).as_str())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_says_why() {
        assert_eq!(checked("id", "a b.c-d@e"), Ok(()));
        insta::assert_snapshot!(checked("id", "a/b").unwrap_err(), @"it holds a slash, which no id may hold");
        insta::assert_snapshot!(checked("id", &"x".repeat(257)).unwrap_err(), @"it is longer than 256 characters");
        insta::assert_snapshot!(checked_collection("$users").unwrap_err(), @"it begins with `$`, as only Inlet's own collections do; users and tenants have paths of their own, /v1/users and /v1/tenants");
    }
}
