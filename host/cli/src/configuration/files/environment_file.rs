//! The file of an environment: its settings and its variables.

use std::collections::BTreeMap;

use inlet_api_types::configuration::{EnvironmentConfiguration, EnvironmentSettings, VariableConfiguration};
use inlet_core::{json, variables::check_key};

use super::{
    checked_object::Checks,
    secrets::{SecretReference, variable_name},
};
use crate::configuration::{
    problem::Places,
    yaml::{Member, Node, Value},
};

/// The members, in the order in which they are written.
pub const MEMBERS: [&str; 6] =
    ["name", "retention_days", "body_retention_days", "keep_bodies", "hide_personal_data", "variables"];

/// The members of a variable that is no plain text.
pub const VARIABLE_MEMBERS: [&str; 3] = ["type", "value", "description"];

/// An environment.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentFile {
    pub settings: EnvironmentSettings,
    /// None if the file says nothing about them.
    pub variables: Option<BTreeMap<String, Variable>>,
}

/// A variable: public with a text, or secret with a reference to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub value: VariableValue,
    pub description: Option<String>,
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableValue {
    Public(String),
    Secret(Option<SecretReference>),
}

impl EnvironmentFile {
    /// Reads the file of the environment `slug`.
    pub fn read(slug: &str, node: &Node, checks: &mut Checks<'_>, places: &mut Places) -> Self {
        let path = format!("environments.{slug}");
        places.add(&path, checks.file, node.position);
        checks.key(slug, node.position, "the environment");
        let Some(members) = checks.object(node, "an environment", &MEMBERS) else { return Self::default() };
        let mut file = Self::default();
        if node.member("name").is_none() {
            checks.fault(node.position, "name is missing: the name for people");
        }
        for Member { name, position, node } in members {
            let settings = &mut file.settings;
            places.add(&format!("{path}.settings.{name}"), checks.file, *position);
            match name.as_str() {
                "name" => settings.name = checks.text(node, name).unwrap_or_default(),
                "retention_days" => settings.retention_days = checks.days(node, name),
                "body_retention_days" => settings.body_retention_days = checks.days(node, name),
                "keep_bodies" => {
                    settings.keep_bodies = checks.text(node, name);
                    if !matches!(settings.keep_bodies.as_deref(), Some("all" | "failures") | None) {
                        checks.fault(node.position, "keep_bodies: expected all or failures");
                    }
                }
                "hide_personal_data" => settings.hide_personal_data = checks.boolean(node, name),
                "variables" => {
                    places.add_tree(&format!("{path}.variables"), checks.file, node);
                    let members = checks.map(node, "variables").unwrap_or_default();
                    let variables =
                        members.iter().filter_map(|member| Some((member.name.clone(), variable(member, checks)?)));
                    file.variables = Some(variables.collect());
                }
                _ => {}
            }
        }
        file
    }

    /// Returns the part of the API's document, without targets. `lookup` finds the values of secrets.
    pub fn document(&self, lookup: &dyn Fn(&str) -> Option<String>) -> EnvironmentConfiguration {
        let document = |variable: &Variable| {
            let (variable_type, value) = match &variable.value {
                VariableValue::Public(text) => (None, Some(text.clone())),
                VariableValue::Secret(reference) => {
                    let text = reference.as_ref().and_then(|reference| lookup(reference.variables.first()?));
                    (Some("secret".to_owned()), text)
                }
            };
            VariableConfiguration { variable_type, value, description: variable.description.clone() }
        };
        let variables = self.variables.as_ref();
        EnvironmentConfiguration {
            settings: Some(self.settings.clone()),
            targets: None,
            variables: variables
                .map(|all| all.iter().map(|(key, variable)| (key.clone(), document(variable))).collect()),
        }
    }

