//! `GET /e/{environment}/sources/{key}/set-up`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::{
    providers::SourceProvider,
    sources::{Source, SourceEnvironmentSettings},
    targets::TargetList,
};

use super::{PAGE, panel};
use crate::{
    components::{
        Html, copy,
        form::{Field, Kind},
        icon,
        provider_mark::provider_mark,
    },
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    pages::{source_place::SourcePlace, sources::verification, targets::new_target_address},
    respond,
};

#[derive(Template)]
#[template(path = "pages/sources/set_up.html")]
struct SetUpPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    source: &'a Source,
    own: &'a SourceEnvironmentSettings,
    provider: Option<SourceProvider>,
    has_target: bool,
    panel: Html,
}

impl SetUpPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn name(&self) -> &str {
        self.provider.as_ref().map_or(self.source.preconfigured_provider.as_str(), |found| &found.provider.name)
    }

    fn mark(&self) -> Html {
        provider_mark(&self.source.preconfigured_provider, self.name())
    }

    fn endpoint(&self) -> Option<Html> {
        Some(copy::value(self.own.settings.endpoint.as_deref()?, "Copy the endpoint's URL"))
    }

    fn scheme(&self) -> Option<String> {
        verification::in_words(self.own.settings.verification_scheme.as_ref())
    }

    fn has_credential(&self) -> bool {
        self.own.settings.signing_secret_set || self.own.settings.write_key_set
    }

    /// The links to the platform's own instructions, as far as its manifest names them.
    fn instructions(&self) -> Vec<(&'static str, &str)> {
        let Some(provider) = &self.provider else { return Vec::new() };
        let tutorial = provider.provider.knock_tutorial_url.as_deref().map(|url| ("Step by step", url));
        let docs = ("Webhooks in its documentation", provider.provider.webhook_docs_url.as_str());
        let website = ("Website", provider.provider.website_url.as_str());
        let links = tutorial.into_iter().chain([docs, website]);
        // A manifest may say what it likes: only addresses that lead to a website are links.
        links.filter(|(_, url)| url.starts_with("https://")).collect()
    }

    /// Returns what the platform does when an answer is late or an error, in words.
    fn sender(&self) -> Option<String> {
        let sender = self.provider.as_ref()?.sender.as_ref()?;
        let number = |name: &str| sender.get(name).and_then(serde_json::Value::as_f64);
        let hours = number("horizon_hours").map(|hours| format!("tries again for up to {hours} h"));
        let timeout = number("timeout_ms").map(|ms| format!("waits {} s for an answer", ms / 1000.0));
        let parts: Vec<String> = [timeout, hours].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("{} {}.", self.name(), parts.join(" and ")))
    }

    /// The mappings that are on.
    fn active_mappings(&self) -> usize {
        self.own.mappings.iter().filter(|mapping| mapping.active).count()
    }

    fn new_mapping(&self) -> String {
        format!("{}?next={}", self.place.page("mappings/new"), url_part(&self.place.page(PAGE)))
    }

    fn new_target(&self) -> String {
        format!("{}?next={}", new_target_address(&self.place.environment), url_part(&self.place.page(PAGE)))
    }

    fn secret(&self) -> Html {
        Field::new(Kind::Secret, "signing_secret", "Secret", "").required().code().html()
    }
}

/// Shows the steps.
pub async fn show(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let (source, own) = place.read(&page).await?;
    let provider = page.get(&format!("/v1/source_providers/{}", url_part(&source.preconfigured_provider))).await.ok();
    let targets: TargetList = page.get(&format!("/v1/targets?environment={}", url_part(&place.environment))).await?;
    let has_target = !targets.entries.is_empty();
    let layout = place.layout(&page, &source).at(place.page(PAGE));
    let panel = panel::render(&page, &layout, &place).await?;
    Ok(respond::html(&SetUpPage { layout, place: &place, source: &source, own: &own, provider, has_target, panel }))
}
