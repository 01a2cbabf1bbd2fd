//! Environments as they are shown.

use inlet_core::time;
use inlet_store::Environment;
use serde::Serialize;
use utoipa::ToSchema;

/// An isolated world of users, mappings, logs and keys.
#[derive(Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct ShownEnvironment {
    /// In URLs; unique; never changes.
    slug: String,
    /// For people.
    name: String,
    /// How long its logs are kept, in days.
    retention_days: i64,
    /// How long bodies are kept, in days: what came, data, headers, payloads, and what was refused. Null: as long as the
    /// logs.
    #[schema(required)]
    body_retention_days: Option<i64>,
    /// `all`; or `failures`: only events that failed or were rejected keep their bodies, the others lose them within two
    /// minutes.
    #[schema(value_type = String)]
    keep_bodies: &'static str,
    /// Whether its logs are shown without the values that came. Its own keys see its users and runs in full.
    hide_personal_data: bool,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
}

impl ShownEnvironment {
    /// An environment of the store.
    pub fn of(environment: &Environment) -> Self {
        Self {
            slug: environment.slug.clone(),
            name: environment.name.clone(),
            retention_days: environment.retention_days,
            body_retention_days: environment.body_retention_days,
            keep_bodies: environment.keep_bodies.as_str(),
            hide_personal_data: environment.hide_personal_data,
            created_at: time::write_ms(environment.created_at_ms),
        }
    }
}
