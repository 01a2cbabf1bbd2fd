//! `GET /e/{environment}/sources/{key}/try`

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use inlet_api::Scope;
use inlet_api_types::{
    logs::SourceLogList,
    providers::{ExamplePayload, SourceProvider},
    sources::SentToSource,
};
use inlet_core::json::{self, Kind};

use super::form::{TryForm, write_headers, write_path};
use crate::{
    components::{Html, filter::Filters, icon, json_text::indented, json_tree::JsonTree, outcome},
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::source_place::{Configuration, SourcePlace},
    respond,
};

/// The result of the request.
pub enum Result {
    /// It was not made yet.
    None,
    /// It was rehearsed.
    Rehearsed(Html),
    /// It was sent.
    Sent(SentToSource),
    /// It waits for a confirmation.
    Unconfirmed,
}

/// An example of the plugin.
struct Example {
    /// Its event type, and its number if there are several.
    name: String,
    payload: ExamplePayload,
}

#[derive(Template)]
#[template(path = "pages/try_it/show.html")]
struct TryPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    configuration: &'a Configuration,
    examples: Vec<Example>,
    methods: Vec<String>,
    form: TryForm,
    error: Option<&'a PageError>,
    result: Result,
}

impl TryPage<'_> {
    fn may_try(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn can_sign(&self) -> bool {
        self.configuration.settings.signing_secret_set || self.configuration.settings.write_key_set
    }

    fn is_production(&self) -> bool {
        self.place.is_production(self.layout.page)
    }

    fn error_of(&self, field: &str) -> Option<String> {
        let error = self.error?;
        let found = error.field.as_deref()?;
        // The API calls the body a payload where it is missing.
        let found = if found == "payload" { "body" } else { found };
        let rest = found.strip_prefix(field).filter(|rest| rest.is_empty() || rest.starts_with('.'))?;
        Some(match rest.trim_start_matches('.') {
            "" => error.message.clone(),
            place => format!("{place}: {}", error.message),
        })
    }

    fn error_elsewhere(&self) -> Option<&str> {
        let is_shown = ["method", "path", "headers", "body", "sign"].iter().any(|field| self.error_of(field).is_some());
        self.error.filter(|_| !is_shown).map(|error| error.message.as_str())
    }

    /// The body of an answer.
    fn answer(&self, sent: &SentToSource) -> Option<Html> {
        let body = sent.answer.body.trim();
        let is_json = matches!(Kind::of(body), Kind::Object | Kind::Array) && json::check(body, 128).is_ok();
        is_json.then(|| JsonTree::new(body, "the answer").html())
    }
}

/// Shows the page with a form, its error and its result.
pub async fn shown(
    page: &Page,
    place: &SourcePlace,
    configuration: &Configuration,
    mut form: TryForm,
    error: Option<&PageError>,
    result: Result,
) -> Response {
    let provider = url_part(&configuration.source.preconfigured_provider);
    let provider =
        page.get::<SourceProvider>(&format!("/v1/source_providers/{provider}?include=example_payloads")).await;
    let (methods, examples) = match provider {
        Ok(provider) => (provider.methods, provider.example_payloads.unwrap_or_default()),
        // A plugin that this server does not have has no examples.
        Err(_) => Default::default(),
    };
    let named = |(name, payloads): (String, Vec<ExamplePayload>)| {
        payloads.into_iter().enumerate().map(move |(index, payload)| {
            let name = if index == 0 { name.clone() } else { format!("{name} ({})", index + 1) };
            Example { name, payload }
        })
    };
    let examples: Vec<Example> = examples.into_iter().flat_map(named).collect();
    if form.method.is_empty() {
        form.method = methods.first().cloned().unwrap_or_else(|| "POST".to_owned());
    }
    // What was sent stays, also if it is empty.
    if form.body.is_empty()
        && !form.is_run()
        && let Some(example) = examples.iter().find(|example| example.name == form.example).or(examples.first())
    {
        form.example = example.name.clone();
        form.body = indented(&example.payload.raw_body);
        let headers = example.payload.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        form.headers = write_headers(headers);
        let query = example.payload.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        form.path = write_path(&example.payload.path, query);
        form.method = example.payload.method.clone();
    }
    let layout = place.layout(page, &configuration.source);
    let view = TryPage { layout, place, configuration, examples, methods, form, error, result };
    let mut response = respond::html(&view).into_response();
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    response
}

/// Shows the form: with an example, or with the item of a log entry.
pub async fn show(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let configuration = place.configuration(&page).await?;
    let query = Filters::of(&page.path, &page.query);
    let settings = &configuration.settings;
    let mut form = TryForm { example: query.get("example").unwrap_or_default().to_owned(), ..TryForm::default() };
    if settings.signing_secret_set || settings.write_key_set {
        form.sign = "true".to_owned();
    }
    if let Some(id) = query.get("log_id") {
        let path = format!("{}&id={}", place.api("/logs"), url_part(id));
        let entry = page.get::<SourceLogList>(&path).await?.entries.into_iter().next();
        let entry =
            entry.ok_or_else(|| PageError::not_found("there is no such entry here; it may be past its retention"))?;
        let item = entry.original.map(|item| indented(item.as_text()));
        form.body = item.or(entry.original_text).unwrap_or_default();
    }
    Ok(shown(&page, &place, &configuration, form, None, Result::None).await)
}
