//! The panel that waits for the first event, and shows what comes instead of it, each with its cure.

use askama::Template;
use futures_util::future::{try_join, try_join3};
use inlet_api::Scope;
use inlet_api_types::{
    logs::{SourceLog, SourceLogList},
    sources::{AttentionCause, SourceEvent, SourceStatus},
    unrouted_requests::{UnroutedRequestList, UnroutedRequests},
};
use inlet_core::time as core_time;
use inlet_engine::clock::now_ms;

use crate::{
    components::{
        Html, copy,
        cure::{self, Cause},
        icon, outcome, time,
    },
    context::Page,
    error::PageError,
    html::{self, url_part},
    layout::Layout,
    pages::{
        source_events,
        source_place::{Configuration, SourcePlace},
    },
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
    configuration: Configuration,
    events: Vec<SourceLog>,
    unrouted: Vec<UnroutedRequests>,
}

/// The step that gives an event without an effect one.
enum NextStep {
    /// The form of a new mapping for its type.
    CreateMapping(String),
    /// The address that runs it again, now that its type has a mapping.
    RunAgain(String),
}

impl Panel<'_> {
    fn event(&self, entry: &SourceLog) -> String {
        let [environment, key] = [&self.place.environment, &self.place.key].map(|part| url_part(part));
        format!("/e/{environment}/logs/{key}/{}", url_part(&entry.id))
    }

    /// The step that gives an event without an effect one.
    fn next_step(&self, entry: &SourceLog) -> Option<NextStep> {
        let is_without_effect = matches!(entry.outcome.as_str(), "logged" | "skipped") && !entry.event_type.is_empty();
        if !is_without_effect || !entry.rerun_as.is_empty() || !self.layout.page.can(Scope::Operate) {
            return None;
        }
        let event = SourceEvent {
            event: entry.event_type.clone(),
            last_received_at: entry.received_at.clone(),
            count: 1,
            recent: None,
        };
        let is_unmapped = !source_events::unmapped(&self.configuration, std::iter::once(event)).is_empty();
        Some(match is_unmapped {
            true => {
                let new = source_events::new_mapping(self.place, &entry.event_type);
                NextStep::CreateMapping(format!("{new}&next={}", url_part(&self.layout.here())))
            }
            false => NextStep::RunAgain(format!("{}/replay", self.event(entry))),
        })
    }

    fn cure(&self, cause: &AttentionCause) -> Html {
        Cause::of(&self.place.key, cause).html(self.layout)
    }

    /// What is wrong with the URL of requests that led nowhere.
    fn wrong_url(&self, unrouted: &UnroutedRequests) -> String {
        cure::wrong_url(&unrouted.cause, &unrouted.message)
    }

    /// The URL of the source, to copy.
    fn endpoint(&self) -> Option<Html> {
        Some(copy::value(self.configuration.settings.endpoint.as_deref()?, "Copy the right URL"))
    }

    fn causes(&self) -> &[AttentionCause] {
        &self.status.needs_attention.causes
    }
}

/// Renders the panel as things are now. The layout stands at the page of the set-up.
pub async fn render(page: &Page, layout: &Layout<'_>, place: &SourcePlace) -> Result<Html, PageError> {
    let status = place.api("/status");
    let logs = format!("{}&limit={EVENTS}", place.api("/logs"));
    let read = async {
        let read = try_join3(page.get(&status), page.get(&logs), page.get("/v1/unrouted_requests"));
        Ok::<(SourceStatus, SourceLogList, UnroutedRequestList), PageError>(read.await?)
    };
    let ((status, logs, unrouted), configuration) = try_join(read, place.configuration(page)).await?;
    let since_ms = now_ms() - UNROUTED_MS;
    let is_recent = |unrouted: &UnroutedRequests| {
        let last_ms = core_time::parse(&unrouted.last_at).map_or(i64::MIN, |us| us / 1000);
        unrouted.cause != "unknown_path" && last_ms >= since_ms
    };
    let unrouted = unrouted.entries.into_iter().filter(is_recent).collect();
    Ok(Html::of(&Panel { layout, place, status, configuration, events: logs.entries, unrouted }))
}
