//! `PUT /v1/sources/{key}`: creates a source, or changes it in one environment.
//!
//! Everything is checked before anything is written. Creating gives the source an endpoint and default settings in every
//! environment and then goes on as a change of the one that the request is about.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse},
};
use inlet_core::settings::{Changed, SecretChange, Settings};
use inlet_engine::{
    Engine,
    catalog::default_settings,
    change_log,
    clock::now_ms,
    snapshot::{Endpoint, Snapshot, Source, new_token},
};
use inlet_sandbox::Plugin;
use inlet_store::{Environment, MappingRecord, NewSource, NewSourceEnvironment, SourceEnvironmentUpdate, SourceUpdate};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asked::{Asked, check_key},
    find, in_environment, in_environments, mappings,
    request::PutSource,
    settings::{self, Present},
    shown::{InForce, ShownSettings, ShownSource},
};
use crate::{
    auth::Operator,
    body::JsonBody,
    change::to_its_end,
    error::{ApiError, Kind},
    etag::{check_if_match, etag},
    path::Name,
    query::Params,
};

/// The source as it is now.
#[derive(Serialize, ToSchema)]
pub struct PutAnswer {
    /// The source, with its settings in the environment of the request.
    source: ShownSource,
}

/// Creates a source, or changes it in one environment.
///
/// `settings` are merged: null clears, what is absent stays. `mappings` are the whole list: each is recognised by its
/// `id`, else by event type, action and parameters. What is absent is not changed. Creating a source, and changing what
/// all environments share (name, description, image), needs a token that is not limited to some.
#[utoipa::path(
    put,
    path = "/v1/sources/{key}",
    operation_id = "upsertSource",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source: 1 to 64 of a-z, 0-9, _ and -"),
        ("environment" = String, Query, description = "The environment"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change was made from; 412 if there is another by now"),
    ),
    request_body = PutSource,
    responses((
        status = 200,
        description = "The source as it is now",
        body = PutAnswer,
        headers(("ETag" = String, description = "The version of its settings in the environment, for `If-Match`")),
    )),
    security(("management_token" = [])),
)]
pub async fn put_source(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    check_key(&key)?;
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let (version, source) = to_its_end(async move {
        let asked = Asked::read(&body, &environment.slug)?;
        // From reading what is there until what it becomes is in force.
        let _changing = engine.change().await?;
        let put = Put { engine: &engine, key: &key, environment: &environment, asked, headers: &headers, operator };
        put.carry_out().await
    })
    .await?;
    Ok((AppendHeaders([(header::ETAG, etag(version))]), Json(PutAnswer { source })))
}

/// A request on its way.
struct Put<'a> {
    engine: &'a Engine,
    key: &'a str,
    environment: &'a Environment,
    asked: Asked<'a>,
    headers: &'a HeaderMap,
    operator: Operator,
}

/// What becomes of the source environment.
struct Planned {
    settings: Option<Changed>,
    mappings: Option<Vec<MappingRecord>>,
}

