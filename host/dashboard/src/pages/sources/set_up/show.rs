//! `GET /e/{environment}/sources/{key}/set-up`

use askama::Template;
use axum::{extract::Path, http::StatusCode};
use inlet_api::Scope;
use inlet_api_types::{
    providers::SourceProvider,
    sources::{Source, SourceEnvironmentSettings, SourceStatus},
    targets::TargetList,
};

use super::{address, panel};
use crate::{
    components::{
        Html, copy, external_link,
        form::{Field, Kind, error_elsewhere},
        icon,
        provider_mark::{initials_mark, provider_mark},
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::{source_place::SourcePlace, sources::verification, targets::new_target_address},
    respond,
};

/// The plugin for programs of the operator's own.
const HTTP: &str = "http";
/// The plugins of no platform: any sender that sends so.
const OF_ANY_SENDER: [&str; 2] = [HTTP, "inlet/standard-webhooks"];
/// An event that the plugin for programs of the operator's own reads.
const EXAMPLE: &str = r#"{"type":"track","event":"Order Completed","userId":"u_42","properties":{"total":39.5}}"#;
/// The field of the secret.
const SECRET: &str = "signing_secret";

/// A secret that was not saved. It is entered again.
pub struct UnsavedSecret {
    /// The chosen kind: `signing_secret` or `write_key`.
    pub kind: String,
    /// Why it was not saved.
    pub error: PageError,
}

/// A step that the operator does at the platform.
struct PlatformStep<'a> {
    /// The parts of its text, each with true if it is a name on the platform's page.
    parts: Vec<(bool, &'a str)>,
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "pages/sources/set_up.html")]
struct SetUpPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    source: &'a Source,
    own: &'a SourceEnvironmentSettings,
    provider: Option<SourceProvider>,
    status: SourceStatus,
    has_target: bool,
    panel: Html,
    /// A secret made up by the server, where the sender has none of its own.
    suggested: Option<String>,
    unsaved: Option<UnsavedSecret>,
}

