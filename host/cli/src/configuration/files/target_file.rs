//! The file of a target.

use inlet_api_types::{RawJson, configuration::TargetConfiguration};
use inlet_core::{delivery::check_target_key, json};

use super::{
    checked_object::Checks,
    secrets::{self, SecretReference, Secrets, variable_name},
};
use crate::configuration::{
    problem::Places,
    yaml::{Node, Value},
};

/// The members, in the order in which they are written.
pub const MEMBERS: [&str; 5] = ["kind", "url", "options", "workflows", "secrets"];

/// A target of an environment.
#[derive(Debug, Clone, Default)]
pub struct TargetFile {
    pub kind: String,
    pub url: Option<String>,
    /// JSON.
    pub options: Option<String>,
    pub workflows: Option<Vec<String>>,
    pub secrets: Secrets,
}

impl TargetFile {
    /// Reads the file of a target.
    pub fn read(slug: &str, key: &str, node: &Node, checks: &mut Checks<'_>, places: &mut Places) -> Self {
        let path = format!("environments.{slug}.targets.{key}");
        places.add_tree(&path, checks.file, node);
        if let Err(message) = check_target_key(key) {
            checks.fault(node.position, message.to_string());
        }
        if checks.object(node, "a target", &MEMBERS).is_none() {
            return Self::default();
        }
        let kind = match node.member("kind") {
            Some(kind) => checks.text(kind, "kind").unwrap_or_default(),
            None => {
                checks.fault(node.position, "kind is missing: webhook, temporal, events, knock, novu or another one");
                String::new()
            }
        };
        let options = node.member("options").filter(|options| checks.map(options, "options").is_some());
        let workflows = node.member("workflows").filter(|node| !matches!(node.value, Value::Null));
        let workflows = workflows.and_then(|node| checks.list(node, "workflows")).map(|items| {
            let keys = items.iter().filter_map(|item| checks.text(item, "workflows"));
            keys.collect()
        });
        let url = node.member("url").and_then(|url| checks.text(url, "url"));
        let secrets = node.member("secrets").map(|secrets| secrets::read(secrets, checks)).unwrap_or_default();
        let options = options.map(Node::to_json).filter(|options| options != "{}");
        Self { kind, url, options, workflows, secrets }
    }

    /// Returns the part of the API's document. `lookup` finds the values of secrets.
    pub fn document(&self, lookup: &dyn Fn(&str) -> Option<String>) -> TargetConfiguration {
        let raw = |text: String| RawJson::parse(text).ok();
        let secret = |reference: &SecretReference| reference.value(lookup).and_then(raw);
        TargetConfiguration {
            kind: self.kind.clone(),
            url: self.url.as_deref().map(json::quote).and_then(raw),
            options: self.options.clone().and_then(raw),
            workflows: self.workflows.clone(),
            secrets: self.secrets.iter().map(|(name, reference)| (name.clone(), secret(reference))).collect(),
        }
    }

    /// Returns the file of a server's target. References to secrets are those of the present file.
    pub fn of_server(slug: &str, key: &str, server: &TargetConfiguration, present: Option<&TargetFile>) -> Self {
        let reference = |name: &String| {
            let variable = variable_name(&[slug, "target", key, name]);
            (name.clone(), SecretReference::of(variable))
        };
        Self {
            kind: server.kind.clone(),
            url: server.url.as_ref().and_then(RawJson::to_str),
            options: server.options.as_ref().map(|options| options.as_text().to_owned()),
            workflows: server.workflows.clone(),
            secrets: match present {
                Some(present) => present.secrets.clone(),
                None => server.secrets.keys().map(reference).collect(),
            },
        }
    }

    /// Returns the file as JSON, in the order of its members.
    pub fn to_json(&self) -> String {
        let workflows = self.workflows.as_ref();
        let members = [
            ("kind", Some(json::quote(&self.kind))),
            ("url", self.url.as_deref().map(json::quote)),
            ("options", self.options.clone()),
            ("workflows", workflows.map(|keys| json::array(keys.iter().map(|key| json::quote(key))))),
            ("secrets", secrets::to_json(&self.secrets)),
        ];
        json::object(members.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?))))
    }
}
