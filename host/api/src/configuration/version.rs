//! The version of the configuration that a token sees.

use std::fmt::Write as _;

use inlet_engine::snapshot::{Snapshot, hash_token};
use inlet_store::Environment;

/// The bytes of the hash that a version shows.
const BYTES: usize = 16;

/// Returns the version of the configuration in these environments. Every change of it gives another one, also that of a
/// secret; the states of targets do not count.
pub fn version<'a>(snapshot: &Snapshot, environments: impl Iterator<Item = &'a Environment>) -> String {
    let mut text = String::new();
    let mut ids = Vec::new();
    // Writing to a string cannot fail.
    for environment in environments {
        ids.push(environment.id);
        let _ = write!(text, "{} {:?}", environment.id, environment.settings());
        for variable in snapshot.variables_of(environment.id) {
            let _ = write!(text, " {:?} {} {}", variable.key, variable.created_at_ms, variable.version);
        }
        for target in snapshot.targets_of(environment.id) {
            let _ = write!(text, " {} {}", target.id, target.version);
        }
    }
    for source in snapshot.sources.values() {
        let record = &source.record;
        let shared = (&record.name, &record.description, &record.custom_image_url);
        let _ = write!(text, " {} {shared:?}", record.id);
        for endpoint in source.endpoints.values().filter(|endpoint| ids.contains(&endpoint.environment_id)) {
            let _ = write!(text, " {} {}", endpoint.id, endpoint.record.version);
        }
    }
    hex::encode(&hash_token(&text)[..BYTES])
}
