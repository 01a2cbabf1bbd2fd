//! `GET /settings/keys`

use askama::Template;
use axum::{extract::Query, response::Response};
use futures_util::future::try_join;
use inlet_api::Scope;
use inlet_api_types::{
    environments::{ApiKey, ApiKeyList, Environment},
    sources::{Source, SourceList},
};

use super::super::environment_choice::{self, EnvironmentQuery};
use crate::{
    components::{Html, confirm::confirm, time},
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    respond,
};

/// A source with its write key.
struct WriteKey {
    source: Source,
    is_set: bool,
    previous_until: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/settings/keys.html")]
struct KeysPage<'a> {
    layout: Layout<'a>,
    environment: &'a Environment,
    keys: Vec<ApiKey>,
    write_keys: Vec<WriteKey>,
    /// A key that was just made.
    new: Option<Html>,
}

impl KeysPage<'_> {
    fn choices(&self) -> Html {
        environment_choice::choices(self.layout.page, "keys", self.environment)
    }

    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Admin)
    }

    fn may_make_write_keys(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn delete(&self, key: &ApiKey) -> Html {
        let action = format!("/settings/keys/{}/{}/delete", url_part(&self.environment.slug), url_part(&key.id));
        confirm(&self.layout, "Delete", "Code that uses it is refused from now on.", &key.hint, &action)
    }

    fn write_key_action(&self, write_key: &WriteKey) -> String {
        format!("/settings/keys/{}/write/{}", url_part(&self.environment.slug), url_part(&write_key.source.key))
    }

    fn delete_write_key(&self, write_key: &WriteKey) -> Html {
        let warning = "Requests are verified by a signature from then on, or not at all.";
        let action = format!("{}/delete", self.write_key_action(write_key));
        confirm(&self.layout, "Remove", warning, &write_key.source.key, &action)
    }
}

/// Lists the keys of an environment.
pub async fn list(page: Page, Query(query): Query<EnvironmentQuery>) -> PageResult {
    show(&page, environment_choice::find(&page, &query.environment)?, None).await
}

/// Shows the page, with a key that was just made.
pub async fn show(page: &Page, environment: &Environment, new: Option<Html>) -> Result<Response, PageError> {
    let slug = url_part(&environment.slug);
    let keys = format!("/v1/environments/{slug}/api_keys");
    let sources = format!("/v1/sources?include=environment_settings&environment={slug}");
    let (keys, sources): (ApiKeyList, SourceList) = try_join(page.get(&keys), page.get(&sources)).await?;
    let write_keys = sources.entries.into_iter().filter_map(|source| {
        let settings = &source.environment_settings.as_ref()?.get(&environment.slug)?.settings;
        let (is_set, previous_until) = (settings.write_key_set, settings.previous_write_key_until.clone());
        Some(WriteKey { source, is_set, previous_until })
    });
    let layout = Layout::new(page, "API keys").in_settings();
    let view = KeysPage { layout, environment, keys: keys.entries, write_keys: write_keys.collect(), new };
    Ok(respond::html(&view))
}
