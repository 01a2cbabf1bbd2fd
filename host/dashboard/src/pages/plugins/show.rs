//! `GET /plugins/{key}`: a plugin, its versions, what its calls take, and the sources that use it.

use askama::Template;
use axum::extract::Path;
use futures_util::future::try_join;
use inlet_api::Scope;
use inlet_api_types::{
    providers::{SourceProvider, SourceProviderVersion, SourceProviderVersionUser},
    statistics::{StageStatistics, Statistics},
};
use serde_json::Value;

use super::add;
use crate::{
    components::{
        Html, bytes, confirm::confirm, copy, external_link, icon, outcome, provider_mark::provider_mark, time,
    },
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::{self, Layout},
    respond,
};

/// The version that follows the one added last.
const LATEST: &str = "latest";
/// The length of the shown part of a digest, with its prefix.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

/// A source environment with the version that it uses.
struct User<'a> {
    version: &'a SourceProviderVersion,
    user: &'a SourceProviderVersionUser,
}

#[derive(Template)]
#[template(path = "pages/plugins/show.html")]
struct ShowPage<'a> {
    layout: Layout<'a>,
    plugin: &'a SourceProvider,
    users: Vec<User<'a>>,
    /// The times of the plugin's calls in the last day; none without a call.
    calls: Option<StageStatistics>,
}

impl ShowPage<'_> {
    fn mark(&self) -> Html {
        provider_mark(&self.plugin.key, &self.plugin.provider)
    }

    fn may_choose(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn may_add(&self) -> bool {
        add::may_add(self.layout.page)
    }

    fn is_production(&self, slug: &str) -> bool {
        let environments = &self.layout.page.environments;
        environments.iter().any(|environment| environment.slug == slug && layout::is_production(environment))
    }

    /// The scheme of the signatures, such as `hmac-sha256`.
    fn verification(&self) -> String {
        let scheme = self.plugin.verification.as_ref();
        let name = scheme.and_then(|scheme| scheme.get("scheme").or_else(|| scheme.get("template")));
        match (name.and_then(Value::as_str), scheme) {
            (Some(name), _) => name.to_owned(),
            (None, Some(_)) => "a signature".to_owned(),
            (None, None) => "none".to_owned(),
        }
    }

    fn digest(&self, digest: &str) -> Html {
        let short = digest.get(..SHORT_DIGEST).unwrap_or(digest);
        let (short, full) = (html::escape(short), html::escape(digest));
        let copy = copy::copy(digest, "Copy the digest");
        Html::trusted(format!(r#"<span class="value" title="{full}"><code>{short}…</code>{copy}</span>"#))
    }

    fn remove(&self, version: &SourceProviderVersion) -> Option<Html> {
        if !self.may_add() || version.origin != "added" || !version.used_by.is_empty() {
            return None;
        }
        let action = format!("/plugins/{}/versions/{}/remove", url_part(&self.plugin.key), url_part(&version.version));
        let warning = "No source of this token uses it. A source can go back to it only if it is added again.";
        Some(confirm(&self.layout, "Remove", warning, &version.version, &action))
    }

    /// The versions that a source environment may choose: the number, and the text.
    fn choices(&self, user: &User<'_>) -> Vec<(String, String)> {
        let loaded = self.plugin.versions.iter().rev().filter(|version| version.loaded);
        let others = loaded.filter(|version| version.version != user.version.version || user.user.follows_latest);
        let others = others.map(|version| (version.version.clone(), version.version.clone()));
        let latest =
            (!user.user.follows_latest).then(|| (LATEST.to_owned(), "latest, and every one after it".to_owned()));
        others.chain(latest).collect()
    }

    fn check_href(&self, version: &SourceProviderVersion) -> String {
        format!("/plugins/{}/versions/{}/conformance", url_part(&self.plugin.key), url_part(&version.version))
    }

    fn use_href(&self) -> String {
        format!("/plugins/{}/use", url_part(&self.plugin.key))
    }

    /// The command that runs the conformance suite.
    fn test_command(&self) -> Html {
        let name = self.plugin.key.rsplit('/').next().unwrap_or_default();
        let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        let name = if name.chars().all(is_plain) { name } else { "plugin" };
        copy::value(&format!("inlet plugin test {name}.wasm --cases cases"), "Copy the command")
    }
}

/// Shows a plugin.
pub async fn show(page: Page, Path(key): Path<String>) -> PageResult {
    let name = url_part(&key);
    let (plugin, statistics) = (format!("/v1/source_providers/{name}"), format!("/v1/statistics?provider={name}"));
    let (plugin, statistics): (SourceProvider, Statistics) = try_join(page.get(&plugin), page.get(&statistics)).await?;
    let users =
        plugin.versions.iter().flat_map(|version| version.used_by.iter().map(move |user| User { version, user }));
    let users = users.collect();
    let calls = statistics.stages.into_iter().find(|stage| stage.stage == "translate");
    let layout = Layout::new(&page, plugin.provider.name.clone()).under("Plugins", "/plugins");
    Ok(respond::html(&ShowPage { layout, plugin: &plugin, users, calls }))
}
