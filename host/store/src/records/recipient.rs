//! Users, objects and tenants as they are read back.

/// A user, object or tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientRecord {
    /// Grows with every new recipient; a cursor.
    pub seq: i64,
    /// See [`inlet_core::recipient::RecipientKey::collection`].
    pub collection: String,
    /// The id within the collection.
    pub id: String,
    /// A JSON object.
    pub properties: String,
    /// Time of the first identify, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Time of the last identify, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// Users that hold a text, among those that a search looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMatches {
    /// The users, the newest first.
    pub users: Vec<RecipientRecord>,
    /// The number of users that were looked at.
    pub looked_at: u64,
    /// The `seq` after which the search goes on among older users; none if there are none.
    pub older: Option<i64>,
    /// The `seq` before which the search goes on among newer users; none if there are none.
    pub newer: Option<i64>,
}

/// Names in their order, the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstNames {
    /// The names.
    pub names: Vec<String>,
    /// True if there are more.
    pub has_more: bool,
}

/// Selects users, objects or tenants.
#[derive(Debug, Clone, Copy)]
pub struct RecipientQuery<'a> {
    /// The environment's database id.
    pub environment_id: i64,
    /// The collection.
    pub collection: &'a str,
    /// The recipient with this id only.
    pub id: Option<&'a str>,
    /// Recipients whose property `name` is this text only.
    pub name: Option<&'a str>,
}

impl<'a> RecipientQuery<'a> {
    /// Selects all recipients of a collection.
    pub fn all(environment_id: i64, collection: &'a str) -> Self {
        Self { environment_id, collection, id: None, name: None }
    }
}
