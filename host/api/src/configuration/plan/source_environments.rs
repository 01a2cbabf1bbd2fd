//! A source in one environment: plugin, settings, secrets and mappings.

use std::{collections::BTreeMap, sync::Arc};

use inlet_api_types::{
    Patch,
    configuration::{BUNDLED, PlannedAction, PlannedField, SourceEnvironmentConfiguration},
    sources::{MappingRequest, SettingsRequest},
};
use inlet_core::{
    configuration::pair_mappings,
    json,
    settings::{ChangedSettings, Settings},
};
use inlet_engine::{
    ChangedPart,
    catalog::Catalog,
    clock::now_ms,
    snapshot::{Endpoint, Source},
};
use inlet_store::{Environment, MappingRecord, SourceEnvironmentUpdate};

use super::{Planner, ProposedMappings, Resource, secret_field, secrets};
use crate::{
    configuration::document::{mapping, of_endpoint},
    error::ApiError,
    sources::{
        VersionName,
        plugin::choice::{PluginChoice, differences, options_that_plugin_rejects},
        response,
        upsert::{Plan, PresentSettings, change_mappings, change_settings, defaults_of, update_of},
    },
    stored_json::stored_json,
};

/// The secrets of a source environment.
pub const CREDENTIALS: [&str; 2] = ["signing_secret", "write_key"];

/// The setting whose default depends on the secrets.
const ENFORCE: &str = "enforce_verification";

