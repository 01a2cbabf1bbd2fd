//! Users, objects and tenants as they are read back.

/// A user, object or tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientRecord {
    /// Grows with every new one; a cursor.
    pub seq: i64,
    /// See [`inlet_core::recipient::RecipientKey::collection`].
    pub collection: String,
    /// Its id.
    pub id: String,
    /// A JSON object.
    pub properties: String,
    /// When it was first identified, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it was last identified, in milliseconds since 1970.
    pub updated_at_ms: i64,
}
