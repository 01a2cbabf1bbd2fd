//! The result of a dry run.

use std::sync::Arc;

use inlet_api_types::sources::WouldChange;
use inlet_engine::snapshot::Endpoint;
use inlet_store::NewChange;

use crate::stored_json::stored_json;

/// The changes that an upsert would make.
#[derive(Default)]
pub struct Preview {
    before: Option<String>,
    after: Option<String>,
    /// The source environment after the change; none if it stays, or is new.
    pub proposed: Option<Arc<Endpoint>>,
}

impl Preview {
    /// Takes the differences from an entry of the change log that is not written.
    pub fn of(change: NewChange, proposed: Option<Arc<Endpoint>>) -> Self {
        Self { before: change.before, after: change.after, proposed }
    }

    /// Returns the differences for the response.
    pub fn into_response(self) -> WouldChange {
        WouldChange { before: self.before.map(stored_json), after: self.after.map(stored_json) }
    }
}