impl Planner<'_> {
    /// Plans the changes of a source environment. Returns the update that is to be written after a change of the plugin.
    pub(super) async fn plan_source_environment(
        &mut self,
        source: &Source,
        endpoint: &Arc<Endpoint>,
        environment: &Environment,
        wanted: &SourceEnvironmentConfiguration,
        place: &str,
    ) -> Result<Option<SourceEnvironmentUpdate>, ApiError> {
        let (catalog, engine) = (self.change.catalog(), self.change.engine().clone());
        for name in wanted.secrets.keys() {
            secrets::check_name(name, &CREDENTIALS, place)?;
        }
        let switched = self.switch_plugin(&catalog, source, endpoint, wanted, place).await?;
        if let Some(switched) = &switched {
            self.plan.parts.push(ChangedPart::Plugin(endpoint.clone(), switched.record.plugin.clone()));
        }
        let start = switched.as_ref().unwrap_or(endpoint);
        let settings = self.settings_after(start, switched.is_some(), wanted, place).await?;
        if let Some(changed) = &settings {
            self.plan.warnings.extend(changed.notes.iter().map(|note| format!("{place}.settings.{note}")));
        }
        self.check_targets_of(environment, wanted, place)?;
        let mappings = match &wanted.mappings {
            None => None,
            Some(wanted) => {
                let requests = with_ids(wanted, &start.record.mappings);
                let variables = self.variables_after(environment);
                let field = format!("{place}.mappings");
                Some(change_mappings(&requests, &field, &start.record.mappings, &variables, now_ms())?)
            }
        };
        let update = update_of(start, Plan { settings, mappings })?;
        let after = match &update {
            None => switched.clone().unwrap_or_else(|| endpoint.clone()),
            Some(update) => {
                let mut after = start.with_update(&source.record, update, &engine.limits);
                after.variables = Arc::new(self.variables_after(environment));
                Arc::new(after)
            }
        };
        self.note_source_environment(&catalog, endpoint, &after, environment, wanted);
        if let Some(update) = update.as_ref().and_then(|update| update.mappings.as_ref()) {
            self.note_mappings(endpoint, &after, environment, update, place);
        }
        Ok(update)
    }

    fn note_source_environment(
        &mut self,
        catalog: &Catalog,
        before: &Endpoint,
        after: &Endpoint,
        environment: &Environment,
        wanted: &SourceEnvironmentConfiguration,
    ) {
        let resource = format!("sources/{}", before.source);
        let mut more = Vec::new();
        let stored = |endpoint: &Endpoint, name: &str| match name {
            "signing_secret" => endpoint.record.signing_secret.as_deref().map(json::quote),
            _ => endpoint.record.write_keys.current.as_deref().map(json::quote),
        };
        for (name, value) in &wanted.secrets {
            // What is given is compared as it is stored, without white space around it.
            let given = value.as_ref().and_then(|_| stored(after, name));
            let state = secrets::state(stored(before, name).as_deref(), given.as_deref());
            self.note_secret(&resource, environment, name, state);
            more.extend(secret_field(format!("secrets.{name}"), state));
        }
        let enforced = [before, after].map(|endpoint| endpoint.settings.enforce_verification);
        if enforced[0] != enforced[1] {
            let [before, after] = enforced.map(|enforced| Some(stored_json(enforced.to_string())));
            more.push(PlannedField { field: format!("settings.{ENFORCE}"), mapping: None, before, after });
        }
        let [before, after] = [before, after].map(|endpoint| {
            let mut document = of_endpoint(catalog, endpoint);
            // Both have fields of their own.
            document.secrets.clear();
            if let Some(settings) = &mut document.settings {
                settings.enforce_verification = Patch::Keep;
            }
            document
        });
        let resource = Resource::in_environment(resource, environment);
        self.note_change(resource, PlannedAction::Update, Some(&before), &after, more);
    }

    /// Keeps the mappings that there will be, and those among them that are new or different, for further checks.
    fn note_mappings(
        &mut self,
        before: &Endpoint,
        after: &Arc<Endpoint>,
        environment: &Environment,
        mappings: &[MappingRecord],
        place: &str,
    ) {
        self.mappings.insert(before.id, mappings.to_vec());
        let is_new = |mapping: &&MappingRecord| !before.record.mappings.contains(mapping);
        self.plan.proposed.push(ProposedMappings {
            endpoint: after.clone(),
            environment: environment.clone(),
            mappings: mappings.iter().filter(is_new).map(|mapping| mapping.id).collect(),
            field: format!("{place}.mappings"),
        });
    }

    /// Returns the source environment with the plugin that the document names, if it has another one.
    async fn switch_plugin(
        &self,
        catalog: &Catalog,
        source: &Source,
        endpoint: &Endpoint,
        wanted: &SourceEnvironmentConfiguration,
        place: &str,
    ) -> Result<Option<Arc<Endpoint>>, ApiError> {
        let Some(name) = &wanted.plugin else { return Ok(None) };
        let field = format!("{place}.plugin");
        let PluginChoice { plugin, pin } = choose_plugin(catalog, &source.record.provider, name, &field)?;
        if pin == endpoint.record.plugin {
            return Ok(None);
        }
        let found = differences(endpoint, plugin.manifest().verification.as_ref());
        if !found.is_empty() {
            let message = format!(
                "the version {} verifies in another way than is in force: {} differ; look at it, and choose it with inlet \
                 plugin use --confirm",
                plugin.manifest().version,
                found.join(", ")
            );
            return Err(ApiError::invalid(field, message));
        }
        if wanted.settings.is_none()
            && let Some(reason) = options_that_plugin_rejects(endpoint, &plugin, &self.change.engine().limits).await
        {
            return Err(ApiError::invalid(field, format!("the version was not taken: {reason}")));
        }
        Ok(Some(Arc::new(endpoint.with_pinned_plugin(&source.record, &plugin, pin, &self.change.engine().limits))))
    }

    /// Returns the settings that there will be; none if the document says nothing about them.
    async fn settings_after(
        &self,
        endpoint: &Endpoint,
        is_plugin_switched: bool,
        wanted: &SourceEnvironmentConfiguration,
        place: &str,
    ) -> Result<Option<ChangedSettings>, ApiError> {
        let field = format!("{place}.settings");
        let Some(plugin) = &endpoint.plugin else {
            let present = of_endpoint(&self.change.catalog(), endpoint);
            let is_same = wanted.settings.is_none() || wanted.settings == present.settings;
            return match is_same && wanted.secrets.values().all(Option::is_none) {
                true => Ok(None),
                false => {
                    let message = format!(
                        "this server has no plugin {:?} to check them with; add it (inlet plugin add), or put it into \
                         --plugins-dir",
                        endpoint.plugin_ref.key
                    );
                    Err(ApiError::invalid(field, message))
                }
            };
        };
        let engine = self.change.engine();
        let defaults = defaults_of(plugin)?;
        let has = [endpoint.record.signing_secret.is_some(), endpoint.has_write_key()];
        let Some(request) = absolute(wanted, &endpoint.settings, &defaults, has, place)? else { return Ok(None) };
        let present = PresentSettings {
            settings: &endpoint.settings,
            response: response::settings_of(endpoint, &engine.options),
            has_secret: has[0],
            has_write_key: has[1],
            scheme: endpoint.scheme.as_ref(),
            has_public_url: engine.options.public_url.is_some(),
            defaults: &defaults,
            manifest: plugin.manifest(),
            max_items_limit: engine.options.max_items_limit,
            is_plugin_switched,
        };
        let changed = change_settings(&request, &field, &present, plugin, &engine.limits).await.map_err(|error| {
            // Secrets have a place of their own.
            error.at(|name| match CREDENTIALS.iter().find(|secret| name == format!("{field}.{secret}")) {
                Some(secret) => format!("{place}.secrets.{secret}"),
                None => name.to_owned(),
            })
        })?;
        Ok(Some(changed))
    }
}

