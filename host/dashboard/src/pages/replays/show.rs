//! `GET /e/{environment}/sources/{key}/logs/replays/{id}`, and its cancellation.

use askama::Template;
use axum::{extract::Path, http::Method};
use inlet_api::Scope;
use inlet_api_types::replays::Replay;

use super::Place;
use crate::{
    components::{Html, icon, outcome, time},
    context::Page,
    error::PageResult,
    html::{self, grouped, url_part},
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/replays/show.html")]
struct ReplayPage<'a> {
    layout: Layout<'a>,
    place: &'a Place,
    replay: Replay,
}

impl ReplayPage<'_> {
    fn is_running(&self) -> bool {
        self.replay.state == "running"
    }

    fn may_cancel(&self) -> bool {
        self.is_running() && self.layout.page.can(Scope::Operate)
    }

    fn own(&self) -> String {
        self.place.of(&self.replay.id)
    }

    /// The list of the new events.
    fn new_events(&self) -> String {
        let event = self.replay.filter.event_type.as_deref();
        let event = event.map(|name| format!("&event={}", url_part(name))).unwrap_or_default();
        let start = url_part(&self.replay.started_at);
        format!("{}?needs_attention=false&starting_at={start}{event}", self.place.logs())
    }

    fn badge(&self) -> Html {
        outcome::replay(&self.replay.state).html()
    }

    fn progress(&self) -> String {
        let done = grouped(self.replay.done);
        match self.replay.total {
            Some(total) => format!("{done} of {} done", grouped(total)),
            None => format!("{done} done"),
        }
    }

    fn outcomes(&self) -> Vec<(outcome::Badge, i64)> {
        self.replay.outcomes.iter().map(|(name, count)| (outcome::event(name), *count)).collect()
    }
}

/// Shows a replay and its progress.
pub async fn show(page: Page, Path((environment, source, id)): Path<(String, String, String)>) -> PageResult {
    let place = Place { environment, source };
    let replay: Replay = page.get(&place.api(&format!("/{}", url_part(&id)))).await?;
    let title = format!("Run again: {}", super::subject(&replay.filter));
    let layout = place.layout(&page, &title).under(super::JOBS, place.list());
    let view = ReplayPage { layout, place: &place, replay };
    Ok(respond::html(&view))
}

/// Cancels a replay. What was run again stays.
pub async fn cancel(page: Page, Path((environment, source, id)): Path<(String, String, String)>) -> PageResult {
    let place = Place { environment, source };
    let path = place.api(&format!("/{}", url_part(&id)));
    let _: Option<Replay> = page.send(Method::DELETE, &path, &()).await?;
    Ok(respond::go_to(&page, &place.of(&id)))
}
