//! Recipients: users, objects and tenants.
//!
//! Source of the rules: semantics.md §5.

mod id;
mod party;
mod property_types;

use std::borrow::Cow;

use crate::json;

pub use id::{IdProblem, MAX_ID_CHARS, check_id};
pub use party::{BadRecipient, ListError, MAX_RECIPIENTS, Party, PartyRole, read_list, read_users};
pub use property_types::{WrongType, check_object_types, check_tenant_types, check_user_types};

/// The collection of users.
pub const USERS: &str = "$users";
/// The collection of tenants.
pub const TENANTS: &str = "$tenants";

/// The key of a user, object or tenant within one environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecipientKey {
    /// [`USERS`], [`TENANTS`] or an object's collection.
    pub collection: Cow<'static, str>,
    /// The id within the collection.
    pub id: String,
}

impl RecipientKey {
    /// Creates the key of a user.
    pub fn user(id: impl Into<String>) -> Self {
        Self { collection: Cow::Borrowed(USERS), id: id.into() }
    }

    /// Creates the key of a tenant.
    pub fn tenant(id: impl Into<String>) -> Self {
        Self { collection: Cow::Borrowed(TENANTS), id: id.into() }
    }

    /// Creates the key of an object. The collections of users and tenants are not objects'.
    pub fn object(collection: &str, id: impl Into<String>) -> Self {
        Self { collection: Cow::Owned(collection.to_owned()), id: id.into() }
    }

    /// Returns the collection to show; none for a user.
    pub fn shown_collection(&self) -> Option<&str> {
        (self.collection != USERS).then_some(&*self.collection)
    }

    /// Returns the reference as JSON: a string for a user or a tenant, `{collection, id}` for an object.
    pub fn to_json(&self) -> String {
        match &*self.collection {
            USERS | TENANTS => json::quote(&self.id),
            collection => {
                json::object([("collection", json::quote(collection).as_str()), ("id", &json::quote(&self.id))])
            }
        }
    }
}
