//! Limits of an option schema.
//!
//! The validator follows references by recursion. A long chain of them overflows the stack, which kills the process, and a
//! schema that two references name is visited twice, so the work can grow exponentially. In a schema without circles, the
//! depth depends on the schema alone and not on the settings. The limits are far above what settings need.

use jsonschema::Validator;
use serde_json::Value;

use super::{
    error::ManifestError,
    explain::{Explained, explain, not_fetched},
};
use crate::display::{format_bytes, shorten};

/// Bytes of the schema's text.
const MAX_BYTES: usize = 64 << 10;

/// Nesting depth of schemas, with references followed.
const MAX_DEPTH: usize = 64;

/// Number of schemas, each counted once per reference to it.
const MAX_SCHEMAS: usize = 10_000;

/// Keywords that refer to another schema.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Keywords whose members are schemas under free names.
const SCHEMA_MAPS: [&str; 6] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// Keywords that hold values and no schemas.
const VALUES: [&str; 4] = ["const", "default", "enum", "examples"];

/// Refuses an option schema that exceeds the limits or does not compile.
pub(super) fn check(schema: &Value) -> Result<(), ManifestError> {
    check_limits(schema)?;
    validator(schema).map(|_| ()).map_err(|reason| ManifestError::Options { reason })
}

/// Compiles an option schema. A reference to another document is an error: this crate's build of the validator cannot
/// fetch any.
pub(super) fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| {
        let Explained { field, reason } = explain(&error);
        if field.is_empty() { reason } else { format!("{field}: {reason}") }
    })
}

fn check_limits(schema: &Value) -> Result<(), ManifestError> {
    let found = schema.to_string().len();
    if found > MAX_BYTES {
        return Err(too_much(format!(
            "they have {}, and {} are allowed",
            format_bytes(found),
            format_bytes(MAX_BYTES)
        )));
    }
    Walk { whole: schema, path: Vec::new(), visited: 0 }.visit(schema)
}

/// A walk through a schema in the way of the validator.
struct Walk<'a> {
    whole: &'a Value,
    /// The schemas from the root to the current one.
    path: Vec<&'a Value>,
    visited: usize,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, schema: &'a Value) -> Result<(), ManifestError> {
        // `true` and `false` are schemas too, without members.
        let Value::Object(members) = schema else { return Ok(()) };
        if self.path.len() == MAX_DEPTH {
            return Err(too_much(format!(
                "their schemas lie in one another, or refer to one another, more than {MAX_DEPTH} deep"
            )));
        }
        self.visited += 1;
        if self.visited > MAX_SCHEMAS {
            return Err(too_much(format!("their references multiply to more than {MAX_SCHEMAS} schemas")));
        }
        self.path.push(schema);
        for (keyword, inner) in members {
            match (keyword.as_str(), inner) {
                (keyword, Value::String(to)) if REFERENCES.contains(&keyword) => self.follow(to)?,
                // An inner `$id` would become the base of the references inside that schema.
                ("$id", Value::String(id)) if self.path.len() > 1 => return Err(inner_id(id)),
                ("id", Value::String(id)) if self.path.len() > 1 && self.is_draft_4() => return Err(inner_id(id)),
                (keyword, _) if VALUES.contains(&keyword) => {}
                (keyword, Value::Object(schemas)) if SCHEMA_MAPS.contains(&keyword) => {
                    schemas.values().try_for_each(|schema| self.visit(schema))?;
                }
                // Unknown keywords are visited too, which is stricter than the validator.
                (_, Value::Object(_)) => self.visit(inner)?,
                (_, Value::Array(schemas)) => schemas.iter().try_for_each(|schema| self.visit(schema))?,
                _ => {}
            }
        }
        self.path.pop();
        Ok(())
    }

    fn follow(&mut self, to: &str) -> Result<(), ManifestError> {
        let pointer = to.strip_prefix('#').ok_or_else(|| ManifestError::Options { reason: not_fetched(to) })?;
        // Anchors and percent-encoded pointers are not supported.
        let target = self.whole.pointer(pointer).ok_or_else(|| {
            too_much(format!("they refer to {:?}, which leads nowhere; expected a path like #/$defs/name", shorten(to)))
        })?;
        if self.path.iter().any(|outer| std::ptr::eq(*outer, target)) {
            return Err(too_much(format!("they refer to {:?} from inside it, and so have no end", shorten(to))));
        }
        self.visit(target)
    }

    fn is_draft_4(&self) -> bool {
        self.whole.get("$schema").and_then(Value::as_str).is_some_and(|schema| schema.contains("draft-04"))
    }
}

fn inner_id(id: &str) -> ManifestError {
    too_much(format!("a schema inside them has the $id {:?}; only the whole may have one", shorten(id)))
}

fn too_much(reason: String) -> ManifestError {
    ManifestError::OptionSchema { reason }
}
