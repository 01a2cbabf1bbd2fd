//! `GET /settings/privacy`

use askama::Template;
use axum::extract::Query;
use inlet_api::Scope;
use inlet_api_types::{
    environments::Environment,
    sources::{Source, SourceList},
};

use super::super::environment_choice::{self, EnvironmentQuery};
use crate::{
    components::{
        Html,
        form::{Field, Kind},
    },
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/settings/privacy.html")]
struct PrivacyPage<'a> {
    layout: Layout<'a>,
    environment: &'a Environment,
    /// Sources with the operator's paths that are redacted.
    sources: Vec<(Source, Vec<String>)>,
}

impl PrivacyPage<'_> {
    fn choices(&self) -> Html {
        environment_choice::choices(self.layout.page, "privacy", self.environment)
    }

    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Admin)
    }

    fn switch(&self) -> Html {
        let value = self.environment.hide_personal_data.to_string();
        let hint = "Logs, users and deliveries show keys, and … in the place of received values, to everybody with a token. The \
                    environment's own code, with its API key, still reads its users whole.";
        Field::new(Kind::Switch, "hide_personal_data", "Hide personal data", value).hint(hint).html()
    }
}

/// Shows what is hidden and redacted in an environment.
pub async fn show(page: Page, Query(query): Query<EnvironmentQuery>) -> PageResult {
    let environment = environment_choice::find(&page, &query.environment)?;
    let slug = url_part(&environment.slug);
    let sources: SourceList = page.get(&format!("/v1/sources?include=environment_settings&environment={slug}")).await?;
    let sources = sources.entries.into_iter().filter_map(|source| {
        let settings = &source.environment_settings.as_ref()?.get(&environment.slug)?.settings;
        let paths = settings.redact_paths.clone();
        Some((source, paths))
    });
    let layout = Layout::new(&page, "Privacy").in_settings();
    Ok(respond::html(&PrivacyPage { layout, environment, sources: sources.collect() }))
}
