//! Environments and their API keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Days, PageInfo, Patch, ReadOnly};

/// An environment to create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateEnvironment {
    /// In URLs; unique; never changes. Of a-z, 0-9, _ and -.
    #[schema(min_length = 1, max_length = 64)]
    pub slug: String,
    /// For people.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// How long its logs are kept, in days; 30 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub retention_days: Option<Days>,
    /// How long bodies are kept, in days; null or absent: as long as the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub body_retention_days: Option<Days>,
    /// `all`, or `failures`: events that did not fail lose their bodies; `all` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_bodies: Option<String>,
    /// Show its logs without the values that came; false if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide_personal_data: Option<bool>,
}

/// What becomes of an environment: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateEnvironment {
    /// The environment's own slug, as a response shows it. It cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub slug: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// How long its logs are kept, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub retention_days: Option<Days>,
    /// How long bodies are kept, in days; null: as long as the logs.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub body_retention_days: Patch<Days>,
    /// `all`, or `failures`: events that did not fail lose their bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_bodies: Option<String>,
    /// Show its logs without the values that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide_personal_data: Option<bool>,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub created_at: ReadOnly,
}

/// An isolated world of users, mappings, logs and keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Environment {
    /// In URLs; unique; never changes.
    pub slug: String,
    /// For people.
    pub name: String,
    /// How long its logs are kept, in days.
    pub retention_days: i64,
    /// How long bodies are kept, in days: what came, data, headers, payloads, and what was refused. Null: as long as the
    /// logs.
    #[schema(required)]
    pub body_retention_days: Option<i64>,
    /// `all`; or `failures`: only events that failed or were rejected keep their bodies, the others lose them within two
    /// minutes.
    pub keep_bodies: String,
    /// Whether its logs are shown without the values that came. Its own keys see its users and runs in full.
    pub hide_personal_data: bool,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// All environments, in the order of their creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentList {
    /// The environments.
    pub entries: Vec<Environment>,
    /// Nothing lies around: the list is whole.
    pub page_info: PageInfo,
}

/// A new key. It is shown this once: only its hash is kept.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewApiKey {
    /// By which it is deleted.
    pub id: String,
    /// The key: `sk_…`.
    pub key: String,
    /// Where it is good.
    pub environment: String,
    /// Its last four characters.
    pub hint: String,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A key to an environment. The key itself was shown when it was made, and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// By which it is deleted.
    pub id: String,
    /// Its last four characters.
    pub hint: String,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last used, to the minute if the server was killed since; null: never.
    #[schema(required, format = DateTime)]
    pub last_used_at: Option<String>,
}

/// The keys of an environment, the last created first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyList {
    /// The keys.
    pub entries: Vec<ApiKey>,
    /// Nothing lies around: the list is whole.
    pub page_info: PageInfo,
}
