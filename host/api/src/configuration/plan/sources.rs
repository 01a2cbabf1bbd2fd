//! Sources: what all environments share, new ones, and those that are deleted.

use std::collections::BTreeMap;

use inlet_api_types::{
    Patch,
    configuration::{PlannedAction, SecretState, SourceConfiguration, SourceEnvironmentConfiguration},
    sources::{SourceRequest, UpsertSource},
};
use inlet_core::variables::Variables;
use inlet_engine::{
    ChangedPart,
    catalog::Catalog,
    clock::now_ms,
    snapshot::{Source, new_token},
};
use inlet_sandbox::Plugin;
use inlet_store::{NewSource, NewSourceEnvironment, SourceUpdate};

use super::{
    Planner, Resource, secret_field, secrets,
    source_environments::{CREDENTIALS, absolute, choose_plugin},
};
use crate::{
    configuration::document::{self, SourceEnvironmentParts, plugin_name},
    error::ApiError,
    scope::Scope,
    sources::{
        lookup::find_endpoint,
        upsert::{Plan, UpsertRequest, as_json, change_mappings, check_key, configured, defaults_of, new_settings},
    },
    targets::mapping_targets::check_named_targets,
};

/// A source environment to create, with its document and the states of its secrets.
struct PlannedEnvironment {
    new: NewSourceEnvironment,
    document: SourceEnvironmentConfiguration,
    states: Vec<(&'static str, SecretState)>,
}

impl Planner<'_> {
    /// Plans a source: a new one, or the changes of one.
    pub(super) async fn plan_source(&mut self, key: &str, wanted: &SourceConfiguration) -> Result<(), ApiError> {
        let place = format!("sources.{key}");
        check_key(key).map_err(|error| error.at(|_| place.clone()))?;
        for slug in wanted.environments.keys() {
            self.environment(slug, &format!("{place}.environments"))?;
        }
        match self.snapshot.sources.get(key).cloned() {
            Some(source) => self.plan_update(&source, wanted, &place).await,
            None => self.plan_creation(key, wanted, &place).await,
        }
    }

