//! `/plugins/{key}/use`: what another version would change for a source, and choosing it.

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
    providers::SourceProvider,
    sources::{ComparePlugins, ComparedPlugins, PluginDifference, UsePlugin, UsedPlugin},
};
use serde::Deserialize;

use super::changes;
use crate::{
    components::{Html, icon},
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    respond,
    session::sign_in::own_path,
};

/// The source environment, and the version that it is to use.
#[derive(Debug, Deserialize)]
pub struct Choice {
    source: String,
    environment: String,
    /// A version, or `latest`; empty for a rollback.
    #[serde(default)]
    version: String,
    /// `true`: the version that it had before.
    #[serde(default)]
    rollback: String,
    /// `true`: the operator accepts differences in verification and options.
    #[serde(default)]
    confirm: String,
    /// The page to lead to afterwards; empty for the plugin's.
    #[serde(default)]
    next: String,
}

impl Choice {
    fn is_rollback(&self) -> bool {
        self.rollback == "true"
    }
}

#[derive(Template)]
#[template(path = "pages/plugins/choose.html")]
struct ChoosePage<'a> {
    layout: Layout<'a>,
    key: &'a str,
    choice: &'a Choice,
    compared: &'a ComparedPlugins,
    error: Option<&'a PageError>,
}

impl ChoosePage<'_> {
    fn may_choose(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    /// True if the server asks for a confirmation.
    fn wants_confirmation(&self) -> bool {
        self.error.is_some_and(|error| doubts(error).is_some())
    }

    fn message<'e>(&self, error: &'e PageError) -> &'e str {
        doubts(error).unwrap_or(&error.message)
    }

    /// The page to lead to afterwards.
    fn next(&self) -> String {
        next(self.key, self.choice)
    }

    fn by_member(&self) -> &BTreeMap<String, usize> {
        &self.compared.by_member
    }

    fn changes(&self, difference: &PluginDifference) -> Html {
        changes::table(difference)
    }

    fn verb(&self) -> &'static str {
        if self.choice.is_rollback() { "Roll back to" } else { "Use" }
    }
}

/// Returns the doubts of the API about a version that it takes only with a confirmation; none for another error.
pub fn doubts(error: &PageError) -> Option<&str> {
    error.message.split_once("; look at it, and send confirm true").map(|(doubts, _)| doubts)
}

fn next(key: &str, choice: &Choice) -> String {
    match choice.next.as_str() {
        "" => format!("/plugins/{}", url_part(key)),
        next => own_path(next).to_owned(),
    }
}

/// Returns the name of the version to compare with the one in force.
async fn version_of(page: &Page, key: &str, choice: &Choice) -> Result<String, PageError> {
    if !choice.is_rollback() {
        return Ok(choice.version.clone());
    }
    let plugin: SourceProvider = page.get(&format!("/v1/source_providers/{}", url_part(key))).await?;
    let mut users = plugin.versions.into_iter().flat_map(|version| version.used_by);
    let user = users.find(|user| user.source == choice.source && user.environment == choice.environment);
    user.and_then(|user| user.previous_version).ok_or_else(|| {
        let Choice { source, environment, .. } = choice;
        let message = format!("there is no earlier version of {source:?} in {environment:?} to go back to");
        PageError::new(StatusCode::CONFLICT, message)
    })
}

fn address(choice: &Choice, operation: &str) -> String {
    let (source, environment) = (url_part(&choice.source), url_part(&choice.environment));
    format!("/v1/sources/{source}/plugin{operation}?environment={environment}")
}

async fn show(page: &Page, key: &str, choice: &Choice, error: Option<&PageError>) -> Result<Response, PageError> {
    let new = version_of(page, key, choice).await?;
    let request = ComparePlugins { old: None, new, last: Some(changes::COMPARED) };
    let compared: ComparedPlugins = page.send(Method::POST, &address(choice, "/compare"), &request).await?;
    let title = format!("{} in {}", choice.source, choice.environment);
    let layout =
        Layout::new(page, title).under("Plugins", "/plugins").under(key, format!("/plugins/{}", url_part(key)));
    let mut response = respond::html(&ChoosePage { layout, key, choice, compared: &compared, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    Ok(response)
}

/// Compares the version with the one in force, on the requests that came last.
pub async fn preview(page: Page, Path(key): Path<String>, Query(choice): Query<Choice>) -> PageResult {
    show(&page, &key, &choice, None).await
}

/// Lets the source use the version.
pub async fn choose(page: Page, Path(key): Path<String>, Form(choice): Form<Choice>) -> PageResult {
    let request = UsePlugin {
        version: (!choice.is_rollback()).then(|| choice.version.clone()),
        digest: None,
        rollback: choice.is_rollback().then_some(true),
        confirm: (choice.confirm == "true").then_some(true),
    };
    match page.send::<UsedPlugin>(Method::POST, &address(&choice, ""), &request).await {
        Ok(_) => Ok(respond::go_to(&page, &next(&key, &choice))),
        Err(failure) if failure.status == StatusCode::CONFLICT => {
            show(&page, &key, &choice, Some(&failure.into())).await
        }
        Err(failure) => Err(failure.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_doubts_are_confirmed() {
        let error = |message: &str| PageError::new(StatusCode::CONFLICT, message);
        let doubted = error("it differs; look at it, and send confirm true (inlet plugin use --confirm)");
        assert_eq!(doubts(&doubted), Some("it differs"));
        assert_eq!(doubts(&error("it never had another plugin")), None);
    }
}