impl Put<'_> {
    async fn carry_out(&self) -> Result<(i64, ShownSource), ApiError> {
        let snapshot = self.engine.snapshot();
        match snapshot.sources.get(self.key) {
            Some(source) => {
                let endpoint = in_environment(source, self.environment)?;
                check_if_match(self.headers, Some(endpoint.record.version))?;
                self.check_same_provider(source)?;
                self.store(source, endpoint, self.plan_change(endpoint)?).await?;
            }
            None => {
                self.operator.may_see_all()?;
                check_if_match(self.headers, None)?;
                let plugin = self.provider()?;
                let planned = self.plan_first(&plugin)?;
                self.create(&plugin, &snapshot).await?;
                let snapshot = self.reloaded().await?;
                let source = find(&snapshot, self.key)?;
                self.store(source, in_environment(source, self.environment)?, planned).await?;
            }
        }
        let snapshot = self.reloaded().await?;
        let source = find(&snapshot, self.key)?;
        let version = in_environment(source, self.environment)?.record.version;
        let endpoints = in_environments(source, Some(self.environment));
        Ok((version, ShownSource::with_settings(source, endpoints, &self.engine.options)))
    }

    async fn reloaded(&self) -> Result<Arc<Snapshot>, ApiError> {
        self.engine.reload().await?;
        Ok(self.engine.snapshot())
    }

    /// The plugin of a source that is to be created.
    fn provider(&self) -> Result<Plugin, ApiError> {
        const FIELD: &str = "source.preconfigured_provider";
        let catalog = self.engine.catalog();
        let keys: Vec<&str> = catalog.iter().map(|plugin| plugin.manifest().key.as_str()).collect();
        let expected = format!("expected one of {}", keys.join(", "));
        let Some(given) = &self.asked.preconfigured_provider else {
            let message = format!("it is missing, and there is no source {:?} to change; {expected}", self.key);
            return Err(ApiError::invalid(FIELD, message));
        };
        let key = given.string()?;
        catalog.get(&key).cloned().ok_or_else(|| given.refuse(format!("there is no provider {key:?}; {expected}")))
    }

    fn check_same_provider(&self, source: &Source) -> Result<(), ApiError> {
        let Some(given) = &self.asked.preconfigured_provider else { return Ok(()) };
        let (found, present) = (given.string()?, &source.record.provider);
        match found == *present {
            true => Ok(()),
            false => {
                let message =
                    format!("found {found:?}, but this source has {present:?} and keeps it; create another source");
                Err(given.refuse(message))
            }
        }
    }

    /// What becomes of a source environment that is there.
    fn plan_change(&self, endpoint: &Endpoint) -> Result<Planned, ApiError> {
        let settings = match (&self.asked.settings, &endpoint.plugin) {
            (None, _) => None,
            (Some(given), None) => {
                let message = format!(
                    "this server has no plugin {:?} to check them with; add it (inlet plugin add), or put it into --plugins-dir",
                    endpoint.plugin_ref.key
                );
                return Err(given.refuse(message));
            }
            (Some(given), Some(plugin)) => {
                let present = Present {
                    settings: &endpoint.settings,
                    shown: ShownSettings::of(endpoint, &self.engine.options),
                    has_secret: endpoint.record.signing_secret.is_some(),
                    scheme: endpoint.scheme.as_ref(),
                    defaults: &defaults_of(plugin)?,
                    manifest: plugin.manifest(),
                };
                Some(settings::change(given, &present)?)
            }
        };
        Ok(Planned { settings, mappings: self.plan_mappings(&endpoint.record.mappings)? })
    }

    /// What becomes of a source environment that starts with the plugin's defaults.
    fn plan_first(&self, plugin: &Plugin) -> Result<Planned, ApiError> {
        let (manifest, defaults) = (plugin.manifest(), defaults_of(plugin)?);
        let scheme = manifest.verification.as_ref();
        let options = manifest.check_options(&defaults.options.clone().into()).unwrap_or_default();
        let in_force = InForce {
            endpoint: None,
            signing_secret_set: false,
            previous_signing_secret_until_ms: None,
            previous_endpoint_until_ms: None,
            credential_header: defaults.verification_header.as_deref().or(scheme.map(|scheme| scheme.header())),
            scheme,
            max_body_bytes: defaults.max_body_bytes.unwrap_or(manifest.max_body_bytes),
            options: options.to_string(),
        };
        let present = Present {
            settings: &defaults,
            shown: ShownSettings::new(&defaults, in_force),
            has_secret: false,
            scheme,
            defaults: &defaults,
            manifest,
        };
        let settings = self.asked.settings.as_ref().map(|given| settings::change(given, &present)).transpose()?;
        Ok(Planned { settings, mappings: self.plan_mappings(&[])? })
    }

    fn plan_mappings(&self, present: &[MappingRecord]) -> Result<Option<Vec<MappingRecord>>, ApiError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        self.asked.mappings.as_ref().map(|given| mappings::change(given, present, now_ms)).transpose()
    }

    async fn create(&self, plugin: &Plugin, snapshot: &Snapshot) -> Result<(), ApiError> {
        let settings = as_json(&defaults_of(plugin)?)?;
        let scheme = plugin.manifest().verification.as_ref().map(as_json).transpose()?;
        let pin = self.engine.catalog().pin_of(plugin);
        let environments = snapshot.environments.iter().map(|environment| {
            Ok(NewSourceEnvironment {
                environment_id: environment.id,
                token: new_token()?,
                settings: settings.clone(),
                scheme: scheme.clone(),
                plugin: pin.clone(),
            })
        });
        let new = NewSource {
            key: self.key.to_owned(),
            name: self.asked.name.clone(),
            description: self.asked.description.apply(None),
            custom_image_url: self.asked.custom_image_url.apply(None),
            provider: plugin.manifest().key.clone(),
            environments: environments.collect::<Result<_, ApiError>>()?,
        };
        let log = change_log::source_created(self.operator.author(), &new);
        self.engine.store.source_create(new, log).await?;
        let by = self.operator.name();
        tracing::info!(source = self.key, provider = plugin.manifest().key, by, "a source was created");
        Ok(())
    }

    /// Writes what changes, if anything does.
    async fn store(&self, source: &Source, endpoint: &Endpoint, planned: Planned) -> Result<(), ApiError> {
        let record = &source.record;
        let update = SourceUpdate {
            source_id: record.id,
            name: self.asked.name.clone(),
            description: self.asked.description.apply(record.description.as_ref()),
            custom_image_url: self.asked.custom_image_url.apply(record.custom_image_url.as_ref()),
            source_environment: update_of(endpoint, planned)?,
        };
        let shared_unchanged = (&update.name, &update.description, &update.custom_image_url)
            == (&record.name, &record.description, &record.custom_image_url);
        if !shared_unchanged {
            self.operator.may_see_all()?;
        }
        if shared_unchanged && update.source_environment.is_none() {
            return Ok(());
        }
        let log = change_log::source_changed(self.operator.author(), record, endpoint, &update);
        self.engine.store.source_update(update, log).await?;
        let by = self.operator.name();
        tracing::info!(source = self.key, environment = self.environment.slug, by, "a source was changed");
        Ok(())
    }
}

