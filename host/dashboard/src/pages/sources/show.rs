//! `GET /sources/{key}`: a source in each of its environments.

use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use futures_util::future::try_join_all;
use inlet_api::Scope;
use inlet_api_types::sources::{Source, SourceComparison, SourceEnvironmentSettings, SourceStatus};

use super::setting_names::SWITCHES;
use crate::pages::source_place::SourcePlace;
use crate::{
    components::{Html, confirm::confirm, copy, icon, outcome, time, without_routes},
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    respond, tabs,
};

/// The environment that the others are compared with, where it exists.
const MODEL: &str = "development";

/// A source in one environment.
struct InEnvironment {
    place: SourcePlace,
    name: String,
    is_production: bool,
    settings: SourceEnvironmentSettings,
    status: SourceStatus,
    /// The differences from the model; none for the model itself.
    comparison: Option<SourceComparison>,
}

/// A setting that is on or off.
struct Switch {
    name: &'static str,
    label: &'static str,
    is_on: bool,
}

impl InEnvironment {
    fn endpoint(&self) -> Option<Html> {
        let url = self.settings.settings.endpoint.as_deref()?;
        Some(copy::value(url, &format!("Copy the endpoint's URL in {}", self.place.environment)))
    }

    fn health(&self) -> outcome::Badge {
        outcome::health(self.status.needs_attention.count, self.status.last_event_received.is_some())
    }

    fn switches(&self) -> [Switch; 3] {
        let settings = &self.settings.settings;
        SWITCHES.map(|(name, label)| {
            let is_on = match name {
                "handle_identifies" => settings.handle_identifies,
                "enforce_idempotency" => settings.enforce_idempotency,
                _ => settings.enforce_verification,
            };
            Switch { name, label, is_on }
        })
    }

    /// The first tab of the source in the environment.
    fn first_page(&self) -> String {
        tabs::first_of_source(&self.place.environment, &self.place.key).unwrap_or_else(|| self.place.page("logs"))
    }

    /// The steps until the first event; none once there is one.
    fn set_up(&self) -> Option<String> {
        self.status.last_event_received.is_none().then(|| self.place.page("set-up"))
    }

    /// The differences in words.
    fn differs(&self) -> Option<String> {
        match self.comparison.as_ref()?.count() {
            0 => None,
            1 => Some(format!("1 difference from {MODEL}")),
            count => Some(format!("{count} differences from {MODEL}")),
        }
    }

    fn compare(&self) -> String {
        let [key, to] = [&self.place.key, &self.place.environment].map(|part| url_part(part));
        format!("/sources/{key}/compare?from={MODEL}&to={to}")
    }

    /// The number of requests that verification refused.
    fn refused(&self) -> i64 {
        let causes = self.status.needs_attention.causes.iter().filter(|cause| cause.kind == "refused");
        causes.map(|cause| cause.count).sum()
    }

    fn active_mappings(&self) -> usize {
        self.settings.mappings.iter().filter(|mapping| mapping.active).count()
    }
}

#[derive(Template)]
#[template(path = "pages/sources/show.html")]
struct ShowPage<'a> {
    layout: Layout<'a>,
    source: &'a Source,
    environments: Vec<InEnvironment>,
    /// The environment in which a change was refused, and the error.
    refused: Option<(&'a str, &'a PageError)>,
}

impl ShowPage<'_> {
    fn may_operate(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn may_delete(&self) -> bool {
        let page = self.layout.page;
        page.can(Scope::Admin) && page.operator().environment_ids().is_none()
    }

    fn error_in(&self, environment: &str) -> Option<&str> {
        self.refused.filter(|(slug, _)| *slug == environment).map(|(_, error)| error.message.as_str())
    }

    fn delete(&self) -> Html {
        let key = &self.source.key;
        let warning = "Its endpoints, settings, mappings, secrets and logs are deleted in every environment, for good. What is sent to it then is answered 404.";
        confirm(&self.layout, "Delete source", warning, key, &format!("/sources/{}/delete", url_part(key)))
    }
}

/// Shows a source.
pub async fn show(page: Page, Path(key): Path<String>) -> PageResult {
    shown(&page, &key, None).await
}

/// Shows the page, with the error of a change.
pub async fn shown(page: &Page, key: &str, refused: Option<(&str, &PageError)>) -> Result<Response, PageError> {
    let has_model = page.environments.iter().any(|environment| environment.slug == MODEL);
    let read = try_join_all(page.environments.iter().map(async |environment| {
        let place = SourcePlace::new(&environment.slug, key);
        let (source, settings) = place.read(page).await?;
        let status = page.get(&place.api("/status")).await?;
        let comparison = match has_model && environment.slug != MODEL {
            true => {
                let (key, to) = (url_part(key), url_part(&environment.slug));
                Some(page.get(&format!("/v1/sources/{key}/compare?from={MODEL}&environment={to}")).await?)
            }
            false => None,
        };
        let is_production = place.is_production(page);
        let name = environment.name.clone();
        Ok::<_, PageError>((source, InEnvironment { place, name, is_production, settings, status, comparison }))
    }))
    .await?;
    let mut source = None;
    let environments = read.into_iter().map(|(found, environment)| {
        source = Some(found);
        environment
    });
    let environments: Vec<_> = environments.collect();
    let source = source.ok_or_else(|| PageError::forbidden("this token gives access to no environment"))?;
    let layout = Layout::new(page, source.name.clone()).under("Sources", "/sources");
    let mut response = respond::html(&ShowPage { layout, source: &source, environments, refused });
    *response.status_mut() = refused.map_or(StatusCode::OK, |(_, error)| error.status);
    Ok(response)
}
