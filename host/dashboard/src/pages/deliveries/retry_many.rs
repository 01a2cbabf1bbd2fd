//! `GET` and `POST /e/{environment}/deliveries/~retry`, and `GET …/~retry/progress`: counts what a filter selects, sends it
//! again at a rate, and shows how far it is.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    http::{Method, StatusCode},
    response::Response,
};
use inlet_api::in_process::ApiFailure;
use inlet_api_types::deliveries::{RedriveDeliveries, RedrivenDeliveries};
use serde::Deserialize;
use serde_json::{Value, json};

use super::selection::Selection;
use crate::{
    components::{
        Html,
        filter::Filters,
        form::{Field, Kind, error_elsewhere},
        icon, time,
    },
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    respond,
};

/// The deliveries of each second, unless another rate is chosen.
const RATE: &str = "50";

#[derive(Template)]
#[template(path = "pages/deliveries/retry_many.html")]
struct RetryPage<'a> {
    layout: Layout<'a>,
    selection: Selection,
    environment: &'a str,
    rate: &'a str,
    counted: Option<RedrivenDeliveries>,
    error: Option<PageError>,
}

impl RetryPage<'_> {
    fn rate_field(&self) -> Html {
        let rate = Field::new(Kind::Number, "rate_per_second", "Deliveries a second", self.rate).required();
        rate.hint("1 to 1000. A target's own rate and concurrency hold too.").error_of(self.error.as_ref()).html()
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error.as_ref(), &["rate_per_second"])
    }

    fn matched(&self) -> u64 {
        self.counted.map_or(0, |counted| counted.matched)
    }

    fn span(&self) -> String {
        let seconds = self.counted.map_or(0, |counted| counted.spread_seconds);
        if seconds == 0 { "at once".to_owned() } else { format!("over {}", time::span(seconds.cast_signed() * 1000)) }
    }

    fn what(&self) -> &'static str {
        match self.selection.status() {
            Some("retrying") if self.matched() == 1 => "waits for the next attempt",
            Some("retrying") => "wait for the next attempt",
            _ => "gave up",
        }
    }

    fn back(&self) -> String {
        self.selection.address(self.environment, "")
    }

    fn action(&self) -> String {
        self.selection.address(self.environment, "~retry")
    }
}

/// The query of the counting page beside the filters, and the form.
#[derive(Debug, Default, Deserialize)]
pub struct RateForm {
    #[serde(default)]
    rate_per_second: String,
}

/// Counts what would be sent again, and how long it takes at a rate.
pub async fn count(page: Page, Path(environment): Path<String>, Query(form): Query<RateForm>) -> PageResult {
    let selection = selection(&page)?;
    let rate = if form.rate_per_second.is_empty() { RATE.to_owned() } else { form.rate_per_second };
    let counted = send(&page, &environment, &selection, Some(&rate), true).await;
    shown(&page, &environment, selection, &rate, counted)
}

/// Sends again what the filter selects, and leads to the progress.
pub async fn retry(page: Page, Path(environment): Path<String>, Form(form): Form<RateForm>) -> PageResult {
    let selection = selection(&page)?;
    match send(&page, &environment, &selection, Some(&form.rate_per_second), false).await {
        Ok(RedrivenDeliveries { redriven, .. }) => {
            let address = selection.address(&environment, "~retry/progress");
            Ok(respond::go_to(&page, &format!("{address}&sent_again={redriven}")))
        }
        Err(failure) => shown(&page, &environment, selection, &form.rate_per_second, Err(failure)),
    }
}

fn shown(
    page: &Page,
    environment: &str,
    selection: Selection,
    rate: &str,
    counted: Result<RedrivenDeliveries, ApiFailure>,
) -> PageResult {
    let (counted, error) = match counted {
        Ok(counted) => (Some(counted), None),
        Err(failure) => (None, Some(PageError::from(failure))),
    };
    let status = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let layout =
        Layout::new(page, "Retry deliveries").under("Deliveries", format!("/e/{}/deliveries", url_part(environment)));
    let mut response: Response = respond::html(&RetryPage { layout, selection, environment, rate, counted, error });
    *response.status_mut() = status;
    Ok(response)
}

#[derive(Template)]
#[template(path = "pages/deliveries/progress.html", blocks = ["progress"])]
struct ProgressPage<'a> {
    layout: Layout<'a>,
    selection: Selection,
    environment: &'a str,
    sent_again: u64,
    waiting: u64,
    given_up: u64,
}

impl ProgressPage<'_> {
    fn done(&self) -> u64 {
        self.sent_again.saturating_sub(self.waiting)
    }

    fn here(&self) -> String {
        format!("{}&sent_again={}", self.selection.address(self.environment, "~retry/progress"), self.sent_again)
    }

    fn list(&self, status: &str) -> String {
        let others =
            self.selection.query().split('&').filter(|pair| !pair.starts_with("status=")).collect::<Vec<_>>().join("&");
        let and = if others.is_empty() { "" } else { "&" };
        format!("/e/{}/deliveries?{others}{and}status={status}", url_part(self.environment))
    }
}

/// The query of the progress beside the filters.
#[derive(Debug, Default, Deserialize)]
pub struct ProgressQuery {
    #[serde(default)]
    sent_again: u64,
}

/// Shows how many of those that were sent again still wait. The page asks again by itself.
pub async fn progress(page: Page, Path(environment): Path<String>, Query(query): Query<ProgressQuery>) -> PageResult {
    let selection = selection(&page)?;
    let of = |status| Selection::of(&Filters::of("", &format!("{}&status={status}", selection.query())));
    let (retrying, dead) = (of("retrying"), of("dead"));
    let count = async |selection: Option<Selection>| match selection {
        Some(selection) => send(&page, &environment, &selection, None, true).await.map(|counted| counted.matched),
        None => Ok(0),
    };
    let (waiting, given_up) = (count(retrying).await?, count(dead).await?);
    let layout = Layout::new(&page, "Retrying deliveries")
        .under("Deliveries", format!("/e/{}/deliveries", url_part(&environment)));
    let view = ProgressPage {
        layout,
        selection,
        environment: &environment,
        sent_again: query.sent_again,
        waiting: waiting.min(query.sent_again),
        given_up,
    };
    Ok(if page.is_partial { respond::html(&view.as_progress()) } else { respond::html(&view) })
}

fn selection(page: &Page) -> Result<Selection, PageError> {
    let cannot = || {
        let message = "deliveries of one run or event are sent again one by one, on their own pages";
        PageError::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    };
    Selection::of(&Filters::of(&page.path, &page.query)).ok_or_else(cannot)
}

async fn send(
    page: &Page,
    environment: &str,
    selection: &Selection,
    rate: Option<&str>,
    dry_run: bool,
) -> Result<RedrivenDeliveries, ApiFailure> {
    let request = RedriveDeliveries {
        target: selection.get("target"),
        status: selection.get("status"),
        workflow: selection.get("workflow"),
        mapping_id: selection.get("mapping_id"),
        starting_at: selection.get("starting_at"),
        ending_at: selection.get("ending_at"),
        dry_run: Some(dry_run),
        ..RedriveDeliveries::default()
    };
    let mut body = json!(request);
    // A text that is no number goes as it is, so that the API says what is wrong with it.
    if let Some(rate) = rate.map(str::trim) {
        body["rate_per_second"] = rate.parse::<i64>().map_or_else(|_| Value::from(rate), Value::from);
    }
    let path = format!("/v1/deliveries/redrive?environment={}", url_part(environment));
    page.send(Method::POST, &path, &body).await
}
