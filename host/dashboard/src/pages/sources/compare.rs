//! `GET` and `POST /sources/{key}/compare`: the differences of a source between two environments, and carrying them over.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    http::{Method, StatusCode},
    response::Response,
};
use inlet_api::Scope;
use inlet_api_types::{
    configuration::{Configuration, SourceConfiguration, SourceEnvironmentConfiguration},
    sources::{MappingDifference, PluginInForce, SourceComparison, SourceMapping},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::setting_names;
use crate::pages::source_place::SourcePlace;
use crate::{
    components::{confirm, filter::Choice, icon, outcome},
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
};

/// The environments that are compared.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Compared {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

/// The form.
#[derive(Debug, Default, Deserialize)]
pub struct ApplyForm {
    /// The digest of what was shown.
    #[serde(default)]
    shown: String,
    #[serde(default)]
    settings: Option<String>,
    #[serde(default)]
    mappings: Option<String>,
    #[serde(default)]
    plugin: Option<String>,
    #[serde(default)]
    confirm_name: String,
}

#[derive(Template)]
#[template(path = "pages/sources/compare.html")]
struct ComparePage<'a> {
    layout: Layout<'a>,
    key: &'a str,
    found: &'a SourceComparison,
    asks_for_name: bool,
    error: Option<&'a PageError>,
}

impl ComparePage<'_> {
    fn may_apply(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    /// The address of this page for two environments.
    fn address(&self, from: &str, to: &str) -> String {
        address(self.key, from, to)
    }

    /// The environments that may stand in place of one of the two.
    fn choices(&self, is_from: bool) -> Vec<Choice> {
        let SourceComparison { from, to, .. } = self.found;
        let other = if is_from { to } else { from };
        // An environment is not compared with itself.
        let environments = self.layout.page.environments.iter().filter(|environment| environment.slug != *other);
        let choices = environments.map(|environment| {
            let slug = &environment.slug;
            let (href, here) = if is_from { (self.address(slug, to), from) } else { (self.address(from, slug), to) };
            Choice { label: environment.name.clone(), href, is_chosen: here == slug }
        });
        choices.collect()
    }

    fn kind(&self, difference: &MappingDifference) -> outcome::Badge {
        outcome::difference(&difference.change)
    }

    /// The text of one side of a mapping, in lines.
    fn lines(&self, mapping: Option<&SourceMapping>) -> Vec<(&'static str, String)> {
        let Some(mapping) = mapping else { return Vec::new() };
        let mut lines = vec![
            ("Event", mapping.event_type.clone()),
            ("Action", mapping.action_type.clone()),
            ("Parameters", mapping.action_parameters.as_text().to_owned()),
        ];
        if let Some(when) = &mapping.when {
            lines.insert(1, ("When", when.as_text().to_owned()));
        }
        if !mapping.active {
            lines.push(("State", "off".to_owned()));
        }
        lines
    }

    fn version(&self, plugin: &PluginInForce) -> String {
        let latest = if plugin.follows_latest { ", follows the latest" } else { "" };
        format!("{}{latest}", plugin.version)
    }

    fn shown(&self) -> String {
        digest(self.found)
    }
}

/// Shows the differences.
pub async fn show(page: Page, Path(key): Path<String>, Query(compared): Query<Compared>) -> PageResult {
    let found = read(&page, &key, &compared).await?;
    Ok(shown(&page, &key, &found, None))
}

/// Carries the ticked differences over, all of them or none.
pub async fn apply(
    page: Page,
    Path(key): Path<String>,
    Query(compared): Query<Compared>,
    Form(form): Form<ApplyForm>,
) -> PageResult {
    let found = read(&page, &key, &compared).await?;
    match carry_over(&page, &key, &found, &form).await {
        Ok(()) => Ok(respond::go_to(&page, &address(&key, &found.from, &found.to))),
        Err(error) => Ok(shown(&page, &key, &read(&page, &key, &compared).await?, Some(&error))),
    }
}

async fn read(page: &Page, key: &str, compared: &Compared) -> Result<SourceComparison, PageError> {
    let [from, to] = [&compared.from, &compared.to].map(|slug| url_part(slug));
    Ok(page.get(&format!("/v1/sources/{}/compare?from={from}&environment={to}", url_part(key))).await?)
}

fn shown(page: &Page, key: &str, found: &SourceComparison, error: Option<&PageError>) -> Response {
    let layout = Layout::new(page, format!("Differences of {key}"))
        .under("Sources", "/sources")
        .under(key, format!("/sources/{}", url_part(key)));
    let asks_for_name = SourcePlace::new(&found.to, key).is_production(page);
    let mut response = respond::html(&ComparePage { layout, key, found, asks_for_name, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    response
}

fn address(key: &str, from: &str, to: &str) -> String {
    format!("/sources/{}/compare?from={}&to={}", url_part(key), url_part(from), url_part(to))
}

/// The digest of the differences, so that nobody carries over what he has not seen.
fn digest(found: &SourceComparison) -> String {
    let text = serde_json::to_string(found).unwrap_or_default();
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

async fn carry_over(page: &Page, key: &str, found: &SourceComparison, form: &ApplyForm) -> Result<(), PageError> {
    let place = SourcePlace::new(&found.to, key);
    if place.is_production(page) {
        confirm::check(&form.confirm_name, &found.to)?;
    }
    if form.shown != digest(found) {
        let message = "one of the environments was changed since this page was read, so nothing was carried over; look at the differences again";
        return Err(PageError::new(StatusCode::PRECONDITION_FAILED, message));
    }
    let SourceEnvironmentConfiguration { plugin, settings, mappings, .. } = found.change.clone();
    let change = SourceEnvironmentConfiguration {
        plugin: plugin.filter(|_| form.plugin.is_some()),
        settings: settings.filter(|_| form.settings.is_some()),
        mappings: mappings.filter(|_| form.mappings.is_some()),
        ..SourceEnvironmentConfiguration::default()
    };
    let source =
        SourceConfiguration { environments: BTreeMap::from([(found.to.clone(), change)]), ..Default::default() };
    let document = Configuration { environments: None, sources: Some(BTreeMap::from([(key.to_owned(), source)])) };
    let body = serde_json::to_string(&document).unwrap_or_default();
    let if_match = format!("\"{}\"", found.version);
    page.call(Method::PUT, "/v1/configuration", &[("if-match", &if_match)], Some(body.into())).await?;
    Ok(())
}
