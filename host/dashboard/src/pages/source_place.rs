//! A source in an environment, as the paths of its pages name it.

use inlet_api::in_process::ApiFailure;
use inlet_api_types::sources::{Source, SourceEnvironmentSettings, SourceMapping, SourceSettings};

use crate::{
    context::Page,
    error::PageError,
    html::url_part,
    layout::{self, Layout},
};

/// A source in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePlace {
    /// The environment's identifier.
    pub environment: String,
    /// The source's key.
    pub key: String,
}

/// The configuration of a source in an environment.
pub struct Configuration {
    /// The source.
    pub source: Source,
    /// The number of changes, for `If-Match`.
    pub version: i64,
    /// The settings.
    pub settings: SourceSettings,
    /// The mappings, oldest first.
    pub mappings: Vec<SourceMapping>,
}

impl SourcePlace {
    /// Returns the source of a path.
    pub fn new(environment: impl Into<String>, key: impl Into<String>) -> Self {
        Self { environment: environment.into(), key: key.into() }
    }

    /// Returns the address of a page of the source, such as `mappings`.
    pub fn page(&self, page: &str) -> String {
        format!("/e/{}/sources/{}/{page}", url_part(&self.environment), url_part(&self.key))
    }

    /// Returns the path of an operation of the API about the source in the environment, such as `/rehearse`.
    pub fn api(&self, operation: &str) -> String {
        format!("/v1/sources/{}{operation}?environment={}", url_part(&self.key), url_part(&self.environment))
    }

    /// Returns the address of the page of a log entry.
    pub fn entry(&self, id: &str) -> String {
        format!("/e/{}/logs/{}/{}", url_part(&self.environment), url_part(&self.key), url_part(id))
    }

    /// Returns the address of the list of the source's logs, whatever needs attention, with these filters.
    pub fn logs(&self, filters: &[(&str, &str)]) -> String {
        let filters = filters.iter().map(|(name, value)| format!("&{}={}", url_part(name), url_part(value)));
        format!("{}?needs_attention=false{}", self.page("logs"), filters.collect::<String>())
    }

    /// Returns the address of the list of actions in the environment, with a filter.
    pub fn actions(&self, name: &str, value: &str) -> String {
        format!("/e/{}/actions?{name}={}", url_part(&self.environment), url_part(value))
    }

    /// Returns true if real people are reached here.
    pub fn is_production(&self, page: &Page) -> bool {
        page.environments.iter().any(|known| known.slug == self.environment && layout::is_production(known))
    }

    /// Reads the source with its configuration in the environment.
    pub async fn read(&self, page: &Page) -> Result<(Source, SourceEnvironmentSettings), PageError> {
        let mut source: Source = page.get(&self.api("")).await.map_err(|failure| self.unknown(page, failure))?;
        let settings = source.environment_settings.as_mut().and_then(|settings| settings.remove(&self.environment));
        let settings = settings.ok_or_else(|| {
            PageError::not_found(format!("the source {:?} is not set up in {:?}", self.key, self.environment))
        })?;
        Ok((source, settings))
    }

    /// Reads the configuration.
    pub async fn configuration(&self, page: &Page) -> Result<Configuration, PageError> {
        let (source, own) = self.read(page).await?;
        Ok(Configuration { source, version: own.version, settings: own.settings, mappings: own.mappings })
    }

    /// An environment in the path of a page that does not exist is a page that is not there.
    fn unknown(&self, page: &Page, failure: ApiFailure) -> PageError {
        match page.environments.iter().any(|environment| environment.slug == self.environment) {
            true => failure.into(),
            false => PageError::not_found(format!("there is no environment {:?} for this token", self.environment)),
        }
    }

    /// Returns the layout of a page of the source's tabs.
    pub fn layout<'a>(&self, page: &'a Page, source: &Source) -> Layout<'a> {
        Layout::new(page, source.name.clone()).in_source(&self.key)
    }
}
