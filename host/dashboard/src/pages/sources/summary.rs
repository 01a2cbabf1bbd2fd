//! A source with its status, as lists show it.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use inlet_api::in_process::ApiFailure;
use inlet_api_types::{
    providers::SourceProviderList,
    sources::{Source, SourceList, SourceStatus},
};

use crate::{
    components::{Html, outcome, provider_mark::provider_mark},
    context::Page,
    html::url_part,
};

/// A source with its status.
pub struct Summary {
    /// The source, with its settings by environment.
    pub source: Source,
    /// Its status in the environments that were asked for.
    pub status: SourceStatus,
    /// The platform's name.
    pub provider: String,
}

impl Summary {
    /// The mark of its platform.
    pub fn mark(&self) -> Html {
        provider_mark(&self.source.preconfigured_provider, &self.provider)
    }

    /// Its health.
    pub fn health(&self) -> outcome::Badge {
        outcome::health(self.status.needs_attention.count, self.status.last_event_received.is_some())
    }

    /// The environments of the source that the token gives access to, in the order of the switcher.
    pub fn environments<'a>(&'a self, page: &'a Page) -> impl Iterator<Item = &'a str> {
        let own = self.source.environment_settings.as_ref();
        let slugs = page.environments.iter().map(|environment| environment.slug.as_str());
        slugs.filter(move |slug| own.is_some_and(|settings| settings.contains_key(*slug)))
    }
}

/// Reads all sources with their status in one environment, or in all that the token gives access to.
pub async fn all(page: &Page, environment: Option<&str>) -> Result<Vec<Summary>, ApiFailure> {
    let providers: SourceProviderList = page.get("/v1/source_providers").await?;
    let names: HashMap<_, _> = providers.entries.into_iter().map(|listed| (listed.key, listed.provider.name)).collect();
    let only = environment.map(|slug| format!("environment={}", url_part(slug))).unwrap_or_default();
    let sources: SourceList = page.get(&format!("/v1/sources?include=environment_settings&{only}")).await?;
    try_join_all(sources.entries.into_iter().map(async |source| {
        let status = page.get(&format!("/v1/sources/{}/status?{only}", url_part(&source.key))).await?;
        let provider = names.get(&source.preconfigured_provider).unwrap_or(&source.preconfigured_provider).clone();
        Ok(Summary { source, status, provider })
    }))
    .await
}
