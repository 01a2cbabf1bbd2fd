//! Computes the new settings and mappings of a source environment, without writing them.

use inlet_api_types::sources::{MappingRequest, SettingsRequest};
use inlet_core::{
    settings::{ChangedSettings, Settings},
    variables::Variables,
    verification::Template,
};
use inlet_engine::{Engine, catalog::default_settings, clock::now_ms, snapshot::Endpoint};
use inlet_sandbox::{Limits, Plugin};
use inlet_store::MappingRecord;

use super::{
    Upsert, mappings,
    request::PROVIDER_FIELD,
    settings::{self, PresentSettings},
};
use crate::{
    error::ApiError,
    sources::response::{self, InForce},
};

/// The configuration that a source environment gets. `None` keeps the present one.
pub struct Plan {
    /// The settings after the change.
    pub settings: Option<ChangedSettings>,
    /// All mappings after the change.
    pub mappings: Option<Vec<MappingRecord>>,
}

impl Plan {
    /// Returns what was changed in the given values.
    pub fn notes(&self) -> Vec<String> {
        self.settings.as_ref().map(|changed| changed.notes.clone()).unwrap_or_default()
    }
}

/// The settings and mappings that a request asks for.
pub struct Requested<'a> {
    /// Settings to merge into the present ones.
    pub settings: Option<&'a SettingsRequest>,
    /// All mappings.
    pub mappings: Option<&'a [MappingRequest]>,
    /// Returns the path of a member in the request.
    pub field: &'a (dyn Fn(&str) -> String + Sync),
}

impl Requested<'_> {
    /// Plans a change of an existing source environment.
    pub async fn plan_update(&self, endpoint: &Endpoint, engine: &Engine) -> Result<Plan, ApiError> {
        let options = &engine.options;
        let settings = match (self.settings, &endpoint.plugin) {
            (None, _) => None,
            (Some(_), None) => {
                let message = format!(
                    "this server has no plugin {:?} to check them with; add it (inlet plugin add), or put it into --plugins-dir",
                    endpoint.plugin_ref.key
                );
                return Err(ApiError::invalid((self.field)("settings"), message));
            }
            (Some(request), Some(plugin)) => {
                let present = PresentSettings {
                    settings: &endpoint.settings,
                    response: response::settings_of(endpoint, options),
                    has_secret: endpoint.record.signing_secret.is_some(),
                    has_write_key: endpoint.has_write_key(),
                    scheme: endpoint.scheme.as_ref(),
                    has_public_url: options.public_url.is_some(),
                    defaults: &defaults_of(plugin)?,
                    manifest: plugin.manifest(),
                    max_items_limit: options.max_items_limit,
                    is_plugin_switched: false,
                };
                let field = (self.field)("settings");
                Some(settings::checked_change(request, &field, &present, plugin, &engine.limits).await?)
            }
        };
        Ok(Plan { settings, mappings: self.plan_mappings(&endpoint.record.mappings, &endpoint.variables)? })
    }

    fn plan_mappings(
        &self,
        present: &[MappingRecord],
        variables: &Variables,
    ) -> Result<Option<Vec<MappingRecord>>, ApiError> {
        let Some(requests) = self.mappings else { return Ok(None) };
        mappings::change(requests, &(self.field)("mappings"), present, variables, now_ms()).map(Some)
    }
}

impl Upsert<'_> {
    /// Plans a change of an existing source environment.
    pub async fn plan_update(&self, endpoint: &Endpoint) -> Result<Plan, ApiError> {
        self.requested(&|member| self.request.field(member)).plan_update(endpoint, self.change.engine()).await
    }

    fn requested<'a>(&'a self, field: &'a (dyn Fn(&str) -> String + Sync)) -> Requested<'a> {
        Requested { settings: self.request.settings.as_ref(), mappings: self.request.mappings.as_deref(), field }
    }

    /// Plans a source environment that does not exist yet. It starts with the plugin's default settings.
    pub async fn plan_creation(&self, plugin: &Plugin) -> Result<Plan, ApiError> {
        let field = self.request.field("settings");
        let settings = match &self.request.settings {
            Some(request) => Some(new_settings(plugin, request, &field, self.change.engine()).await?),
            None => None,
        };
        let variables = self.change.snapshot().mapping_variables(self.environment.id);
        let mappings = self.requested(&|member| self.request.field(member)).plan_mappings(&[], &variables)?;
        Ok(Plan { settings, mappings })
    }
}

/// Returns the settings of a source environment that does not exist yet. It starts with the plugin's default settings.
pub async fn new_settings(
    plugin: &Plugin,
    request: &SettingsRequest,
    field: &str,
    engine: &Engine,
) -> Result<ChangedSettings, ApiError> {
    let options = &engine.options;
    let (manifest, defaults) = (plugin.manifest(), defaults_of(plugin)?);
    let scheme = manifest.verification.as_ref();
    let max_items_limit = options.max_items_limit;
    let plugin_options = manifest.check_options(&defaults.options.clone().into()).unwrap_or_default();
    let in_force = InForce {
        provider: &manifest.key,
        endpoint: None,
        signing_secret_set: false,
        previous_signing_secret_until_ms: None,
        write_key_set: false,
        previous_write_key_until_ms: None,
        previous_endpoint_until_ms: None,
        credential_header: defaults.verification_header.as_deref().or(scheme.and_then(Template::header)),
        scheme,
        max_body_bytes: defaults.max_body_bytes.unwrap_or(manifest.max_body_bytes),
        max_items: Limits::default().items.min(max_items_limit) as u64,
        on_reject: manifest.on_reject,
        options: plugin_options.to_string(),
    };
    let present = PresentSettings {
        settings: &defaults,
        response: response::settings(&defaults, in_force),
        has_secret: false,
        has_write_key: false,
        scheme,
        has_public_url: options.public_url.is_some(),
        defaults: &defaults,
        manifest,
        max_items_limit,
        is_plugin_switched: false,
    };
    settings::checked_change(request, field, &present, plugin, &engine.limits).await
}

/// Returns the plugin's default settings, or names the plugin if they are not valid.
pub fn defaults_of(plugin: &Plugin) -> Result<Settings, ApiError> {
    default_settings(plugin).map_err(|error| {
        let key = &plugin.manifest().key;
        let message =
            format!("the default settings of the provider {key:?} are not valid: {error}; correct the plugin");
        ApiError::invalid(PROVIDER_FIELD, message)
    })
}
