//! API keys and management tokens. Only their hashes are kept.

/// A key to one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The database id.
    pub id: i64,
    /// The environment that the key opens.
    pub environment_id: i64,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// The last four characters of the key.
    pub hint: String,
    /// Creation time, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Time of the last recorded use, in milliseconds since 1970.
    pub last_used_at_ms: Option<i64>,
}

/// A token for the management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementTokenRecord {
    /// The database id; never given to another token.
    pub id: i64,
    /// Human-readable name.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The last four characters of the token.
    pub hint: String,
    /// The names of the granted scopes.
    pub scopes: Vec<String>,
    /// The environments that the token is limited to, by id; none: every environment.
    pub environment_ids: Option<Vec<i64>>,
    /// Expiry time, in milliseconds since 1970; none: the token never expires.
    pub expires_at_ms: Option<i64>,
    /// Time of the last recorded use, in milliseconds since 1970.
    pub last_used_at_ms: Option<i64>,
    /// Creation time, in milliseconds since 1970.
    pub created_at_ms: i64,
}

/// A management token to create.
#[derive(Debug, Clone)]
pub struct NewManagementToken {
    /// Human-readable name.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The last four characters of the token.
    pub hint: String,
    /// The names of the granted scopes.
    pub scopes: Vec<String>,
    /// The environments that the token is limited to, by id; none: every environment.
    pub environment_ids: Option<Vec<i64>>,
    /// Expiry time, in milliseconds since 1970; none: the token never expires.
    pub expires_at_ms: Option<i64>,
}

/// A credential that the store knows, by its database id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Credential {
    /// A management token.
    ManagementToken(i64),
    /// A key to an environment.
    ApiKey(i64),
}
