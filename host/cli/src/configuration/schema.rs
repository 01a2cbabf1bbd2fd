//! `inlet schema`: the JSON Schema of configuration files, for editors.
//!
//! It is made from the types of the API, so that descriptions and limits are theirs.

use anyhow::Context as _;
use inlet_api_types::{
    configuration::{EnvironmentSettings, SourceConfiguration, TargetConfiguration},
    sources::{MappingRequest, SettingsRequest},
};
use inlet_core::actions::ActionType;
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

use super::files::Kind;
use crate::output::print;

/// The members of settings that a file has elsewhere, or not at all.
const NO_SETTINGS: [&str; 4] =
    ["signing_secret", "write_key", "signing_secret_overlap_seconds", "write_key_overlap_seconds"];

#[derive(Debug, clap::Args)]
#[command(after_help = "The output is JSON, so there is no --json.")]
pub struct Arguments {
    /// The kind of file
    #[arg(value_enum)]
    kind: Kind,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    print(text(arguments.kind)?.trim_end())
}

/// Returns the paths and texts of all schemas in a folder of configuration.
pub fn files() -> anyhow::Result<Vec<(String, String)>> {
    Kind::ALL.into_iter().map(|kind| Ok((path(kind), text(kind)?))).collect()
}

/// Returns the path of a schema in a folder of configuration.
pub fn path(kind: Kind) -> String {
    format!(".schema/{}.json", kind.name())
}

fn text(kind: Kind) -> anyhow::Result<String> {
    let schema = match kind {
        Kind::Source => source()?,
        Kind::Target => target()?,
        Kind::Environment => environment()?,
    };
    Ok(format!("{}\n", serde_json::to_string_pretty(&schema)?))
}

/// Returns the members of a type of the API, each with its schema.
fn members<T: PartialSchema>() -> anyhow::Result<Map<String, Value>> {
    let mut schema = serde_json::to_value(T::schema()).context("cannot write a schema")?;
    let members = schema.get_mut("properties").map(Value::take);
    match members {
        Some(Value::Object(members)) => Ok(members),
        _ => anyhow::bail!("a type of the API has no members"),
    }
}

/// Returns some members of a type of the API.
fn some<T: PartialSchema>(names: &[&str]) -> anyhow::Result<Map<String, Value>> {
    let mut all = members::<T>()?;
    all.retain(|name, _| names.contains(&name.as_str()));
    Ok(all)
}

