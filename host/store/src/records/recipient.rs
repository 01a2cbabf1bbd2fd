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
