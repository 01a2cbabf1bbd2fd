//! The panel that waits for the first event, and shows what comes instead of it, each with its cure.

use askama::Template;
use futures_util::future::try_join3;
use inlet_api_types::{
    logs::{SourceLog, SourceLogList},
    sources::{AttentionCause, SourceStatus},
    unrouted_requests::{UnroutedRequestList, UnroutedRequests},
};
use inlet_core::time as core_time;
use inlet_engine::clock::now_ms;

use crate::{
    components::{Html, cure::Cause, icon, outcome, time},
    context::Page,
    error::PageError,
    html::{self, url_part},
    layout::Layout,
    pages::source_place::SourcePlace,
};

/// The newest events that the panel shows.
const EVENTS: usize = 5;
/// The time for which the panel shows requests that led nowhere, in milliseconds.
const UNROUTED_MS: i64 = 15 * 60 * 1000;

#[derive(Template)]
#[template(path = "pages/sources/panel.html")]
struct Panel<'a> {
    layout: &'a Layout<'a>,
    place: &'a SourcePlace,
    status: SourceStatus,
    events: Vec<SourceLog>,
    unrouted: Vec<UnroutedRequests>,
}

impl Panel<'_> {
    fn event(&self, entry: &SourceLog) -> String {
        let [environment, key] = [&self.place.environment, &self.place.key].map(|part| url_part(part));
        format!("/e/{environment}/logs/{key}/{}", url_part(&entry.id))
    }

    fn cure(&self, cause: &AttentionCause) -> Html {
        Cause::of(&self.place.key, cause).html(self.layout)
    }

    fn causes(&self) -> &[AttentionCause] {
        &self.status.needs_attention.causes
    }
}

/// Renders the panel as things are now. The layout stands at the page of the set-up.
pub async fn render(page: &Page, layout: &Layout<'_>, place: &SourcePlace) -> Result<Html, PageError> {
    let status = place.api("/status");
    let logs = format!("{}&limit={EVENTS}", place.api("/logs"));
    let (status, logs, unrouted): (SourceStatus, SourceLogList, UnroutedRequestList) =
        try_join3(page.get(&status), page.get(&logs), page.get("/v1/unrouted_requests")).await?;
    let since_ms = now_ms() - UNROUTED_MS;
    let is_recent = |unrouted: &UnroutedRequests| {
        let last_ms = core_time::parse(&unrouted.last_at).map_or(i64::MIN, |us| us / 1000);
        unrouted.cause != "unknown_path" && last_ms >= since_ms
    };
    let unrouted = unrouted.entries.into_iter().filter(is_recent).collect();
    Ok(Html::of(&Panel { layout, place, status, events: logs.entries, unrouted }))
}