    /// Plans the deletion of the sources that the document does not name.
    pub(super) fn plan_deleted_sources(
        &mut self,
        wanted: &BTreeMap<String, SourceConfiguration>,
    ) -> Result<(), ApiError> {
        let snapshot = self.snapshot.clone();
        for (key, source) in snapshot.sources.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
            if self.note_unnamed(Resource { name: format!("sources/{key}"), environment: None }) {
                self.operator.may(Scope::Admin)?;
                self.operator.may_see_all()?;
                self.deleted_sources.insert(key.clone());
                self.deletions.push(ChangedPart::DeletedSource(source.record.clone()));
            }
        }
        Ok(())
    }

    async fn plan_update(
        &mut self,
        source: &Source,
        wanted: &SourceConfiguration,
        place: &str,
    ) -> Result<(), ApiError> {
        let mut record = source.record.clone();
        if let Some(provider) = wanted.provider.as_ref().filter(|provider| **provider != record.provider) {
            let present = &record.provider;
            let message =
                format!("found {provider:?}, but this source has {present:?} and keeps it; create another source");
            return Err(ApiError::invalid(format!("{place}.provider"), message));
        }
        let mut shared = (record.name.clone(), record.description.clone(), record.custom_image_url.clone());
        if wanted.name.is_some() {
            shared = check_shared(wanted, place)?.unwrap_or(shared);
        }
        let present = (record.name.clone(), record.description.clone(), record.custom_image_url.clone());
        let mut is_shared_unwritten = shared != present;
        if is_shared_unwritten {
            self.operator.may_see_all()?;
            let before = document::shared(&record);
            let (name, description, custom_image_url) = shared.clone();
            let after = SourceConfiguration { name: Some(name), description, custom_image_url, ..before.clone() };
            let resource = Resource { name: format!("sources/{}", record.key), environment: None };
            self.note_change(resource, PlannedAction::Update, Some(&before), &after, Vec::new());
        }
        let update = |source_environment| {
            let (name, description, custom_image_url) = shared.clone();
            SourceUpdate { source_id: source.record.id, name, description, custom_image_url, source_environment }
        };
        for (slug, wanted) in &wanted.environments {
            let place = format!("{place}.environments.{slug}");
            let environment = self.environment(slug, &place)?.clone();
            let endpoint = find_endpoint(source, &environment)?.clone();
            let Some(changed) = self.plan_source_environment(source, &endpoint, &environment, wanted, &place).await?
            else {
                continue;
            };
            self.plan.parts.push(ChangedPart::Source(record.clone(), endpoint, update(Some(changed))));
            // What all environments share is written, and logged, with the first one.
            is_shared_unwritten = false;
            (record.name, record.description, record.custom_image_url) = shared.clone();
        }
        let endpoint = source.endpoints.values().next().filter(|_| is_shared_unwritten);
        if let Some(endpoint) = endpoint {
            self.plan.parts.push(ChangedPart::Source(record, endpoint.clone(), update(None)));
        }
        Ok(())
    }

    async fn plan_creation(&mut self, key: &str, wanted: &SourceConfiguration, place: &str) -> Result<(), ApiError> {
        self.operator.may_see_all()?;
        let catalog = self.change.catalog();
        let provider = self.new_provider(&catalog, wanted, place)?;
        let Some((name, description, custom_image_url)) = check_shared(wanted, place)? else {
            let message = "it is missing; expected a string, since the source is new";
            return Err(ApiError::invalid(format!("{place}.name"), message));
        };
        let resource = format!("sources/{key}");
        let after = SourceConfiguration { environments: BTreeMap::new(), ..wanted.clone() };
        let of_all = Resource { name: resource.clone(), environment: None };
        self.note_change(of_all, PlannedAction::Create, None::<&SourceConfiguration>, &after, Vec::new());
        let mut environments = Vec::new();
        for environment in &self.snapshot.clone().environments {
            let place = format!("{place}.environments.{}", environment.slug);
            let new = match wanted.environments.get(&environment.slug) {
                None => new_environment(&provider, catalog.pin_of(&provider))?,
                Some(wanted) => {
                    let variables = self.variables_after(environment);
                    self.check_targets_of(environment, wanted, &place)?;
                    let PlannedEnvironment { new, document, states } =
                        self.plan_new_environment(&catalog, &provider, wanted, &variables, &place).await?;
                    let mut more = Vec::new();
                    for (name, state) in states {
                        self.note_secret(&resource, environment, name, state);
                        more.extend(secret_field(format!("secrets.{name}"), state));
                    }
                    let created = Resource::in_environment(resource.clone(), environment);
                    let none = None::<&SourceEnvironmentConfiguration>;
                    self.note_change(created, PlannedAction::Create, none, &document, more);
                    new
                }
            };
            environments.push(NewSourceEnvironment { environment_id: environment.id, token: new_token()?, ..new });
        }
        let provider = provider.manifest().key.clone();
        let key = key.to_owned();
        let new = NewSource { key, name, description, custom_image_url, provider, environments };
        self.plan.parts.push(ChangedPart::NewSource(new));
        Ok(())
    }

    fn new_provider(&self, catalog: &Catalog, wanted: &SourceConfiguration, place: &str) -> Result<Plugin, ApiError> {
        let keys: Vec<&str> = catalog.iter().map(|plugin| plugin.manifest().key.as_str()).collect();
        let expected = format!("expected one of {}", keys.join(", "));
        let refused = |message: String| ApiError::invalid(format!("{place}.provider"), message);
        let Some(key) = &wanted.provider else {
            return Err(refused(format!("it is missing, and the source is new; {expected}")));
        };
        catalog.get(key).cloned().ok_or_else(|| refused(format!("there is no provider {key:?}; {expected}")))
    }

    /// Refuses mappings that name a target that the environment will not have.
    pub(super) fn check_targets_of(
        &self,
        environment: &inlet_store::Environment,
        wanted: &SourceEnvironmentConfiguration,
        place: &str,
    ) -> Result<(), ApiError> {
        let Some(mappings) = &wanted.mappings else { return Ok(()) };
        let targets: Vec<&str> = self.targets.get(&environment.id).into_iter().flatten().map(String::as_str).collect();
        check_named_targets(mappings, &format!("{place}.mappings"), &targets)
    }

    /// Plans a source environment that does not exist yet.
    async fn plan_new_environment(
        &mut self,
        catalog: &Catalog,
        provider: &Plugin,
        wanted: &SourceEnvironmentConfiguration,
        variables: &Variables,
        place: &str,
    ) -> Result<PlannedEnvironment, ApiError> {
        let (plugin, pin) = match &wanted.plugin {
            None => (provider.clone(), catalog.pin_of(provider)),
            Some(name) => {
                let choice = choose_plugin(catalog, &provider.manifest().key, name, &format!("{place}.plugin"))?;
                (choice.plugin, choice.pin)
            }
        };
        let defaults = defaults_of(&plugin)?;
        let request = absolute(wanted, &defaults, &defaults, [false, false], place)?;
        let settings = match request {
            Some(request) => {
                Some(new_settings(&plugin, &request, &format!("{place}.settings"), self.change.engine()).await?)
            }
            None => None,
        };
        if let Some(changed) = &settings {
            self.plan.warnings.extend(changed.notes.iter().map(|note| format!("{place}.settings.{note}")));
        }
        let mappings = wanted.mappings.as_deref().unwrap_or_default();
        let mappings = change_mappings(mappings, &format!("{place}.mappings"), &[], variables, now_ms())?;
        let in_force = settings.as_ref().map_or_else(|| defaults.clone(), |changed| changed.settings.clone());
        let plan = Plan { settings, mappings: Some(mappings) };
        let new = configured(new_environment(&plugin, pin.clone())?, plan)?;
        let document = SourceEnvironmentParts {
            plugin: plugin_name(catalog, &plugin.manifest().key, pin.as_deref()),
            settings: &in_force,
            defaults: &defaults,
            has_signing_secret: new.signing_secret.is_some(),
            has_write_key: new.write_keys.current.is_some(),
            mappings: &new.mappings,
        }
        .document();
        let document = SourceEnvironmentConfiguration { secrets: BTreeMap::new(), ..document };
        let mut states = Vec::new();
        for (name, value) in &wanted.secrets {
            secrets::check_name(name, &CREDENTIALS, place)?;
            let known = CREDENTIALS.into_iter().find(|known| known == name).unwrap_or_default();
            states.push((known, secrets::state(None, super::raw_text(value.as_ref()))));
        }
        Ok(PlannedEnvironment { new, document, states })
    }
}

