//! Building a source environment from its record and its plugin.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::AtomicI64},
};

use inlet_core::{
    actions::{self, Syntax},
    contract::Field,
    log::PluginRef,
    mapping::{Condition, Mapping, MappingIndex},
    path::Path,
    rotating_secret::RotatingSecret,
    settings::Settings,
    verification::{Template, handshake::Handshake},
};
use inlet_sandbox::{Limits, Manifest, Plugin};
use inlet_store::{
    API_LOG, Environment, MappingRecord, SourceEnvironmentRecord, SourceEnvironmentUpdate, SourceRecord,
};

use super::Endpoint;
use crate::{
    catalog::{Catalog, PluginRequirements, same_scheme},
    metrics::Meters,
};

/// In a manifest's `query`: every parameter, because the names are the customer's own.
const EVERY_PARAMETER: &str = "*";

/// The body limit of a source whose plugin is missing, in bytes.
const DEFAULT_MAX_BODY_BYTES: usize = 5 * 1024 * 1024;

impl Endpoint {
    /// Builds a source environment. `plugin` chooses the plugin that meets the requirements.
    pub(in crate::snapshot) fn build(
        source: &SourceRecord,
        record: &SourceEnvironmentRecord,
        slug: &str,
        plugin: impl FnOnce(PluginRequirements<'_>) -> Option<Plugin>,
        limits: &Limits,
    ) -> Endpoint {
        let settings = read_settings(source, record, slug);
        let scheme: Option<Template> = record.scheme.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let plugin = plugin(PluginRequirements { scheme: scheme.as_ref(), options: &settings.options });
        let manifest = plugin.as_ref().map(|plugin| plugin.manifest().clone());
        if source.key != API_LOG {
            warn_of_differences(source, record, slug, manifest.as_ref(), scheme.as_ref());
        }
        let mappings: Vec<Mapping> =
            record.mappings.iter().filter_map(|mapping| read_mapping(source, mapping)).collect();
        let header = scheme.as_ref().and_then(Template::header).map(str::to_ascii_lowercase);
        let max_body_bytes = settings
            .max_body_bytes
            .or(manifest.as_ref().map(|manifest| manifest.max_body_bytes))
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(DEFAULT_MAX_BODY_BYTES);
        let limits = limits_of(&settings, limits);
        let on_reject = settings.on_reject.or(manifest.as_ref().map(|manifest| manifest.on_reject)).unwrap_or_default();
        let index = MappingIndex::new(mappings.iter().cloned());
        let tokens: Vec<_> =
            manifest.iter().flat_map(|manifest| &manifest.handshake).map(Handshake::token_names).collect();
        let query: HashSet<String> = manifest.iter().flat_map(|manifest| &manifest.query).cloned().collect();
        Endpoint {
            id: record.id,
            environment_id: record.environment_id,
            environment: slug.to_owned(),
            source: source.key.clone(),
            plugin_ref: Arc::new(PluginRef {
                key: source.provider.clone(),
                version: manifest.as_ref().map(|manifest| manifest.version.clone()).unwrap_or_default(),
                digest: plugin.as_ref().map(|plugin| plugin.digest().to_owned()).unwrap_or_default(),
            }),
            credential_header: settings.verification_header.clone().or(header),
            max_body_bytes,
            facts: facts(&settings, &index, max_body_bytes, &limits),
            limits,
            on_reject,
            options: options(&settings, manifest.as_ref()),
            redact_paths: manifest
                .iter()
                .flat_map(|manifest| &manifest.redact_paths)
                .filter_map(|path| Path::parse(path).ok())
                .collect(),
            headers: manifest
                .iter()
                .flat_map(|manifest| &manifest.headers)
                .chain(&settings.keep_headers)
                .filter(|name| !tokens.iter().any(|(_, header)| *header == Some(name.as_str())))
                .cloned()
                .collect(),
            token_parameters: tokens
                .iter()
                .filter_map(|(parameter, _)| *parameter)
                .chain(scheme.iter().flat_map(Template::token_parameters))
                .map(str::to_owned)
                .collect(),
            handshakes: manifest.as_ref().map(|manifest| manifest.handshake.clone()).unwrap_or_default(),
            reads_target: scheme.as_ref().is_some_and(|scheme| scheme.reads_query() || scheme.reads_address()),
            every_query: query.contains(EVERY_PARAMETER),
            query,
            previous_used_ms: AtomicI64::new(0),
            hides_personal_data: false,
            variables: Arc::default(),
            meters: Meters::new(&source.key, slug, &source.provider),
            guard: Arc::default(),
            upcoming: Arc::default(),
            index,
            record: record.clone(),
            settings,
            mappings,
            plugin,
            scheme,
        }
    }

    /// Builds the source environment in whose log the API calls of an environment are kept. It has no token and no plugin.
    pub(in crate::snapshot) fn api_log(id: i64, environment: &Environment, limits: &Limits) -> Endpoint {
        let source = SourceRecord {
            id: 0,
            key: API_LOG.to_owned(),
            name: String::new(),
            description: None,
            custom_image_url: None,
            provider: API_LOG.to_owned(),
            created_at_ms: environment.created_at_ms,
            updated_at_ms: environment.created_at_ms,
            environments: Vec::new(),
        };
        let record = SourceEnvironmentRecord {
            id,
            environment_id: environment.id,
            token: String::new(),
            previous_tokens: Vec::new(),
            settings: "{}".to_owned(),
            signing_secret: None,
            previous_signing_secret: None,
            write_keys: RotatingSecret::default(),
            scheme: None,
            plugin: None,
            previous_plugin: None,
            version: 1,
            updated_at_ms: environment.created_at_ms,
            mappings: Vec::new(),
        };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Endpoint {
            plugin_ref: Arc::new(PluginRef { key: API_LOG.to_owned(), version, digest: String::new() }),
            hides_personal_data: environment.hide_personal_data,
            ..Endpoint::build(&source, &record, &environment.slug, |_| None, limits)
        }
    }

    /// Builds the same source environment with another plugin and that plugin's verification.
    pub fn with_plugin(&self, source: &SourceRecord, plugin: &Plugin, catalog: &Catalog, limits: &Limits) -> Endpoint {
        let scheme = plugin.manifest().verification.as_ref();
        let record = SourceEnvironmentRecord {
            plugin: catalog.pin_of(plugin),
            scheme: scheme.and_then(|scheme| serde_json::to_string(scheme).ok()),
            ..self.record.clone()
        };
        Endpoint {
            hides_personal_data: self.hides_personal_data,
            variables: self.variables.clone(),
            ..Endpoint::build(source, &record, &self.environment, |_| Some(plugin.clone()), limits)
        }
    }

    /// Returns this source environment as it would be with other settings, secrets and mappings. Nothing is stored.
    pub fn with_update(&self, source: &SourceRecord, update: &SourceEnvironmentUpdate, limits: &Limits) -> Endpoint {
        let record = SourceEnvironmentRecord {
            settings: update.settings.clone(),
            signing_secret: update.signing_secret.clone(),
            previous_signing_secret: update.previous_signing_secret.clone(),
            write_keys: update.write_keys.clone(),
            mappings: update.mappings.clone().unwrap_or_else(|| self.record.mappings.clone()),
            ..self.record.clone()
        };
        Endpoint {
            hides_personal_data: self.hides_personal_data,
            variables: self.variables.clone(),
            ..Endpoint::build(source, &record, &self.environment, |_| self.plugin.clone(), limits)
        }
    }

    /// Returns the source environment as it would be with another plugin, which is stored as `pin`.
    pub fn with_pinned_plugin(
        &self,
        source: &SourceRecord,
        plugin: &Plugin,
        pin: Option<String>,
        limits: &Limits,
    ) -> Endpoint {
        let record = SourceEnvironmentRecord { plugin: pin, version: self.record.version + 1, ..self.record.clone() };
        Endpoint {
            hides_personal_data: self.hides_personal_data,
            variables: self.variables.clone(),
            ..Endpoint::build(source, &record, &self.environment, |_| Some(plugin.clone()), limits)
        }
    }
}

fn read_settings(source: &SourceRecord, record: &SourceEnvironmentRecord, slug: &str) -> Settings {
    serde_json::from_str(&record.settings).unwrap_or_else(|error| {
        // This program checked them when it wrote them: these are a later version's, read by an earlier one.
        tracing::error!(source = source.key, environment = slug, %error, "stored settings are unreadable; defaults apply");
        Settings::default()
    })
}

/// Logs a plugin that is missing, and one whose verification is not in force.
fn warn_of_differences(
    source: &SourceRecord,
    record: &SourceEnvironmentRecord,
    slug: &str,
    manifest: Option<&Manifest>,
    scheme: Option<&Template>,
) {
    let Some(manifest) = manifest else {
        tracing::error!(
            source = source.key,
            environment = slug,
            provider = source.provider,
            pinned = record.plugin,
            "this server has no such plugin; its requests get 503"
        );
        return;
    };
    if !same_scheme(manifest.verification.as_ref(), scheme) {
        tracing::warn!(
            source = source.key,
            environment = slug,
            "the plugin's verification scheme differs from the one in force, which stays until an operator takes the new one"
        );
    }
}

/// Returns the limits of a call, of which `limits` has the largest number of items that the server allows.
fn limits_of(settings: &Settings, limits: &Limits) -> Limits {
    let chosen = settings.max_items.and_then(|items| usize::try_from(items).ok());
    let items = chosen.unwrap_or(Limits::default().items).min(limits.items);
    Limits { items, ..limits.clone() }
}

/// Returns the plugin's own settings with their defaults, as JSON text. They were checked when they were saved; a newer
/// plugin that does not take them sees them as they were given.
fn options(settings: &Settings, manifest: Option<&Manifest>) -> String {
    let Some(manifest) = manifest else { return "{}".to_owned() };
    let given = serde_json::Value::Object(settings.options.clone());
    manifest.check_options(&given).unwrap_or(given).to_string()
}

fn facts(settings: &Settings, index: &MappingIndex, max_body_bytes: usize, limits: &Limits) -> Vec<Field> {
    let mut facts = vec![
        Field::new("handle_identifies", settings.handle_identifies.to_string()),
        Field::new("max_body_bytes", max_body_bytes.to_string()),
        Field::new("max_items", limits.items.to_string()),
    ];
    if !index.matching("identify").is_empty() {
        facts.push(Field::new("identify_mapped", "true"));
    }
    facts.extend(settings.event_type_path.as_ref().map(|path| Field::new("event_type_path", path.as_str())));
    facts
}

fn read_mapping(source: &SourceRecord, record: &MappingRecord) -> Option<Mapping> {
    let syntax = if record.forms { Syntax::Forms } else { Syntax::Plain };
    let when = record.when.as_deref().map(Condition::parse).transpose();
    let parsed =
        when.and_then(|when| Ok((when, actions::parse_action_in(syntax, &record.action_type, &record.parameters)?)));
    match parsed {
        Ok((when, action)) => Some(Mapping {
            id: record.id,
            event_type: record.event_type.clone(),
            when,
            action,
            parameters: record.parameters.as_str().into(),
            active: record.active,
            created_at_ms: record.created_at_ms,
            updated_at_ms: record.updated_at_ms,
        }),
        Err(error) => {
            tracing::error!(source = source.key, mapping = %record.id, %error, "a stored mapping is unreadable and is left out");
            None
        }
    }
}