/// What is written of a source environment; none if it stays as it is, and keeps its version.
fn update_of(endpoint: &Endpoint, planned: Planned) -> Result<Option<SourceEnvironmentUpdate>, ApiError> {
    let record = &endpoint.record;
    let (settings, secret) = match planned.settings {
        Some(Changed { settings, secret }) => (settings, secret),
        None => (endpoint.settings.clone(), SecretChange::Keep),
    };
    // A previous secret whose time is over goes with the next change, and is no change by itself.
    let is_asked = secret != SecretChange::Keep;
    let (before, now_ms) = (record.signing_secrets(), now_ms());
    let secrets = before.change(secret, now_ms);
    let mappings = planned.mappings.filter(|mappings| !same(mappings, &record.mappings));
    let same_secrets = !is_asked || secrets == before.change(SecretChange::Keep, now_ms);
    if settings == endpoint.settings && same_secrets && mappings.is_none() {
        return Ok(None);
    }
    Ok(Some(SourceEnvironmentUpdate {
        id: record.id,
        expected_version: record.version,
        settings: as_json(&settings)?,
        signing_secret: secrets.current,
        previous_signing_secret: secrets.previous,
        scheme: record.scheme.clone(),
        mappings,
    }))
}

/// Whether two lists hold the same mappings, in whatever order.
fn same(a: &[MappingRecord], b: &[MappingRecord]) -> bool {
    a.len() == b.len() && a.iter().all(|mapping| b.contains(mapping))
}

fn defaults_of(plugin: &Plugin) -> Result<Settings, ApiError> {
    default_settings(plugin).map_err(|error| {
        let key = &plugin.manifest().key;
        let message =
            format!("the default settings of the provider {key:?} are not valid: {error}; correct the plugin");
        ApiError::invalid("source.preconfigured_provider", message)
    })
}

fn as_json(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "settings cannot be written as JSON");
        ApiError::new(Kind::Internal, "the settings cannot be stored; the server's log says why")
    })
}
