//! `GET` and `POST /e/{environment}/deliveries/~discard`: counts what waits and matches a filter, and discards it.

use askama::Template;
use axum::{
    Form,
    extract::Path,
    http::{Method, StatusCode},
};
use inlet_api::in_process::ApiFailure;
use inlet_api_types::deliveries::{DiscardDeliveries, DiscardedDeliveries};
use serde::Deserialize;

use super::selection::Selection;
use crate::{
    components::{Html, confirm, filter::Filters},
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/deliveries/discard.html")]
struct DiscardPage<'a> {
    layout: Layout<'a>,
    selection: Selection,
    environment: &'a str,
    matched: u64,
}

impl DiscardPage<'_> {
    fn confirm(&self) -> Html {
        let warning = "They are never sent, and stay listed as cancelled. One that is under way ends.";
        let action = self.selection.address(self.environment, "~discard");
        confirm::confirm(&self.layout, "Discard", warning, self.environment, &action)
    }

    fn back(&self) -> String {
        self.selection.address(self.environment, "")
    }
}

/// The form.
#[derive(Deserialize)]
pub struct DiscardForm {
    confirm_name: String,
}

/// Counts what would be discarded.
pub async fn count(page: Page, Path(environment): Path<String>) -> PageResult {
    let selection = selection(&page)?;
    let DiscardedDeliveries { matched, .. } = send(&page, &environment, &selection, true).await?;
    let layout = Layout::new(&page, "Discard deliveries")
        .under("Deliveries", format!("/e/{}/deliveries", url_part(&environment)));
    Ok(respond::html(&DiscardPage { layout, selection, environment: &environment, matched }))
}

/// Discards what waits, once the environment was typed.
pub async fn discard(page: Page, Path(environment): Path<String>, Form(form): Form<DiscardForm>) -> PageResult {
    let selection = selection(&page)?;
    confirm::check(&form.confirm_name, &environment)?;
    send(&page, &environment, &selection, false).await?;
    let narrowed =
        selection.query().split('&').filter(|pair| !pair.starts_with("status=")).collect::<Vec<_>>().join("&");
    Ok(respond::go_to(&page, &format!("/e/{}/deliveries?{narrowed}&status=canceled", url_part(&environment))))
}

/// The status is left out: what waits for its first or its next attempt is discarded.
fn selection(page: &Page) -> Result<Selection, PageError> {
    let cannot = || {
        let message = "deliveries of one run or event cannot be discarded alone; name the workflow or the mapping";
        PageError::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    };
    Selection::of(&Filters::of(&page.path, &page.query)).ok_or_else(cannot)
}

async fn send(
    page: &Page,
    environment: &str,
    selection: &Selection,
    dry_run: bool,
) -> Result<DiscardedDeliveries, ApiFailure> {
    let request = DiscardDeliveries {
        target: selection.get("target"),
        workflow: selection.get("workflow"),
        mapping_id: selection.get("mapping_id"),
        starting_at: selection.get("starting_at"),
        ending_at: selection.get("ending_at"),
        dry_run: Some(dry_run),
    };
    page.send(Method::POST, &format!("/v1/deliveries/discard?environment={}", url_part(environment)), &request).await
}