impl SetUpPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn name(&self) -> &str {
        self.provider.as_ref().map_or(self.source.preconfigured_provider.as_str(), |found| &found.provider.name)
    }

    /// True if the plugin is of no platform.
    fn is_of_any_sender(&self) -> bool {
        OF_ANY_SENDER.contains(&self.source.preconfigured_provider.as_str()) || self.provider.is_none()
    }

    fn is_http(&self) -> bool {
        self.source.preconfigured_provider == HTTP
    }

    /// The name of whoever sends, within a sentence.
    fn sender_name(&self) -> &str {
        if self.is_of_any_sender() { "the sender" } else { self.name() }
    }

    fn mark(&self) -> Html {
        let key = &self.source.preconfigured_provider;
        match &self.provider {
            Some(provider) => provider_mark(key, &provider.provider),
            None => initials_mark(key, self.name()),
        }
    }

    fn endpoint(&self) -> Option<Html> {
        Some(copy::value(self.own.settings.endpoint.as_deref()?, "Copy the endpoint's URL"))
    }

    fn scheme(&self) -> Option<String> {
        let sender = if self.is_of_any_sender() { "The sender" } else { "The platform" };
        verification::in_words(self.own.settings.verification_scheme.as_ref(), sender)
    }

    fn has_credential(&self) -> bool {
        self.own.settings.signing_secret_set || self.own.settings.write_key_set
    }

    /// The links to the platform's own instructions, as far as its manifest names them. Those of [`HTTP`] are about something
    /// else than this server.
    fn instructions(&self) -> Vec<(&'static str, &str)> {
        let Some(provider) = self.provider.as_ref().filter(|_| !self.is_http()) else { return Vec::new() };
        let tutorial = provider.provider.knock_tutorial_url.as_deref().map(|url| ("Step by step", url));
        let docs = if self.is_of_any_sender() { "Specification" } else { "Webhooks in its documentation" };
        let docs = (docs, provider.provider.webhook_docs_url.as_str());
        let website = ("Website", provider.provider.website_url.as_str());
        let links = tutorial.into_iter().chain([docs, website]);
        // A manifest may say what it likes: only addresses that lead to a website are links.
        links.filter(|(_, url)| url.starts_with("https://")).collect()
    }

    /// The platform's own steps, as far as its manifest names them, each with the names on the platform's pages marked.
    fn platform_steps(&self) -> Vec<PlatformStep<'_>> {
        let steps = self.provider.iter().flat_map(|provider| &provider.provider.setup);
        steps
            .map(|step| PlatformStep {
                parts: step.text.split('`').enumerate().map(|(index, part)| (index % 2 == 1, part)).collect(),
                link: step.link.as_deref(),
            })
            .collect()
    }

    /// Returns what the platform does when an answer is late or an error, in words.
    fn sender(&self) -> Option<String> {
        let sender = self.provider.as_ref()?.sender.as_ref()?;
        let number = |name: &str| sender.get(name).and_then(serde_json::Value::as_f64);
        let hours = number("horizon_hours").map(|hours| format!("tries again for up to {hours} h"));
        let timeout = number("timeout_ms").map(|ms| format!("waits {} s for an answer", ms / 1000.0));
        let parts: Vec<String> = [timeout, hours].into_iter().flatten().collect();
        let name = if self.is_of_any_sender() { "The sender" } else { self.name() };
        (!parts.is_empty()).then(|| format!("{name} {}.", parts.join(" and ")))
    }

    /// The mappings that are on.
    fn active_mappings(&self) -> usize {
        self.own.mappings.iter().filter(|mapping| mapping.active).count()
    }

    fn new_mapping(&self) -> String {
        format!("{}?next={}", self.place.page("mappings/new"), url_part(&address(self.place)))
    }

    fn new_target(&self) -> String {
        format!("{}?next={}", new_target_address(&self.place.environment), url_part(&address(self.place)))
    }

    fn secret(&self) -> Html {
        let field = match &self.suggested {
            Some(suggested) => Field::new(Kind::Text, SECRET, "Secret", suggested.as_str())
                .hint("Suggested. Copy it before you save it: it is stored sealed and never shown again."),
            None => Field::new(Kind::Secret, SECRET, "Secret", ""),
        };
        field.required().code().error_of(self.error()).html()
    }

    fn copy_suggested(&self) -> Option<Html> {
        Some(copy::copy(self.suggested.as_deref()?, "Copy the suggested secret"))
    }

    fn secret_kind(&self) -> Html {
        verification::secret_kind(self.unsaved.as_ref().map_or("", |unsaved| &unsaved.kind))
    }

    fn verify_refused(&self) -> Option<String> {
        verification::verify_refused(&self.status, &self.own.settings)
    }

    fn error(&self) -> Option<&PageError> {
        self.unsaved.as_ref().map(|unsaved| &unsaved.error)
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error(), &[SECRET])
    }
}

/// Returns a secret for a sender that has none of its own: one of no platform, and one that sends the secret itself.
fn suggested_secret(source: &Source, own: &SourceEnvironmentSettings) -> Option<String> {
    let scheme = own.settings.verification_scheme.as_ref()?;
    let is_of_any_sender = OF_ANY_SENDER.contains(&source.preconfigured_provider.as_str());
    let is_shared = scheme.get("scheme").is_some_and(|name| name == "shared_secret");
    if is_of_any_sender || is_shared { verification::suggested_secret(scheme) } else { None }
}

/// Shows the steps.
pub async fn show(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    shown(&page, &SourcePlace::new(environment, key), None).await
}

/// Shows the steps, with the error of a secret that was not saved.
pub async fn shown(page: &Page, place: &SourcePlace, unsaved: Option<UnsavedSecret>) -> PageResult {
    let (source, own) = place.read(page).await?;
    let provider = page.get(&format!("/v1/source_providers/{}", url_part(&source.preconfigured_provider))).await.ok();
    let targets: TargetList = page.get(&format!("/v1/targets?environment={}", url_part(&place.environment))).await?;
    let status: SourceStatus = page.get(&place.api("/status")).await?;
    let layout = place.layout(page, &source).at(address(place));
    let panel = panel::render(page, &layout, place).await?;
    let code = unsaved.as_ref().map_or(StatusCode::OK, |unsaved| unsaved.error.status);
    let view = SetUpPage {
        layout,
        place,
        source: &source,
        own: &own,
        provider,
        status,
        has_target: !targets.entries.is_empty(),
        panel,
        suggested: suggested_secret(&source, &own),
        unsaved,
    };
    let mut response = respond::html(&view);
    *response.status_mut() = code;
    Ok(response)
}
