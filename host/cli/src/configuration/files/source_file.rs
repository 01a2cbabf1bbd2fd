//! The file of a source. What all of its environments share stands once at the top; what an environment has for itself wins.

use std::collections::{BTreeMap, BTreeSet};

use inlet_api_types::{
    RawJson,
    configuration::{SourceConfiguration, SourceEnvironmentConfiguration},
    sources::MappingRequest,
};
use inlet_core::json;

use super::{
    checked_object::Checks,
    checks,
    secrets::{self, SecretReference, Secrets, variable_name},
};
use crate::configuration::{
    problem::Places,
    yaml::{Member, Node, Value},
};

/// The members at the top, in the order in which they are written.
pub const MEMBERS: [&str; 8] =
    ["name", "provider", "description", "custom_image_url", "plugin", "settings", "mappings", "environments"];

/// The members of an environment.
pub const ENVIRONMENT_MEMBERS: [&str; 4] = ["plugin", "settings", "secrets", "mappings"];

/// The members of a mapping.
pub const MAPPING_MEMBERS: [&str; 5] = ["event_type", "action_type", "when", "action_parameters", "active"];

/// A source, with its whole configuration in each environment.
#[derive(Debug, Clone, Default)]
pub struct SourceFile {
    pub name: Option<String>,
    pub provider: Option<String>,
    pub description: Option<String>,
    pub custom_image_url: Option<String>,
    pub environments: BTreeMap<String, SourceEnvironment>,
}

/// The configuration of a source in one environment; what is none stays as it is on the server.
#[derive(Debug, Clone, Default)]
pub struct SourceEnvironment {
    pub plugin: Option<String>,
    /// JSON by setting.
    pub settings: Option<BTreeMap<String, String>>,
    pub secrets: Secrets,
    /// JSON of each mapping.
    pub mappings: Option<Vec<String>>,
}

impl SourceFile {
    /// Reads the file of the source `key`. The places are added under the paths of the API's document.
    pub fn read(key: &str, node: &Node, checks: &mut Checks<'_>, places: &mut Places) -> Self {
        let path = format!("sources.{key}");
        places.add(&path, checks.file, node.position);
        checks.key(key, node.position, "the source");
        let Some(members) = checks.object(node, "a source", &MEMBERS) else { return Self::default() };
        for member in members {
            places.add(&format!("{path}.{}", member.name), checks.file, member.position);
        }
        let text = |name: &str, checks: &mut Checks<'_>| checks.text(node.member(name)?, name);
        let mut file = Self {
            name: text("name", checks),
            provider: text("provider", checks),
            description: text("description", checks),
            custom_image_url: text("custom_image_url", checks),
            environments: BTreeMap::new(),
        };
        if node.member("name").is_none() {
            checks.fault(node.position, "name is missing: the name for people");
        }
        let shared = SharedParts::read(node, checks);
        let environments = node.member("environments").and_then(|node| checks.map(node, "environments"));
        if node.member("environments").is_none() {
            let message = "environments is missing: it lists those that this file is about, such as {production: {}}";
            checks.fault(node.position, message);
        }
        for Member { name: slug, position, node } in environments.unwrap_or_default() {
            let path = format!("{path}.environments.{slug}");
            checks.key(slug, *position, "the environment");
            let own = match node.value {
                Value::Null => SharedParts::default(),
                _ => match checks.object(node, "an environment of a source", &ENVIRONMENT_MEMBERS) {
                    Some(_) => SharedParts::read(node, checks),
                    None => continue,
                },
            };
            let secrets = node.member("secrets");
            places.add(&path, checks.file, *position);
            shared.add_places(&path, checks.file, places);
            own.add_places(&path, checks.file, places);
            if let Some(secrets) = secrets {
                places.add_tree(&format!("{path}.secrets"), checks.file, secrets);
            }
            let secrets = secrets.map(|secrets| secrets::read(secrets, checks)).unwrap_or_default();
            file.environments.insert(slug.clone(), shared.with(&own, secrets));
        }
        file
    }

