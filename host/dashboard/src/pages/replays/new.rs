//! `GET` and `POST /e/{environment}/sources/{key}/logs/replays/new`: the events, what would come of them, and the start.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    http::{Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use inlet_api::in_process::ApiFailure;
use inlet_api_types::replays::{CreateReplay, Replay, ReplayPreview};
use serde::Deserialize;

use super::Place;
use crate::{
    components::{
        Html,
        form::{Field, Kind, error_elsewhere},
        icon, outcome,
    },
    context::Page,
    error::{PageError, PageResult},
    html::grouped,
    layout::Layout,
    respond,
};

/// The rate that the form offers, in events per second.
const RATE: &str = "50";
/// The fields of the filter, with a label and an example.
const FIELDS: [(&str, &str, &str); 4] = [
    ("event_type", "Event", "track/Order Completed"),
    ("code", "Cause", "action_failed"),
    ("starting_at", "From (UTC)", "2026-01-02T03:04:05Z"),
    ("ending_at", "Until (UTC)", "2026-01-02T03:04:05Z"),
];

/// The filter as the form has it. Empty values count as absent.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ReplayForm {
    /// Outcomes, separated by commas.
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    event_type: String,
    #[serde(default)]
    starting_at: String,
    #[serde(default)]
    ending_at: String,
    #[serde(default)]
    rate_per_second: String,
}

impl ReplayForm {
    fn value(&self, name: &str) -> &str {
        match name {
            "outcome" => &self.outcome,
            "code" => &self.code,
            "event_type" => &self.event_type,
            "starting_at" => &self.starting_at,
            "ending_at" => &self.ending_at,
            _ => &self.rate_per_second,
        }
    }

    /// Returns the request. A rate that is no number is one that the API refuses.
    fn request(&self) -> CreateReplay {
        let text = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let outcomes = self.outcome.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let outcomes: Vec<String> = outcomes.collect();
        CreateReplay {
            outcome: Some(outcomes).filter(|names| !names.is_empty()),
            code: text(&self.code),
            event_type: text(&self.event_type),
            starting_at: text(&self.starting_at),
            ending_at: text(&self.ending_at),
            rate_per_second: text(&self.rate_per_second).map(|rate| rate.parse().unwrap_or(0)),
            ..CreateReplay::default()
        }
    }
}

#[derive(Template)]
#[template(path = "pages/replays/new.html")]
struct NewPage<'a> {
    layout: Layout<'a>,
    place: &'a Place,
    form: ReplayForm,
    preview: Option<ReplayPreview>,
    error: Option<PageError>,
}

impl NewPage<'_> {
    fn fields(&self) -> Vec<Html> {
        let outcomes = [
            ("failed,rejected", "Failed and unreadable".to_owned()),
            ("failed", outcome::event("failed").label),
            ("rejected", outcome::event("rejected").label),
            ("logged", outcome::event("logged").label),
            ("skipped", outcome::event("skipped").label),
            ("executed", outcome::event("executed").label),
        ];
        let chosen = if self.form.outcome.is_empty() { "failed,rejected" } else { self.form.outcome.as_str() };
        let outcome = Field::new(Kind::Text, "outcome", "Outcome", chosen)
            .choices(outcomes.map(|(name, label)| (name.to_owned(), label)))
            .error_of(self.error.as_ref());
        let texts =
            FIELDS.map(|filter| Field::of_filter(filter, self.form.value(filter.0)).error_of(self.error.as_ref()));
        [outcome].into_iter().chain(texts).map(|field| field.html()).collect()
    }

    /// The filter, for the form that starts.
    fn kept(&self) -> Vec<(&str, &str)> {
        let names = ["outcome", "code", "event_type", "starting_at", "ending_at"];
        names.map(|name| (name, self.form.value(name))).into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    fn rate(&self) -> Html {
        let rate = if self.form.rate_per_second.is_empty() { RATE } else { &self.form.rate_per_second };
        Field::new(Kind::Number, "rate_per_second", "Events per second", rate)
            .hint("At most 1,000. Live events go first.")
            .required()
            .error_of(self.error.as_ref())
            .html()
    }

    fn error_elsewhere(&self) -> Option<&str> {
        let names = FIELDS.map(|(name, ..)| name);
        error_elsewhere(self.error.as_ref(), &[&names[..], &["outcome", "rate_per_second"]].concat())
    }

    fn count(&self, preview: &ReplayPreview) -> String {
        let total = grouped(preview.total);
        match (preview.total, preview.has_more) {
            (_, true) => format!("At least {total} events; the oldest 20,000 were looked at"),
            (1, _) => "1 event".to_owned(),
            _ => format!("{total} events"),
        }
    }

    fn outcomes(&self, preview: &ReplayPreview) -> Vec<(outcome::Badge, usize)> {
        preview.totals.outcomes.iter().map(|(name, count)| (outcome::event(name), *count)).collect()
    }
}

/// Shows the events that a filter selects, and what would come of them.
pub async fn show(
    page: Page,
    Path((environment, source)): Path<(String, String)>,
    Query(form): Query<ReplayForm>,
) -> PageResult {
    view(&page, &Place { environment, source }, form, None).await
}

/// Starts to run the events again, and leads to the progress.
pub async fn create(
    page: Page,
    Path((environment, source)): Path<(String, String)>,
    Form(form): Form<ReplayForm>,
) -> PageResult {
    let place = Place { environment, source };
    match page.send::<Replay>(Method::POST, &place.api(""), &form.request()).await {
        Ok(replay) => Ok(respond::go_to(&page, &place.of(&replay.id))),
        Err(failure) if failure.body.field.is_some() || failure.status == StatusCode::CONFLICT => {
            view(&page, &place, form, Some(failure)).await
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn view(page: &Page, place: &Place, form: ReplayForm, failure: Option<ApiFailure>) -> PageResult {
    let request = CreateReplay { rate_per_second: None, ..form.request() };
    let (preview, failure) = match page.send::<ReplayPreview>(Method::POST, &place.api("/preview"), &request).await {
        Ok(preview) => (Some(preview), failure),
        Err(refused) if refused.body.field.is_some() => (None, failure.or(Some(refused))),
        Err(refused) => return Err(refused.into()),
    };
    let layout = place.layout(page, "Run many again").under(super::JOBS, place.list());
    let error: Option<PageError> = failure.map(Into::into);
    let status = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let mut response: Response = respond::html(&NewPage { layout, place, form, preview, error }).into_response();
    *response.status_mut() = status;
    Ok(response)
}
