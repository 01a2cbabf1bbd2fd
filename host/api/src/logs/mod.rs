//! The event logs of all sources of an environment.

pub mod filters;
pub mod get;
pub mod list;
pub mod page;
pub mod stream;

use std::{collections::HashMap, sync::Arc};

use inlet_engine::snapshot::{Endpoint, Snapshot};

/// The source environments whose event logs a request reads, by their database ids.
pub type Endpoints = HashMap<i64, Arc<Endpoint>>;

/// Returns the source environments of all sources in one environment.
pub fn endpoints_in(snapshot: &Snapshot, environment_id: i64) -> Endpoints {
    let own = snapshot.endpoints().filter(|endpoint| endpoint.environment_id == environment_id);
    own.map(|endpoint| (endpoint.id, endpoint.clone())).collect()
}
