//! Management tokens as they are shown. The token itself is shown once, by what makes it.

use inlet_core::time;
use inlet_engine::{Engine, snapshot::Snapshot};
use inlet_store::{Credential, ManagementTokenRecord};
use serde::Serialize;
use utoipa::ToSchema;

/// A token for this API.
#[derive(Serialize, ToSchema)]
#[schema(as = ManagementToken)]
pub struct ShownToken {
    /// By which it is deleted.
    id: String,
    /// For people.
    name: String,
    /// What it may do: `read`, `operate`, `plugins`, `admin`.
    scopes: Vec<String>,
    /// Where it is good; null: everywhere.
    #[schema(required)]
    environments: Option<Vec<String>>,
    /// Its last four characters.
    hint: String,
    /// From when on it is refused; null: never.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// When it was last used, to the minute if the server was killed since; null: never.
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
}

impl ShownToken {
    /// A token of the store.
    pub fn of(record: &ManagementTokenRecord, engine: &Engine, snapshot: &Snapshot) -> Self {
        let last_used_ms = engine.last_used.of(Credential::ManagementToken(record.id), record.last_used_at_ms);
        Self {
            id: record.id.to_string(),
            name: record.name.clone(),
            scopes: record.scopes.clone(),
            environments: record.environment_ids.as_ref().map(|ids| snapshot.environment_slugs(ids)),
            hint: record.hint.clone(),
            expires_at: record.expires_at_ms.map(time::write_ms),
            last_used_at: last_used_ms.map(time::write_ms),
            created_at: time::write_ms(record.created_at_ms),
        }
    }
}
