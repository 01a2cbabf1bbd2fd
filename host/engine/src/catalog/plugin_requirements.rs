//! The requirements of a source environment that a plugin meets to come into force by itself.

use inlet_core::verification::Template;
use inlet_sandbox::Plugin;
use serde_json::{Map, Value};

/// The requirements of a source environment that a plugin meets to come into force without an operator's choice.
#[derive(Clone, Copy)]
pub struct PluginRequirements<'a> {
    /// The verification scheme in force.
    pub scheme: Option<&'a Template>,
    /// The plugin's options that are set.
    pub options: &'a Map<String, Value>,
}

impl PluginRequirements<'_> {
    /// Returns true if a plugin has the same verification scheme and takes the options.
    pub(crate) fn are_met_by(&self, plugin: &Plugin) -> bool {
        self.has_scheme_of(plugin) && plugin.manifest().check_options(&Value::Object(self.options.clone())).is_ok()
    }

    pub(super) fn has_scheme_of(&self, plugin: &Plugin) -> bool {
        same_scheme(plugin.manifest().verification.as_ref(), self.scheme)
    }
}

/// Returns true if two templates verify alike. Their examples do not count.
pub fn same_scheme(one: Option<&Template>, other: Option<&Template>) -> bool {
    scheme_differences(one, other).is_empty()
}

/// Returns the members in which two templates differ; `scheme` if one of them is absent.
pub fn scheme_differences(one: Option<&Template>, other: Option<&Template>) -> Vec<String> {
    if one == other {
        return Vec::new();
    }
    let members =
        |template: Option<&Template>| match template.map(|template| serde_json::to_value(template.without_vectors())) {
            Some(Ok(Value::Object(members))) => members,
            _ => Map::new(),
        };
    let (one, other) = (members(one), members(other));
    let mut names: Vec<String> = one.keys().chain(other.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| name != "uncovered" && one.get(name) != other.get(name));
    names
}
