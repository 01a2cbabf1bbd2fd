//! A source in an environment, as the paths of its pages name it.

use inlet_api::in_process::ApiFailure;
use inlet_api_types::sources::{Source, SourceEnvironmentSettings};

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

impl SourcePlace {
    /// Returns the place that a path names.
    pub fn new(environment: impl Into<String>, key: impl Into<String>) -> Self {
        Self { environment: environment.into(), key: key.into() }
    }

    /// Returns the address of a page of the source in the environment, such as `settings`.
    pub fn page(&self, name: &str) -> String {
        format!("/e/{}/sources/{}/{name}", url_part(&self.environment), url_part(&self.key))
    }

    /// Returns the address of the source's logs in the environment.
    pub fn logs(&self) -> String {
        self.page("logs")
    }

    /// Returns the address of the API for the source in the environment; `operation` is such as `/status`, or empty.
    pub fn api(&self, operation: &str) -> String {
        format!("/v1/sources/{}{operation}?environment={}", url_part(&self.key), url_part(&self.environment))
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

    /// An environment in the path of a page that does not exist is a page that is not there.
    fn unknown(&self, page: &Page, failure: ApiFailure) -> PageError {
        match page.environments.iter().any(|environment| environment.slug == self.environment) {
            true => failure.into(),
            false => PageError::not_found(format!("there is no environment {:?} for this token", self.environment)),
        }
    }

    /// Returns true if real people are reached with the environment.
    pub fn is_production(&self, page: &Page) -> bool {
        page.environments.iter().any(|found| found.slug == self.environment && layout::is_production(found))
    }

    /// Returns the layout of a page of the source in the environment.
    pub fn layout<'a>(&self, page: &'a Page, source: &Source) -> Layout<'a> {
        Layout::new(page, source.name.clone()).in_source(&self.key)
    }
}
