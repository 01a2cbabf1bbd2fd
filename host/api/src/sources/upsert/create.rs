//! Creates a source. It gets an endpoint and default settings in every environment.

use inlet_engine::snapshot::new_token;
use inlet_sandbox::Plugin;
use inlet_store::{Environment, NewSource, NewSourceEnvironment};

use super::{
    Upsert, as_json,
    plan::{Plan, defaults_of},
    request::PROVIDER_FIELD,
};
use crate::{
    error::ApiError,
    sources::lookup::{find_endpoint, find_source},
};

impl Upsert<'_> {
    /// Returns the plugin that the request names for a new source.
    pub fn provider(&self) -> Result<Plugin, ApiError> {
        let catalog = self.change.catalog();
        let keys: Vec<&str> = catalog.iter().map(|plugin| plugin.manifest().key.as_str()).collect();
        let expected = format!("expected one of {}", keys.join(", "));
        let Some(key) = &self.request.provider else {
            let message = format!("it is missing, and there is no source {:?} to change; {expected}", self.key);
            return Err(ApiError::invalid(PROVIDER_FIELD, message));
        };
        let unknown = || ApiError::invalid(PROVIDER_FIELD, format!("there is no provider {key:?}; {expected}"));
        catalog.get(key).cloned().ok_or_else(unknown)
    }

    /// Writes a new source.
    pub async fn create(&self, plugin: &Plugin, plan: Plan, environments: &[Environment]) -> Result<(), ApiError> {
        let settings = as_json(&defaults_of(plugin)?)?;
        let scheme = plugin.manifest().verification.as_ref().map(as_json).transpose()?;
        let pin = self.change.catalog().pin_of(plugin);
        let environments = environments.iter().map(|environment| {
            Ok(NewSourceEnvironment {
                environment_id: environment.id,
                token: new_token()?,
                settings: settings.clone(),
                scheme: scheme.clone(),
                plugin: pin.clone(),
                ..NewSourceEnvironment::default()
            })
        });
        let new = NewSource {
            key: self.key.to_owned(),
            name: self.request.name.clone(),
            description: self.request.description.clone().apply(None),
            custom_image_url: self.request.custom_image_url.clone().apply(None),
            provider: plugin.manifest().key.clone(),
            environments: environments.collect::<Result<_, ApiError>>()?,
        };
        self.change.create_source(new).await?;
        let by = self.operator.name();
        tracing::info!(source = self.key, provider = plugin.manifest().key, by, "a source was created");
        let snapshot = self.change.snapshot();
        let source = find_source(&snapshot, self.key)?;
        self.update(source, find_endpoint(source, self.environment)?, plan).await
    }
}
