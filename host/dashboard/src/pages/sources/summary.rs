//! A source with its status, as lists show it.

use std::collections::HashMap;

use inlet_api::in_process::ApiFailure;
use inlet_api_types::{
    providers::SourceProviderList,
    sources::{Source, SourceEnvironmentStatus, SourceList},
};

use crate::{
    components::{
        Html, outcome,
        provider_mark::{initials_mark, provider_mark},
    },
    context::Page,
    html::url_part,
};

/// A source with its status.
pub struct Summary {
    /// The source.
    pub source: Source,
    /// Its status in all environments that were asked for, added up.
    pub status: SourceEnvironmentStatus,
    /// The environments, in the order of the switcher, each with the health of the source there.
    pub environments: Vec<(String, outcome::Badge)>,
    /// The platform's name.
    pub provider: String,
    mark: Html,
}

impl Summary {
    /// The mark of its platform.
    pub fn mark(&self) -> &Html {
        &self.mark
    }

    /// Its health.
    pub fn health(&self) -> outcome::Badge {
        health(&self.status)
    }

    /// Returns true if its name, its key or its platform holds a text, which is in lower case.
    pub fn holds(&self, text: &str) -> bool {
        let texts = [&self.source.name, &self.source.key, &self.provider];
        texts.iter().any(|found| found.to_lowercase().contains(text))
    }
}

fn health(status: &SourceEnvironmentStatus) -> outcome::Badge {
    outcome::health(status.needs_attention.count, status.last_event_received.is_some())
}

/// Reads all sources with their status in one environment, or in all that the token gives access to: two calls of the API,
/// whatever the number of sources.
pub async fn all(page: &Page, environment: Option<&str>) -> Result<Vec<Summary>, ApiFailure> {
    let providers: SourceProviderList = page.get("/v1/source_providers").await?;
    let platforms: HashMap<_, _> = providers.entries.into_iter().map(|listed| (listed.key, listed.provider)).collect();
    let only = environment.map(|slug| format!("&environment={}", url_part(slug))).unwrap_or_default();
    let sources: SourceList = page.get(&format!("/v1/sources?include=environment_status{only}")).await?;
    let summary = |mut source: Source| {
        let mut statuses = source.environment_status.take().unwrap_or_default();
        let slugs = page.environments.iter().map(|environment| &environment.slug);
        let found: Vec<_> = slugs.filter_map(|slug| Some((slug.clone(), statuses.remove(slug)?))).collect();
        let environments = found.iter().map(|(slug, status)| (slug.clone(), health(status))).collect();
        let status = sum(found.into_iter().map(|(_, status)| status));
        let key = &source.preconfigured_provider;
        let (provider, mark) = match platforms.get(key) {
            Some(platform) => (platform.name.clone(), provider_mark(key, platform)),
            None => (key.clone(), initials_mark(key, key)),
        };
        Summary { source, status, environments, provider, mark }
    };
    Ok(sources.entries.into_iter().map(summary).collect())
}

/// Adds the status of several environments up. The plugin is that of the first one.
fn sum(all: impl Iterator<Item = SourceEnvironmentStatus>) -> SourceEnvironmentStatus {
    let none = SourceEnvironmentStatus {
        mappings_count: 0,
        events_count: 0,
        last_event_received: None,
        plugin: None,
        needs_attention: Default::default(),
        notes: Vec::new(),
    };
    all.fold(none, |mut sum, status| {
        sum.mappings_count += status.mappings_count;
        sum.events_count += status.events_count;
        // RFC 3339 in UTC, so texts are ordered as times are.
        sum.last_event_received = sum.last_event_received.max(status.last_event_received);
        sum.plugin = sum.plugin.or(status.plugin);
        sum.needs_attention.count += status.needs_attention.count;
        let oldest = [sum.needs_attention.oldest_at.take(), status.needs_attention.oldest_at];
        sum.needs_attention.oldest_at = oldest.into_iter().flatten().min();
        sum.needs_attention.causes.extend(status.needs_attention.causes);
        sum.notes.extend(status.notes);
        sum
    })
}