    /// Returns the file of a server's environment. References to secrets are those of the present file.
    pub fn of_server(slug: &str, server: &EnvironmentConfiguration, present: Option<&EnvironmentFile>) -> Self {
        let variable = |key: &String, found: &VariableConfiguration| {
            let value = match found.variable_type.as_deref() {
                Some("secret") => {
                    let known = present.and_then(|present| present.variables.as_ref()?.get(key));
                    match known.map(|known| &known.value) {
                        Some(VariableValue::Secret(reference)) => VariableValue::Secret(reference.clone()),
                        _ => {
                            let variable = variable_name(&[slug, "variable", key]);
                            VariableValue::Secret(Some(SecretReference::of(variable)))
                        }
                    }
                }
                _ => VariableValue::Public(found.value.clone().unwrap_or_default()),
            };
            Variable { value, description: found.description.clone() }
        };
        let variables = server.variables.as_ref();
        Self {
            settings: server.settings.clone().unwrap_or_default(),
            variables: variables
                .map(|all| all.iter().map(|(key, found)| (key.clone(), variable(key, found))).collect()),
        }
    }

    /// Returns the file as JSON, in the order of its members.
    pub fn to_json(&self) -> String {
        let settings = serde_json::to_string(&self.settings).unwrap_or_default();
        let mut members: Vec<(String, String)> = json::members(&settings)
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value.to_owned()))
            .collect();
        if let Some(variables) = &self.variables {
            let all: Vec<_> = variables.iter().map(|(key, variable)| (key, variable.to_json())).collect();
            let text = json::object(all.iter().map(|(key, text)| (*key, text.as_str())));
            members.push(("variables".to_owned(), text));
        }
        json::object(members.iter().map(|(name, value)| (name, value.as_str())))
    }
}

impl Variable {
    fn to_json(&self) -> String {
        let description = self.description.as_deref().map(json::quote);
        let (kind, value) = match (&self.value, &description) {
            (VariableValue::Public(text), None) => return json::quote(text),
            (VariableValue::Public(text), Some(_)) => (None, Some(json::quote(text))),
            (VariableValue::Secret(reference), _) => {
                (Some(json::quote("secret")), reference.as_ref().map(SecretReference::to_json))
            }
        };
        let members = [("type", kind), ("value", value), ("description", description)];
        json::object(members.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?))))
    }
}

/// Reads a variable: a text, or an object with its type.
fn variable(member: &Member, checks: &mut Checks<'_>) -> Option<Variable> {
    let Member { name: key, position, node } = member;
    if let Err(message) = check_key(key) {
        checks.fault(*position, message.to_string());
    }
    let Value::Map(_) = &node.value else {
        let text = checks.text(node, key)?;
        return Some(Variable { value: VariableValue::Public(text), description: None });
    };
    checks.object(node, "a variable", &VARIABLE_MEMBERS)?;
    let description = node.member("description").and_then(|node| checks.text(node, "description"));
    let kind = node.member("type").map(|node| (node.position, checks.text(node, "type")));
    let value = match kind {
        Some((_, Some(kind))) if kind == "secret" => {
            let value = node.member("value").filter(|value| !matches!(value.value, Value::Null));
            VariableValue::Secret(value.and_then(|value| SecretReference::read(value, checks)))
        }
        Some((_, Some(kind))) if kind == "public" => VariableValue::Public(public_value(member, checks)?),
        Some((position, Some(kind))) => {
            checks.fault(position, format!("type: found {kind:?}, expected public or secret"));
            return None;
        }
        Some((_, None)) => return None,
        None => VariableValue::Public(public_value(member, checks)?),
    };
    Some(Variable { value, description })
}

fn public_value(member: &Member, checks: &mut Checks<'_>) -> Option<String> {
    match member.node.member("value") {
        Some(value) if value.members().is_some() => {
            checks.fault(value.position, "value: a reference is for a variable of the type secret; add type: secret");
            None
        }
        Some(value) => checks.text(value, "value"),
        None => {
            checks.fault(member.position, "value is missing");
            None
        }
    }
}