/// Finds the plugin that a document names.
pub fn choose_plugin(catalog: &Catalog, key: &str, name: &str, field: &str) -> Result<PluginChoice, ApiError> {
    if name != BUNDLED {
        return VersionName::parse(name.to_owned()).find(field, catalog, key);
    }
    let plugin = catalog.own(key).cloned().ok_or_else(|| {
        let message = format!("the server comes with no plugin {key:?}; name a version that was added, or latest");
        ApiError::invalid(field, message)
    })?;
    Ok(PluginChoice { plugin, pin: None })
}

/// Returns a change of settings that leads to those of the document, whatever they are now: what it does not name gets its
/// default. Returns none if the document says nothing about settings and secrets.
pub fn absolute(
    wanted: &SourceEnvironmentConfiguration,
    present: &Settings,
    defaults: &Settings,
    has_credential: [bool; 2],
    place: &str,
) -> Result<Option<SettingsRequest>, ApiError> {
    let given = |name: &str| wanted.secrets.get(name).and_then(Option::as_ref);
    let mut members: BTreeMap<String, String> = BTreeMap::new();
    if let Some(settings) = &wanted.settings {
        let text = serde_json::to_string(settings).unwrap_or_default();
        let named = json::members(&text).unwrap_or_default();
        for name in CREDENTIALS.into_iter().chain(["signing_secret_overlap_seconds", "write_key_overlap_seconds"]) {
            if named.contains_key(name) {
                let message = "a document has no secrets among the settings; put it under secrets, or leave it out";
                return Err(ApiError::invalid(format!("{place}.settings.{name}"), message));
            }
        }
        let all = serde_json::to_string(present).unwrap_or_default();
        members
            .extend(json::members(&all).unwrap_or_default().into_keys().map(|name| (name.into_owned(), "null".into())));
        let has_credential = has_credential.contains(&true) || CREDENTIALS.iter().any(|name| given(name).is_some());
        members.insert(ENFORCE.to_owned(), has_credential.to_string());
        members.extend(named.iter().map(|(name, value)| (name.to_string(), (*value).to_owned())));
        if let Some(options) = named.get("options").filter(|options| json::members(options).is_some()) {
            members.insert("options".to_owned(), absolute_options(options, present, defaults));
        }
    }
    members
        .extend(CREDENTIALS.into_iter().filter_map(|name| Some((name.to_owned(), given(name)?.as_text().to_owned()))));
    if members.is_empty() {
        return Ok(None);
    }
    let text = json::object(members.iter().map(|(name, value)| (name, value.as_str())));
    let unreadable = |_| ApiError::invalid(format!("{place}.settings"), "they hold a value that cannot be read");
    serde_json::from_str(&text).map(Some).map_err(unreadable)
}

/// Returns a change of options that leads to the defaults with `wanted` over them. Null removes an option.
fn absolute_options(wanted: &str, present: &Settings, defaults: &Settings) -> String {
    let mut members: BTreeMap<String, String> =
        present.options.keys().map(|name| (name.clone(), "null".to_owned())).collect();
    members.extend(defaults.options.iter().map(|(name, value)| (name.clone(), value.to_string())));
    let wanted = json::members(wanted).unwrap_or_default();
    members.extend(wanted.into_iter().map(|(name, value)| (name.into_owned(), value.to_owned())));
    json::object(members.iter().map(|(name, value)| (name, value.as_str())))
}

/// Gives the mappings of a document the ids of those that they are, unchanged or edited.
fn with_ids(wanted: &[MappingRequest], present: &[MappingRecord]) -> Vec<MappingRequest> {
    let text = |mapping: &MappingRequest| serde_json::to_string(mapping).unwrap_or_default();
    // One that has an id is matched by it alone.
    let named: Vec<&str> = wanted.iter().filter_map(|mapping| mapping.id.as_deref()).collect();
    let free: Vec<&MappingRecord> =
        present.iter().filter(|record| !named.contains(&record.id.to_string().as_str())).collect();
    let before: Vec<String> = free.iter().map(|record| text(&mapping(record))).collect();
    let unnamed = || wanted.iter().filter(|mapping| mapping.id.is_none() && mapping.is_deleted != Some(true));
    let after: Vec<String> = unnamed().map(text).collect();
    let mut pairs = pair_mappings(&before, &after).into_iter();
    wanted
        .iter()
        .map(|mapping| match mapping.id.is_none() && mapping.is_deleted != Some(true) {
            false => mapping.clone(),
            true => {
                let record = pairs.next().flatten().and_then(|index| free.get(index));
                MappingRequest { id: record.map(|record| record.id.to_string()), ..mapping.clone() }
            }
        })
        .collect()
}
