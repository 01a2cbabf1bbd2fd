//! A plugin's own settings, which an operator sets under `options`.

use serde_json::{Map, Value};

use super::{
    explain::{Explained, explain},
    option_schema::validator,
    types::Manifest,
};

/// A setting that the plugin's option schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("options{}{field}: {message}", if field.is_empty() { "" } else { "." })]
pub struct OptionsError {
    /// Path of the setting, for example `include.0`; empty if the error concerns all of them.
    pub field: String,
    /// The difference from the schema.
    pub message: String,
}

impl Manifest {
    /// Checks an operator's settings against the plugin's option schema and fills in the schema's defaults. A plugin
    /// without a schema has no settings.
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
        // Loading the plugin refused a schema that does not compile.
        let validator = validator(schema).map_err(|message| OptionsError { field: String::new(), message })?;
        let refused = validator.validate(&filled).map_err(|error| {
            let Explained { field, reason } = explain(&error);
            OptionsError { field, message: reason }
        });
        refused.map(|()| filled)
    }
}

/// Adds the `default` of every missing property to an object and its inner objects.
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