    /// Returns the part of the API's document. `lookup` finds the values of secrets.
    pub fn document(&self, lookup: &dyn Fn(&str) -> Option<String>) -> SourceConfiguration {
        let environments = self.environments.iter();
        SourceConfiguration {
            name: self.name.clone(),
            provider: self.provider.clone(),
            description: self.description.clone(),
            custom_image_url: self.custom_image_url.clone(),
            environments: environments
                .map(|(slug, environment)| (slug.clone(), environment.document(lookup)))
                .collect(),
        }
    }

    /// Returns the file of a server's source. Other environments, and references to secrets, are those of the present file.
    pub fn of_server(key: &str, server: &SourceConfiguration, present: Option<&SourceFile>) -> Self {
        let mut environments = present.map(|present| present.environments.clone()).unwrap_or_default();
        for (slug, found) in &server.environments {
            let secrets = match present.and_then(|present| present.environments.get(slug)) {
                Some(present) => present.secrets.clone(),
                None => found
                    .secrets
                    .keys()
                    .map(|name| {
                        let variable = variable_name(&[slug, "source", key, name]);
                        (name.clone(), SecretReference::of(variable))
                    })
                    .collect(),
            };
            environments.insert(slug.clone(), SourceEnvironment { secrets, ..SourceEnvironment::of_server(found) });
        }
        Self {
            name: server.name.clone(),
            provider: server.provider.clone(),
            description: server.description.clone(),
            custom_image_url: server.custom_image_url.clone(),
            environments,
        }
    }

    /// Returns the file as JSON, in the order of its members. What all environments have alike stands at the top.
    pub fn to_json(&self) -> String {
        let all: Vec<&SourceEnvironment> = self.environments.values().collect();
        let plugin = alike(&all, |environment| environment.plugin.clone());
        let mappings = alike(&all, |environment| environment.mappings.clone());
        let have_settings = !all.is_empty() && all.iter().all(|environment| environment.settings.is_some());
        let names: BTreeSet<&String> =
            all.iter().flat_map(|environment| environment.settings.iter().flatten()).map(|(name, _)| name).collect();
        let settings: BTreeMap<&String, String> = names
            .into_iter()
            .filter_map(|name| {
                Some((name, alike(&all, |environment| environment.settings.as_ref()?.get(name).cloned())?))
            })
            .filter(|_| have_settings)
            .collect();
        let mut members: Vec<(&str, String)> = Vec::new();
        let texts = [
            ("name", &self.name),
            ("provider", &self.provider),
            ("description", &self.description),
            ("custom_image_url", &self.custom_image_url),
            ("plugin", &plugin),
        ];
        members.extend(texts.into_iter().filter_map(|(name, text)| Some((name, json::quote(text.as_ref()?)))));
        // No settings at all would mean that they stay as they are.
        let own_settings = |environment: &SourceEnvironment| {
            let of_own = environment.settings.iter().flatten().filter(|(name, _)| !settings.contains_key(name));
            of_own.map(|(name, value)| (name.clone(), value.clone())).collect::<BTreeMap<_, _>>()
        };
        if have_settings {
            members.push(("settings", object(settings.iter().map(|(name, value)| (*name, value)))));
        }
        if let Some(mappings) = &mappings {
            members.push(("mappings", json::array(mappings)));
        }
        let environments: Vec<_> = self
            .environments
            .iter()
            .map(|(slug, environment)| {
                let mut members: Vec<(&str, String)> = Vec::new();
                let own = environment.plugin.as_ref().filter(|_| plugin.is_none());
                members.extend(own.map(|plugin| ("plugin", json::quote(plugin))));
                let own = own_settings(environment);
                if !own.is_empty() || (environment.settings.is_some() && !have_settings) {
                    members.push(("settings", object(own.iter())));
                }
                members.extend(secrets::to_json(&environment.secrets).map(|text| ("secrets", text)));
                let own = environment.mappings.as_ref().filter(|_| mappings.is_none());
                members.extend(own.map(|mappings| ("mappings", json::array(mappings))));
                (slug, json::object(members.iter().map(|(name, text)| (*name, text.as_str()))))
            })
            .collect();
        members.push(("environments", object(environments.iter().map(|(slug, text)| (*slug, text)))));
        json::object(members.iter().map(|(name, text)| (*name, text.as_str())))
    }
}

