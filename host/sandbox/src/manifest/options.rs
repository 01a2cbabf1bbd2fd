//! The plugin's own settings: what an operator may set under `options`.

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::{
    Manifest,
    read::{ManifestError, field, shortened},
};

/// Settings that the plugin's option schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("options: {field}: {message}")]
pub struct OptionsError {
    /// Which setting, for example `include.0`.
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
            return Err(OptionsError { field: field(""), message: "expected an object".to_owned() });
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
        let refused = |field: String, message: String| OptionsError { field, message: shortened(&message) };
        let validator = validator(schema).map_err(|reason| refused(field(""), reason))?;
        match validator.validate(&filled) {
            Ok(()) => Ok(filled),
            Err(error) => Err(refused(field(error.instance_path().as_str()), error.to_string())),
        }
    }

    /// Whether the option schema is one, and fills itself in.
    pub(super) fn check_option_schema(&self) -> Result<(), ManifestError> {
        if let Some(schema) = &self.options {
            validator(schema).map_err(|reason| ManifestError::Options { reason: shortened(&reason) })?;
        }
        Ok(())
    }
}

/// References to other documents are an error: this crate's build of the validator has nothing to fetch them with.
fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| error.to_string())
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
