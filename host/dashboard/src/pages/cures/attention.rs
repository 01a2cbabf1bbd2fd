//! Running the events of a cause again, and acknowledging them.

use std::time::Duration;

use axum::{
    Form,
    extract::Path,
    http::{Method, StatusCode},
};
use inlet_api_types::{
    attention::{DismissAttention, Dismissed},
    replays::{CreateReplay, Replay},
};
use tokio::time::{Instant, sleep};

use super::{CureForm, Place};
use crate::{context::Page, error::PageResult, respond};

/// The longest wait for the end of another replay of the source, of which there is one at a time.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// Runs the events of a cause that need attention again.
///
/// Who presses the buttons of two causes begins two replays of one source: the second waits for the first, which is mostly
/// short. The API refuses it with 409 until then.
pub async fn replay(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    let body = CreateReplay {
        outcome: form.kind.clone().map(|kind| vec![kind]),
        code: form.code.clone(),
        ..CreateReplay::default()
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        match page.send::<Replay>(Method::POST, &place.api("/replays"), &body).await {
            Ok(_) => return Ok(respond::go_to(&page, form.back())),
            Err(error) if error.status == StatusCode::CONFLICT && Instant::now() < deadline => sleep(PAUSE).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Marks the events of a cause as no longer needing attention.
pub async fn acknowledge(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    let body = DismissAttention { outcome: form.kind.clone(), code: form.code.clone(), ..DismissAttention::default() };
    let _: Dismissed = page.send(Method::POST, &place.api("/attention/dismiss"), &body).await?;
    Ok(respond::go_to(&page, form.back()))
}