/// Returns a source environment with the default settings of the plugin, which is stored as `pin`.
fn new_environment(plugin: &Plugin, pin: Option<String>) -> Result<NewSourceEnvironment, ApiError> {
    Ok(NewSourceEnvironment {
        settings: as_json(&defaults_of(plugin)?)?,
        scheme: plugin.manifest().verification.as_ref().map(as_json).transpose()?,
        plugin: pin,
        ..NewSourceEnvironment::default()
    })
}

/// The part that all environments share: name, description, image.
type Shared = (String, Option<String>, Option<String>);

/// Checks what all environments share, which is whole where there is a name. Returns none without a name.
fn check_shared(wanted: &SourceConfiguration, place: &str) -> Result<Option<Shared>, ApiError> {
    let SourceConfiguration { name, description, custom_image_url, .. } = wanted.clone();
    let source = SourceRequest {
        name: name.clone(),
        description: description.clone().map_or(Patch::Keep, Patch::Set),
        custom_image_url: custom_image_url.clone().map_or(Patch::Keep, Patch::Set),
        ..SourceRequest::default()
    };
    UpsertRequest::check(UpsertSource { source }, "")
        .map_err(|error| error.at(|field| field.replacen("source", place, 1)))?;
    Ok(name.map(|name| (name, description, custom_image_url)))
}
