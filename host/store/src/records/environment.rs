//! Environments, and the configuration that every source gets in a new one.

use std::fmt;

/// The events whose bodies an environment keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepBodies {
    /// All events.
    All,
    /// Events that failed or were rejected; the others lose their bodies in the next slice.
    Failures,
}

impl KeepBodies {
    /// Returns the name used in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failures => "failures",
        }
    }

    /// Parses the name used in the API and in the database.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::All, Self::Failures].into_iter().find(|keep| keep.as_str() == name)
    }
}

/// An isolated world of users, logs and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The database id.
    pub id: i64,
    /// The name in URLs.
    pub slug: String,
    /// Human-readable name.
    pub name: String,
    /// Days that its logs are kept.
    pub retention_days: i64,
    /// Creation time, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Days that bodies are kept; none: as long as the logs.
    pub body_retention_days: Option<i64>,
    /// The events whose bodies are kept.
    pub keep_bodies: KeepBodies,
    /// True if logs are shown without the values that were received.
    pub hide_personal_data: bool,
}

impl Environment {
    /// Returns the part that can be changed.
    pub fn settings(&self) -> EnvironmentSettings {
        EnvironmentSettings {
            name: self.name.clone(),
            retention_days: self.retention_days,
            body_retention_days: self.body_retention_days,
            keep_bodies: self.keep_bodies,
            hide_personal_data: self.hide_personal_data,
        }
    }
}

/// The changeable part of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentSettings {
    /// Human-readable name.
    pub name: String,
    /// Days that its logs are kept.
    pub retention_days: i64,
    /// Days that bodies are kept; none: as long as the logs.
    pub body_retention_days: Option<i64>,
    /// The events whose bodies are kept.
    pub keep_bodies: KeepBodies,
    /// True if logs are shown without the values that were received.
    pub hide_personal_data: bool,
}

/// An environment to create.
#[derive(Debug, Clone)]
pub struct NewEnvironment {
    /// The name in URLs; unique; never changes.
    pub slug: String,
    /// The changeable part.
    pub settings: EnvironmentSettings,
    /// The initial configuration of every existing source.
    pub sources: Vec<NewEnvironmentSource>,
}

/// The initial configuration of an existing source in a new environment.
#[derive(Clone)]
pub struct NewEnvironmentSource {
    /// The source's database id.
    pub source_id: i64,
    /// The endpoint's token.
    pub token: String,
    /// A JSON object.
    pub settings: String,
    /// The verification template in force, JSON.
    pub scheme: Option<String>,
    /// The digest of an added plugin; none: the bundled plugin with the source's provider key.
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
