//! Variables of environments. No record holds the value of a secret one that is stored.

use std::fmt;

use inlet_core::variables::VariableType;

/// A variable of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableRecord {
    /// The environment's database id.
    pub environment_id: i64,
    /// The name, unique in the environment.
    pub key: String,
    /// The type.
    pub variable_type: VariableType,
    /// The value; none if it is secret.
    pub value: Option<String>,
    /// The length of the value in bytes.
    pub bytes: i64,
    /// Human-readable description.
    pub description: Option<String>,
    /// Counts the changes.
    pub version: i64,
    /// Creation time, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Time of the last change, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// A variable to create or to change. `Debug` does not show its value.
#[derive(Clone)]
pub struct NewVariable {
    /// The environment's database id.
    pub environment_id: i64,
    /// The name, unique in the environment.
    pub key: String,
    /// The type. That of a present variable stays.
    pub variable_type: VariableType,
    /// The value; none keeps the present one.
    pub value: Option<String>,
    /// Human-readable description.
    pub description: Option<String>,
}

impl fmt::Debug for NewVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("NewVariable");
        shown.field("key", &self.key).field("variable_type", &self.variable_type).finish_non_exhaustive()
    }
}