/// Returns a value that all environments have alike.
fn alike<T: PartialEq>(all: &[&SourceEnvironment], value: impl Fn(&SourceEnvironment) -> Option<T>) -> Option<T> {
    let (first, others) = all.split_first()?;
    let found = value(first)?;
    others.iter().all(|other| value(other).as_ref() == Some(&found)).then_some(found)
}

fn object<'a>(members: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    json::object(members.map(|(name, text)| (name, text.as_str())))
}

impl SourceEnvironment {
    fn document(&self, lookup: &dyn Fn(&str) -> Option<String>) -> SourceEnvironmentConfiguration {
        let secret = |reference: &SecretReference| reference.value(lookup).and_then(|text| RawJson::parse(text).ok());
        SourceEnvironmentConfiguration {
            plugin: self.plugin.clone(),
            settings: self
                .settings
                .as_ref()
                .map(|settings| serde_json::from_str(&object(settings.iter())).unwrap_or_default()),
            secrets: self.secrets.iter().map(|(name, reference)| (name.clone(), secret(reference))).collect(),
            mappings: self
                .mappings
                .as_ref()
                .map(|mappings| mappings.iter().map(|text| serde_json::from_str(text).unwrap_or_default()).collect()),
        }
    }

    fn of_server(found: &SourceEnvironmentConfiguration) -> Self {
        let text = |value: &_| serde_json::to_string(value).unwrap_or_default();
        let settings = found.settings.as_ref().map(|settings| {
            let text = serde_json::to_string(settings).unwrap_or_default();
            let members = json::members(&text).unwrap_or_default();
            members.into_iter().map(|(name, value)| (name.into_owned(), value.to_owned())).collect()
        });
        let mapping = |mapping: &MappingRequest| text(mapping);
        Self {
            plugin: found.plugin.clone(),
            settings,
            secrets: Secrets::new(),
            mappings: found.mappings.as_ref().map(|mappings| mappings.iter().map(mapping).collect()),
        }
    }
}

/// The parts that may stand at the top and in an environment.
#[derive(Debug, Default)]
struct SharedParts<'n> {
    plugin: Option<(&'n Node, String)>,
    settings: Option<&'n Node>,
    mappings: Option<&'n Node>,
}

impl<'n> SharedParts<'n> {
    fn read(node: &'n Node, checks: &mut Checks<'_>) -> Self {
        let plugin = node.member("plugin").and_then(|node| Some((node, checks.text(node, "plugin")?)));
        let settings = node.member("settings").filter(|settings| match checks.map(settings, "settings") {
            None => false,
            Some(members) => {
                checks::check_settings(members, checks);
                true
            }
        });
        let mappings = node.member("mappings").filter(|mappings| match checks.list(mappings, "mappings") {
            None => false,
            Some(items) => {
                checks::check_mappings(items, checks);
                true
            }
        });
        Self { plugin, settings, mappings }
    }

    fn add_places(&self, path: &str, file: &str, places: &mut Places) {
        if let Some((node, _)) = &self.plugin {
            places.add(&format!("{path}.plugin"), file, node.position);
        }
        if let Some(settings) = self.settings {
            places.add_tree(&format!("{path}.settings"), file, settings);
        }
        if let Some(mappings) = self.mappings {
            places.add_tree(&format!("{path}.mappings"), file, mappings);
        }
    }

    /// Returns the parts of an environment: its own, and those of the top where it has none. A setting that is null there has
    /// its default.
    fn with(&self, own: &Self, secrets: Secrets) -> SourceEnvironment {
        let settings = (self.settings.is_some() || own.settings.is_some()).then(|| {
            let mut merged = BTreeMap::new();
            for node in [self.settings, own.settings].into_iter().flatten() {
                for member in node.members().unwrap_or_default() {
                    merged.insert(member.name.clone(), member.node.to_json());
                }
            }
            merged.retain(|_, value| value != "null");
            merged
        });
        let mappings = own.mappings.or(self.mappings).and_then(|node| match &node.value {
            Value::List(items) => Some(items.iter().map(Node::to_json).collect()),
            _ => None,
        });
        let plugin = own.plugin.as_ref().or(self.plugin.as_ref()).map(|(_, text)| text.clone());
        SourceEnvironment { plugin, settings, secrets, mappings }
    }
}
