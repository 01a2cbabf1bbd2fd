//! The plugin's own settings: what an operator may set under `options`.

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::{
    Manifest, bounded,
    explain::{Explained, explain},
    read::ManifestError,
};

/// Settings that the plugin's option schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("options{}{field}: {message}", if field.is_empty() { "" } else { "." })]
pub struct OptionsError {
    /// Which setting, for example `include.0`; empty when it is not one of them.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Manifest {
    /// Checks an operator's settings against the plugin's option schema and fills in its defaults. A plugin without a
    /// schema has no settings.
    pub fn check_options(&self, options: &Value) -> Result<Value, OptionsError> {
        let mut filled = match options {
            Value::Null => Value::Object(Map::new()),
            other => other.clone(),
        };
        let Value::Object(given) = &filled else {
            return Err(OptionsError { field: String::new(), message: "expected an object".to_owned() });
        };
        let Some(schema) = &self.options else {
            return match given.keys().next() {
                None => Ok(filled),
                Some(unknown) => Err(OptionsError {
                    field: unknown.clone(),
                    message: format!("the plugin {:?} has no settings of its own", self.key),
                }),
            };
        };
        fill(&mut filled, schema);
        // A schema that does not compile was refused when the plugin was loaded.
        let validator = validator(schema).map_err(|message| OptionsError { field: String::new(), message })?;
        let refused = validator.validate(&filled).map_err(|error| {
            let Explained { field, reason } = explain(&error);
            OptionsError { field, message: reason }
        });
        refused.map(|()| filled)
    }

    /// Whether the option schema is one, and can be checked with.
    pub(super) fn check_option_schema(&self) -> Result<(), ManifestError> {
        if let Some(schema) = &self.options {
            bounded::check(schema)?;
            validator(schema).map_err(|reason| ManifestError::Options { reason })?;
        }
        Ok(())
    }
}

/// References to other documents are an error: this crate's build of the validator has nothing to fetch them with.
fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| {
        let Explained { field, reason } = explain(&error);
        if field.is_empty() { reason } else { format!("{field}: {reason}") }
    })
}

/// Puts the `default` of every property that is missing into an object, and into the objects inside it.
fn fill(value: &mut Value, schema: &Value) {
    let (Value::Object(object), Some(Value::Object(properties))) = (value, schema.get("properties")) else { return };
    for (name, schema) in properties {
        match (object.get_mut(name), schema.get("default")) {
            (Some(inner), _) => fill(inner, schema),
            (None, Some(default)) => {
                object.insert(name.clone(), default.clone());
            }
            (None, None) => {}
        }
    }
}