fn object(title: &str, required: &[&str], properties: Map<String, Value>) -> Value {
    let mut schema = json!({"title": title, "type": "object", "additionalProperties": false, "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn root(mut schema: Value) -> Value {
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema
}

fn reference() -> Value {
    json!({
        "description": "The variable of the environment of `inlet apply` that holds the secret. Where it is not set, the \
                        secret stays as it is on the server.",
        "type": "object",
        "additionalProperties": false,
        "required": ["from_env"],
        "properties": {"from_env": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}},
    })
}

fn references(description: &str, names: &[&str]) -> Value {
    let secret = json!({"anyOf": [reference(), {"type": "array", "minItems": 1, "items": reference()}]});
    let mut schema = json!({"description": description, "type": "object", "additionalProperties": secret});
    if !names.is_empty() {
        schema["propertyNames"] = json!({"enum": names});
    }
    schema
}

fn settings() -> anyhow::Result<Value> {
    let mut all = members::<SettingsRequest>()?;
    all.retain(|name, _| !NO_SETTINGS.contains(&name.as_str()));
    // These two are types of their own in the API's document.
    let path = json!({"type": ["string", "null"]});
    let paths = json!({"type": "array", "minItems": 1, "maxItems": 10, "items": {"type": "string"}});
    for (name, schema) in [
        ("idempotency_key_path", json!({"anyOf": [path, paths]})),
        ("on_reject", json!({"enum": ["accept", "refuse", null]})),
    ] {
        // The description stands beside the reference to the type.
        let member = all.get(name).unwrap_or(&Value::Null);
        let alternatives = member["oneOf"].as_array().into_iter().flatten();
        let description = alternatives.chain([member]).find_map(|schema| schema["description"].as_str());
        let mut schema = schema;
        schema["description"] = json!(description.unwrap_or_default());
        all.insert(name.to_owned(), schema);
    }
    let mut schema = object("Settings", &[], all);
    schema["description"] = json!("The settings that differ from the plugin's defaults. All others get their default.");
    Ok(schema)
}

fn mappings() -> anyhow::Result<Value> {
    let mut all = some::<MappingRequest>(&["event_type", "action_type", "when", "action_parameters", "active"])?;
    let actions: Vec<&str> = ActionType::ALL.iter().map(|action| action.as_str()).collect();
    all.insert("action_type".to_owned(), json!({"description": "The action.", "enum": actions}));
    let mapping = object("Mapping", &["event_type", "action_type"], all);
    Ok(json!({
        "description": "All mappings, oldest first. Without this member they stay as they are.",
        "type": "array",
        "maxItems": 1000,
        "items": mapping,
    }))
}

fn source() -> anyhow::Result<Value> {
    let plugin = json!({
        "description": "The version of the plugin: `bundled`, `latest`, a version that was added, or its digest.",
        "type": "string",
    });
    let shared = || -> anyhow::Result<Map<String, Value>> {
        Ok(Map::from_iter([
            ("plugin".to_owned(), plugin.clone()),
            ("settings".to_owned(), settings()?),
            ("mappings".to_owned(), mappings()?),
        ]))
    };
    let mut own = shared()?;
    let secrets = references("The secrets, each by the variable that holds it.", &["signing_secret", "write_key"]);
    own.insert("secrets".to_owned(), secrets);
    let mut environment = object("Environment", &[], own);
    environment["type"] = json!(["object", "null"]);
    environment["description"] = json!("What is different here. A list of mappings replaces the one at the top.");
    let mut all = some::<SourceConfiguration>(&["name", "provider", "description", "custom_image_url"])?;
    all.extend(shared()?);
    let environments = json!({
        "description": "The environments that this file is about.",
        "type": "object",
        "additionalProperties": environment,
    });
    all.insert("environments".to_owned(), environments);
    Ok(root(object("A source of Inlet", &["name", "environments"], all)))
}

fn target() -> anyhow::Result<Value> {
    let mut all = some::<TargetConfiguration>(&["kind", "url", "options", "workflows"])?;
    let description = "The secrets, each by the variable that holds it, such as signing_secret or \
                       secret_headers.authorization.";
    all.insert("secrets".to_owned(), references(description, &[]));
    Ok(root(object("A target of Inlet", &["kind"], all)))
}

fn environment() -> anyhow::Result<Value> {
    let mut all = members::<EnvironmentSettings>()?;
    all.insert(
        "keep_bodies".to_owned(),
        json!({"description": "The events whose bodies are kept.", "enum": ["all", "failures"]}),
    );
    let description = json!({"description": "Human-readable description.", "type": "string", "maxLength": 4096});
    let public = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["value"],
        "properties": {"type": {"const": "public"}, "value": {"type": "string"}, "description": description},
    });
    let secret = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["type"],
        "properties": {"type": {"const": "secret"}, "value": reference(), "description": description},
    });
    let variables = json!({
        "description": "The texts that mappings read as `vars.KEY`: a text, or an object with a type.",
        "type": "object",
        "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$"},
        "additionalProperties": {"anyOf": [{"type": "string"}, public, secret]},
    });
    all.insert("variables".to_owned(), variables);
    Ok(root(object("An environment of Inlet", &["name"], all)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use inlet_core::settings::Settings;

    use super::*;
    use crate::configuration::files::members_of;

    fn names(schema: &Value) -> BTreeSet<String> {
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_schemas_have_what_files_may_have() {
        for kind in Kind::ALL {
            let schema: Value = serde_json::from_str(&text(kind).unwrap()).unwrap();
            let read: BTreeSet<String> = members_of(kind).iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(names(&schema), read, "{kind:?}");
        }
        let settings: BTreeSet<String> =
            serde_json::to_value(Settings::default()).unwrap().as_object().unwrap().keys().cloned().collect();
        assert_eq!(names(&self::settings().unwrap()), settings);
    }

    #[test]
    fn nothing_refers_to_what_is_not_in_the_file() {
        for kind in Kind::ALL {
            assert!(!text(kind).unwrap().contains("$ref"), "{kind:?}");
        }
    }
}
