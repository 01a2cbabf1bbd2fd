//! Finds the plugin version that a request names, and compares it with the version in force.

use inlet_core::{settings::ChangeContext, verification::Template};
use inlet_engine::{
    catalog::{Catalog, PluginRequirements, scheme_differences},
    clock::now_ms,
    snapshot::Endpoint,
};
use inlet_sandbox::{Limits, OptionsError, Plugin};
use inlet_store::LATEST;
use serde_json::Map;

use crate::error::{ApiError, Kind};

/// A plugin version as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionName {
    /// A version number, or `latest`.
    Version(String),
    /// `sha256:` and the digest of a component.
    Digest(String),
}

/// A plugin version that exists.
pub struct PluginChoice {
    /// The plugin.
    pub plugin: Plugin,
    /// The stored form, see [`inlet_store::SourceEnvironmentRecord::plugin`].
    pub pin: Option<String>,
}

impl VersionName {
    /// Reads a version number, `latest`, or a digest.
    pub fn parse(name: String) -> Self {
        match name.starts_with("sha256:") {
            true => Self::Digest(name),
            false => Self::Version(name),
        }
    }

    /// Returns the named plugin. `field` is the member of the request that holds the name.
    pub fn find(&self, field: &str, catalog: &Catalog, key: &str) -> Result<PluginChoice, ApiError> {
        let name = match self {
            Self::Version(name) if name == LATEST => return latest(field, catalog, key),
            Self::Version(name) | Self::Digest(name) => name,
        };
        let is_named = |plugin: &&Plugin| match self {
            Self::Digest(digest) => plugin.digest() == digest,
            Self::Version(version) => plugin.manifest().version == *version,
        };
        if let Some(added) = catalog.added(key).find(is_named) {
            return Ok(PluginChoice { plugin: added.clone(), pin: Some(added.digest().to_owned()) });
        }
        if let Some(own) = catalog.own(key).filter(is_named) {
            return Ok(PluginChoice { plugin: own.clone(), pin: None });
        }
        let all = catalog.own(key).into_iter().chain(catalog.added(key));
        let known: Vec<String> =
            all.map(|plugin| format!("{} ({})", plugin.manifest().version, plugin.digest())).collect();
        let message = format!("there is no {name:?} of {key:?}; expected latest or one of {}", known.join(", "));
        Err(ApiError::invalid(field, message))
    }
}

fn latest(field: &str, catalog: &Catalog, key: &str) -> Result<PluginChoice, ApiError> {
    let refused = || ApiError::invalid(field, format!("this server has no version of {key:?}; add one"));
    let plugin = catalog.get(key).cloned().ok_or_else(refused)?;
    Ok(PluginChoice { plugin, pin: Some(LATEST.to_owned()) })
}

/// Returns the plugin that the source used before, and the verification scheme that was in force with it.
pub fn previous(catalog: &Catalog, key: &str, endpoint: &Endpoint) -> Result<(PluginChoice, Option<String>), ApiError> {
    let conflict = |message: &str| ApiError::new(Kind::Conflict, message);
    let before = endpoint.record.previous_plugin.as_ref();
    let before = before.ok_or_else(|| conflict("it never had another plugin, so there is nothing to go back to"))?;
    let scheme = read_scheme(before.scheme.as_deref());
    let requirements = PluginRequirements { scheme: scheme.as_ref(), ..endpoint.plugin_requirements() };
    let plugin = catalog.in_force(key, before.plugin.as_deref(), requirements, None).cloned().ok_or_else(|| {
        conflict("the version that it had before is not in the server any more; add it again, or choose another")
    })?;
    Ok((PluginChoice { plugin, pin: before.plugin.clone() }, before.scheme.clone()))
}

/// Parses a stored verification template.
pub fn read_scheme(stored: Option<&str>) -> Option<Template> {
    stored.and_then(|text| serde_json::from_str(text).ok())
}

/// Returns what must change before the source can verify with another scheme. The present settings and secrets are invalid
/// with it, or would refuse every request, so no confirmation helps.
pub fn obstacle(endpoint: &Endpoint, scheme: Option<&Template>, has_public_url: bool) -> Option<String> {
    let Endpoint { settings, record, .. } = endpoint;
    let has_secret = record.signing_secret.is_some();
    // An empty change is checked by the same rules as any other; it sets no max_items.
    let has_write_key = endpoint.has_write_key();
    let terms = ChangeContext {
        defaults: settings,
        has_secret,
        has_write_key,
        scheme,
        has_public_url,
        kept_headers: &[],
        max_items_limit: 0,
    };
    if let Err(error) = settings.change(&Map::new(), terms) {
        return Some(format!("{}: {}", error.field, error.message));
    }
    let scheme = scheme?;
    let bad = |secret: &str| scheme.check_secret(secret).err();
    if let Some(error) = record.signing_secret.as_deref().and_then(bad) {
        return Some(format!(
            "signing_secret: {error}; set one that is good for both, or take it away (signing_secret null, enforce_verification \
             false) and set the new one afterwards"
        ));
    }
    let previous = record.previous_signing_secret.as_ref().filter(|previous| now_ms() < previous.until_ms);
    previous.and_then(|previous| bad(&previous.secret)).map(|error| {
        format!(
            "the previous signing_secret, which is still good: {error}; end it with signing_secret_overlap_seconds 0, or \
             wait until it ends"
        )
    })
}

/// Returns what an operator has to confirm before the source uses the plugin.
///
/// `bad_options` is why the plugin rejects the source's options ([`bad_options`]).
pub fn doubts(differences: &[String], bad_options: Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    if !differences.is_empty() {
        found.push(format!("it verifies in another way than is in force: {} differ", differences.join(", ")));
    }
    found.extend(bad_options);
    found
}

/// Returns the reason for which the plugin rejects the source's options, by their schema.
pub fn bad_options(endpoint: &Endpoint, plugin: &Plugin) -> Option<String> {
    plugin.manifest().check_options(&endpoint.settings.options.clone().into()).err().map(not_taken)
}

/// Same as [`bad_options`]. The plugin's own check counts too.
pub async fn options_that_plugin_rejects(endpoint: &Endpoint, plugin: &Plugin, limits: &Limits) -> Option<String> {
    plugin.check_options(&endpoint.settings.options.clone().into(), limits).await.err().map(not_taken)
}

fn not_taken(error: OptionsError) -> String {
    // A plugin's own sentence ends with a full stop, and this one goes on.
    format!("it does not take the source's options: {}", error.to_string().trim_end_matches('.'))
}

/// Returns the members in which a verification scheme differs from the one in force.
pub fn differences(endpoint: &Endpoint, scheme: Option<&Template>) -> Vec<String> {
    scheme_differences(endpoint.scheme.as_ref(), scheme)
}
