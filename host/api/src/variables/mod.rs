//! Variables of environments.

pub mod delete;
pub mod get;
pub mod list;
pub mod put;

use inlet_api_types::variables::Variable;
use inlet_core::time;
use inlet_engine::snapshot::Snapshot;
use inlet_store::{Environment, VariableRecord};

use super::error::ApiError;

/// Finds a variable of an environment.
fn find<'a>(snapshot: &'a Snapshot, environment: &Environment, key: &str) -> Result<&'a VariableRecord, ApiError> {
    snapshot.variables_of(environment.id).find(|variable| variable.key == key).ok_or_else(|| {
        let slug = &environment.slug;
        ApiError::not_found(format!(
            "there is no variable {key:?} in {slug:?}; GET /v1/variables?environment={slug} lists those there are"
        ))
    })
}

/// Returns a variable without a secret value.
fn response(record: &VariableRecord) -> Variable {
    Variable {
        key: record.key.clone(),
        variable_type: record.variable_type.as_str().to_owned(),
        value: record.value.clone(),
        environment_values: None,
        description: record.description.clone(),
        inserted_at: time::write_ms(record.created_at_ms),
        updated_at: time::write_ms(record.updated_at_ms),
    }
}
