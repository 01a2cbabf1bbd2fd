//! Variables of environments.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, Patch, ReadOnly, required};

/// A text that the mappings of an environment share. `vars.KEY` reads a public one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Variable {
    /// The name, unique in the environment.
    pub key: String,
    /// `public`: mappings read it and it is shown. `secret`: it is stored sealed and never shown.
    #[serde(rename = "type")]
    pub variable_type: String,
    /// The value; null if it is secret, and in an answer about all environments.
    #[schema(required)]
    pub value: Option<String>,
    /// The values by environment, null where it is secret; only in an answer about all environments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_values: Option<BTreeMap<String, Option<String>>>,
    /// Human-readable description.
    #[schema(required)]
    pub description: Option<String>,
    /// The creation time.
    #[schema(format = DateTime)]
    pub inserted_at: String,
    /// The time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// The variables of an environment, by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VariableList {
    /// The variables.
    pub entries: Vec<Variable>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
}

/// A variable to create or to change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PutVariable)]
pub struct UpsertVariable {
    /// The variable.
    #[serde(deserialize_with = "read_variable")]
    pub variable: VariableRequest,
}

fn read_variable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VariableRequest, D::Error> {
    required(deserializer, "an object")
}

/// The variable after the change. What is absent stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct VariableRequest {
    /// `public` or `secret`; `public` if absent for a new variable, and fixed afterwards.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub variable_type: Option<String>,
    /// The value. Required for a new variable; null in the response about a secret one keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Human-readable description; null removes it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub description: Patch<String>,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub key: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub inserted_at: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub updated_at: ReadOnly,
}
