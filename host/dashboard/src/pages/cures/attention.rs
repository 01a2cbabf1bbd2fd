//! Running the events of a cause again, and acknowledging them.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::{
    attention::{DismissAttention, Dismissed},
    replays::{CreateReplay, Replay},
};

use super::{CureForm, Place};
use crate::{context::Page, error::PageResult, respond};

/// Runs the events of a cause that need attention again.
pub async fn replay(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    let body = CreateReplay {
        outcome: form.kind.clone().map(|kind| vec![kind]),
        code: form.code.clone(),
        ..CreateReplay::default()
    };
    let _: Replay = page.send(Method::POST, &place.api("/replays"), &body).await?;
    Ok(respond::go_to(&page, form.back()))
}

/// Marks the events of a cause as no longer needing attention.
pub async fn acknowledge(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    let body = DismissAttention { outcome: form.kind.clone(), code: form.code.clone(), ..DismissAttention::default() };
    let _: Dismissed = page.send(Method::POST, &place.api("/attention/dismiss"), &body).await?;
    Ok(respond::go_to(&page, form.back()))
}
