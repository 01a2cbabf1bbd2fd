//! Entries about variables. A secret value appears as `"set"` or `"changed"`, never by value.

use inlet_core::{json, variables::VariableType};
use inlet_store::{Author, Environment, NewChange, NewVariable, VariableRecord};

use super::string_or_null;

/// Logs the creation or the change of a variable.
pub(crate) fn variable_put(
    author: Author,
    environment: &Environment,
    present: Option<&VariableRecord>,
    new: &NewVariable,
) -> NewChange {
    let value = match (new.variable_type, &new.value, present) {
        (VariableType::Public, Some(value), _) => json::quote(value),
        (_, None, Some(present)) => shown_value(present),
        (_, _, None) => "\"set\"".to_owned(),
        (_, _, Some(_)) => "\"changed\"".to_owned(),
    };
    let after = shown(new.variable_type, &value, new.description.as_deref());
    let before = present.map(shown_record);
    let (before, after) = match before {
        None => (None, after),
        Some(before) => {
            let (before, after) = json::difference(&before, &after);
            (Some(before), after)
        }
    };
    entry(author, "upsertVariable", environment, &new.key, before, Some(after))
}

/// Logs the deletion of a variable.
pub(crate) fn variable_deleted(author: Author, environment: &Environment, variable: &VariableRecord) -> NewChange {
    entry(author, "deleteVariable", environment, &variable.key, Some(shown_record(variable)), None)
}

fn entry(
    author: Author,
    operation: &'static str,
    environment: &Environment,
    key: &str,
    before: Option<String>,
    after: Option<String>,
) -> NewChange {
    let resource = format!("variables/{key}");
    NewChange { author, operation, resource, environment_id: Some(environment.id), before, after }
}

fn shown_record(variable: &VariableRecord) -> String {
    shown(variable.variable_type, &shown_value(variable), variable.description.as_deref())
}

fn shown_value(variable: &VariableRecord) -> String {
    variable.value.as_deref().map_or_else(|| "\"set\"".to_owned(), json::quote)
}

fn shown(variable_type: VariableType, value: &str, description: Option<&str>) -> String {
    json::object([
        ("type", json::quote(variable_type.as_str()).as_str()),
        ("value", value),
        ("description", &string_or_null(description)),
    ])
}
