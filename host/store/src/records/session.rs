//! Sessions of the dashboard, and links that begin one.

/// A session. Its cookie is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// SHA-256 of the cookie.
    pub id: [u8; 32],
    /// The management token that it was begun with; none: the one that the server was started with.
    pub token_id: Option<i64>,
    /// SHA-256 of the cookie and the token's hash.
    pub proof: [u8; 32],
    /// Creation time, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Time of the last recorded use, in milliseconds since 1970.
    pub last_used_at_ms: i64,
}

/// A link that signs in once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInLinkRecord {
    /// SHA-256 of the code.
    pub id: [u8; 32],
    /// The management token that it signs in with; none: the one that the server was started with.
    pub token_id: Option<i64>,
    /// SHA-256 of the code and the token's hash.
    pub proof: [u8; 32],
    /// Expiry time, in milliseconds since 1970.
    pub expires_at_ms: i64,
}
