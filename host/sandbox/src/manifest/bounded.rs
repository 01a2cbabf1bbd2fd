//! How much an option schema may be.
//!
//! The validator follows references by recursion, so that a long chain of them takes more stack than a thread has, and the
//! process with it; and what two references lead to is visited twice, and so on. Without a circle, the schema alone says how
//! deep that goes, whatever the settings are. What is refused here is far from what settings need.

use serde_json::Value;

use super::{explain::not_fetched, read::ManifestError};
use crate::limits::{bytes, shortened};

/// Bytes of its text.
const MAX_BYTES: usize = 64 << 10;

/// Schemas in one another, through references as well.
const MAX_DEPTH: usize = 64;

/// Schemas, each as often as it is referred to.
const MAX_SCHEMAS: usize = 10_000;

/// What refers to another schema.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Whose members are schemas, under names of their own.
const OF_SCHEMAS: [&str; 6] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// What holds values and no schemas.
const OF_VALUES: [&str; 4] = ["const", "default", "enum", "examples"];

/// Refuses an option schema of too much.
pub(super) fn check(schema: &Value) -> Result<(), ManifestError> {
    let found = schema.to_string().len();
    if found > MAX_BYTES {
        return Err(too_much(format!("they have {}, and {} are allowed", bytes(found), bytes(MAX_BYTES))));
    }
    Walk { whole: schema, path: Vec::new(), visited: 0 }.visit(schema)
}

/// Goes where the validator goes.
struct Walk<'a> {
    whole: &'a Value,
    /// From the whole to where it is.
    path: Vec<&'a Value>,
    visited: usize,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, schema: &'a Value) -> Result<(), ManifestError> {
        // `true` and `false` are schemas as well.
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
                // It would be the base of the references inside it.
                ("$id", Value::String(id)) if self.path.len() > 1 => return Err(of_its_own(id)),
                ("id", Value::String(id)) if self.path.len() > 1 && self.is_draft_4() => return Err(of_its_own(id)),
                (keyword, _) if OF_VALUES.contains(&keyword) => {}
                (keyword, Value::Object(schemas)) if OF_SCHEMAS.contains(&keyword) => {
                    schemas.values().try_for_each(|schema| self.visit(schema))?;
                }
                // Also under a keyword that we do not know: then this is stricter than the validator.
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
        // Anchors and escapes are for schemas that are larger than these.
        let target = self.whole.pointer(pointer).ok_or_else(|| {
            too_much(format!(
                "they refer to {:?}, which leads nowhere; expected a path like #/$defs/name",
                shortened(to)
            ))
        })?;
        if self.path.iter().any(|outer| std::ptr::eq(*outer, target)) {
            return Err(too_much(format!("they refer to {:?} from inside it, and so have no end", shortened(to))));
        }
        self.visit(target)
    }

    fn is_draft_4(&self) -> bool {
        self.whole.get("$schema").and_then(Value::as_str).is_some_and(|schema| schema.contains("draft-04"))
    }
}

fn of_its_own(id: &str) -> ManifestError {
    too_much(format!("a schema inside them has the $id {:?}; only the whole may have one", shortened(id)))
}

fn too_much(reason: String) -> ManifestError {
    ManifestError::OptionSchema { reason }
}
