//! Creates a source. It gets an endpoint in every environment: with the requested configuration in the environment of the
//! request, with default settings in the others.

use inlet_core::{rotating_secret::RotatingSecret, settings::ChangedSettings};
use inlet_engine::{clock::now_ms, snapshot::new_token};
use inlet_sandbox::Plugin;
use inlet_store::{Environment, NewSource, NewSourceEnvironment};

use super::{
    Upsert, as_json,
    plan::{Plan, defaults_of},
    preview::Preview,
    request::{NAME_FIELD, PROVIDER_FIELD},
};
use crate::error::ApiError;

impl Upsert<'_> {
    /// Returns the plugin that the request names for a new source.
    pub fn provider(&self) -> Result<Plugin, ApiError> {
        let catalog = self.change.catalog();
        let keys: Vec<&str> = catalog.iter().map(|plugin| plugin.manifest().key.as_str()).collect();
        let expected = format!("expected one of {}", keys.join(", "));
        let Some(key) = self.request.provider_of_new() else {
            let message = format!("it is missing, and there is no source {:?} to change; {expected}", self.key);
            return Err(ApiError::invalid(PROVIDER_FIELD, message));
        };
        let unknown = || ApiError::invalid(PROVIDER_FIELD, format!("there is no provider {key:?}; {expected}"));
        catalog.get(key).cloned().ok_or_else(unknown)
    }

    /// Writes a new source with its configuration, in one transaction, or returns it on a dry run.
    pub async fn create(
        &self,
        plugin: &Plugin,
        plan: Plan,
        environments: &[Environment],
    ) -> Result<Option<Preview>, ApiError> {
        let Some(name) = self.request.name.clone() else {
            return Err(ApiError::invalid(NAME_FIELD, "it is missing; expected a string, since the source is new"));
        };
        let defaults = NewSourceEnvironment {
            settings: as_json(&defaults_of(plugin)?)?,
            scheme: plugin.manifest().verification.as_ref().map(as_json).transpose()?,
            plugin: self.change.catalog().pin_of(plugin),
            ..NewSourceEnvironment::default()
        };
        let configured = configured(defaults.clone(), plan)?;
        let environments = environments.iter().map(|environment| {
            let start = if environment.id == self.environment.id { &configured } else { &defaults };
            Ok(NewSourceEnvironment { environment_id: environment.id, token: new_token()?, ..start.clone() })
        });
        let new = NewSource {
            key: self.key.to_owned(),
            name,
            description: self.request.description.clone().apply(None),
            custom_image_url: self.request.custom_image_url.clone().apply(None),
            provider: plugin.manifest().key.clone(),
            environments: environments.collect::<Result<_, ApiError>>()?,
        };
        if self.dry_run {
            return Ok(Some(Preview::of(self.change.preview_source_creation(&new), None)));
        }
        self.change.create_source(new).await?;
        let by = self.operator.name();
        tracing::info!(source = self.key, provider = plugin.manifest().key, by, "a source was created");
        Ok(None)
    }
}

/// Returns an environment's initial configuration with the planned settings, secret and mappings.
pub fn configured(defaults: NewSourceEnvironment, plan: Plan) -> Result<NewSourceEnvironment, ApiError> {
    let configuration = NewSourceEnvironment { mappings: plan.mappings.unwrap_or_default(), ..defaults };
    let Some(ChangedSettings { settings, secret, write_key, .. }) = plan.settings else { return Ok(configuration) };
    let secrets = RotatingSecret::default().change(secret, now_ms());
    Ok(NewSourceEnvironment {
        settings: as_json(&settings)?,
        signing_secret: secrets.current,
        previous_signing_secret: secrets.previous,
        write_keys: RotatingSecret::default().change(write_key, now_ms()),
        ..configuration
    })
}
