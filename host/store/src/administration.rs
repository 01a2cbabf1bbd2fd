//! Environments and management tokens as they are created and changed.

use std::fmt;

/// Whose bodies an environment keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepBodies {
    /// Every event's.
    All,
    /// Those of events that failed or were rejected; the others lose theirs in the next slice.
    Failures,
}

impl KeepBodies {
    /// The name used in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failures => "failures",
        }
    }

    /// What has that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::All, Self::Failures].into_iter().find(|keep| keep.as_str() == name)
    }
}

/// What an environment may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentSettings {
    /// For people.
    pub name: String,
    /// How long its logs are kept.
    pub retention_days: i64,
    /// How long bodies are kept; none: as long as the logs.
    pub body_retention_days: Option<i64>,
    /// Whose bodies are kept.
    pub keep_bodies: KeepBodies,
    /// Whether logs are shown without the values that came.
    pub hide_personal_data: bool,
}

/// An environment to create.
#[derive(Debug, Clone)]
pub struct NewEnvironment {
    /// In URLs; unique; never changes.
    pub slug: String,
    /// The rest.
    pub settings: EnvironmentSettings,
    /// Every source there is, with what it starts with here.
    pub sources: Vec<NewEnvironmentSource>,
}

/// A source's configuration in an environment that is to be created.
#[derive(Clone)]
pub struct NewEnvironmentSource {
    /// The source.
    pub source_id: i64,
    /// The endpoint's token.
    pub token: String,
    /// A JSON object.
    pub settings: String,
    /// The verification template in force, JSON.
    pub scheme: Option<String>,
    /// The digest of a plugin that was added; none: what the server comes with by the source's key.
    pub plugin: Option<String>,
}

impl fmt::Debug for NewEnvironmentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEnvironmentSource")
            .field("source_id", &self.source_id)
            .field("settings", &self.settings)
            .field("scheme", &self.scheme)
            .field("plugin", &self.plugin)
            .finish_non_exhaustive()
    }
}

/// A token for the management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementTokenRecord {
    /// Its database id; never given to another.
    pub id: i64,
    /// For people.
    pub name: String,
    /// What is kept of the token.
    pub hash: [u8; 32],
    /// Its last four characters.
    pub hint: String,
    /// The names of what it may do.
    pub scopes: Vec<String>,
    /// Where it is good, by environment id; none: everywhere.
    pub environment_ids: Option<Vec<i64>>,
    /// From when on it is refused, in milliseconds since 1970; none: never.
    pub expires_at_ms: Option<i64>,
    /// When it was last used, as far as that was written down, in milliseconds since 1970.
    pub last_used_at_ms: Option<i64>,
    /// When it was created, in milliseconds since 1970.
    pub created_at_ms: i64,
}

/// A token to create.
#[derive(Debug, Clone)]
pub struct NewManagementToken {
    /// For people.
    pub name: String,
    /// What is kept of the token.
    pub hash: [u8; 32],
    /// Its last four characters.
    pub hint: String,
    /// The names of what it may do.
    pub scopes: Vec<String>,
    /// Where it is good, by environment id; none: everywhere.
    pub environment_ids: Option<Vec<i64>>,
    /// From when on it is refused, in milliseconds since 1970; none: never.
    pub expires_at_ms: Option<i64>,
}

/// A credential that the store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Credential {
    /// A management token, by its database id.
    ManagementToken(i64),
    /// A key to an environment, by its database id.
    ApiKey(i64),
}
