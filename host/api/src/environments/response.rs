//! Responses about environments.

use inlet_api_types::environments::Environment;
use inlet_core::time;
use inlet_store::Environment as EnvironmentRecord;

/// The response for an environment of the store.
pub fn environment(record: &EnvironmentRecord) -> Environment {
    Environment {
        slug: record.slug.clone(),
        name: record.name.clone(),
        retention_days: record.retention_days,
        body_retention_days: record.body_retention_days,
        keep_bodies: record.keep_bodies.as_str().to_owned(),
        hide_personal_data: record.hide_personal_data,
        created_at: time::write_ms(record.created_at_ms),
    }
}
