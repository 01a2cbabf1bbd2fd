//! Responses about management tokens.

use inlet_api_types::management_tokens::ManagementToken;
use inlet_core::time;
use inlet_engine::{Engine, snapshot::Snapshot};
use inlet_store::{Credential, ManagementTokenRecord};

/// The response for a token of the store.
pub fn management_token(record: &ManagementTokenRecord, engine: &Engine, snapshot: &Snapshot) -> ManagementToken {
    let last_used_ms = engine.last_used.of(Credential::ManagementToken(record.id), record.last_used_at_ms);
    ManagementToken {
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
