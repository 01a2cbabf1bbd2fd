//! `POST /e/{environment}/issues/{id}/acknowledge`, `…/mute`, `…/resolve` and `…/reopen`

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::issues::Issue;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::address;
use crate::{context::Page, error::PageResult, html::url_part, respond};

/// The place of an issue.
type Place = Path<(String, String)>;

/// The form of a mute: for so many seconds, or for good.
#[derive(Deserialize)]
pub struct MuteForm {
    #[serde(default)]
    seconds: String,
}

/// Acknowledges an issue.
pub async fn acknowledge(page: Page, place: Place) -> PageResult {
    change(&page, place, "acknowledge", &json!({})).await
}

/// Mutes an issue.
pub async fn mute(page: Page, place: Place, Form(form): Form<MuteForm>) -> PageResult {
    // A text that is no number goes as it is, so that the API says what is wrong with it.
    let body = match (form.seconds.as_str(), form.seconds.parse::<i64>()) {
        ("", _) => json!({}),
        (_, Ok(seconds)) => json!({"seconds": seconds}),
        (text, Err(_)) => json!({"seconds": text}),
    };
    change(&page, place, "mute", &body).await
}

/// Resolves an issue.
pub async fn resolve(page: Page, place: Place) -> PageResult {
    change(&page, place, "resolve", &json!({})).await
}

/// Opens an issue again.
pub async fn reopen(page: Page, place: Place) -> PageResult {
    change(&page, place, "reopen", &json!({})).await
}

async fn change(page: &Page, Path((environment, id)): Place, operation: &str, body: &impl Serialize) -> PageResult {
    let path = format!("/v1/issues/{}/{operation}?environment={}", url_part(&id), url_part(&environment));
    let _: Issue = page.send(Method::POST, &path, body).await?;
    Ok(respond::go_to(page, &address(&environment, &id)))
}
