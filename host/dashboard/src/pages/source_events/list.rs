//! `GET /e/{environment}/sources/{key}/events`

use std::collections::HashMap;

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::sources::{EventActivity, SourceEvent, SourceEvents, SourceMapping};
use inlet_core::mapping::matched_by;

use crate::{
    components::{Html, chart, empty_state::empty_state, filter::Filters, icon, time},
    context::Page,
    error::PageResult,
    html,
    layout::Layout,
    pages::source_place::{Configuration, SourcePlace},
    respond,
};

/// The most event types of one page.
const MAX_ROWS: usize = 200;

#[derive(Template)]
#[template(path = "pages/source_events/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    wanted: String,
    events: Vec<SourceEvent>,
    /// The number of types beyond those of the page.
    left_out: usize,
    /// By event type, the numbers of mappings that are on and off.
    mapped: HashMap<String, (usize, usize)>,
    has_endpoint: bool,
    /// The time that the lines show.
    activity: Option<EventActivity>,
}

impl ListPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn href(&self, event: &SourceEvent) -> String {
        super::type_page(self.place, &event.event)
    }

    /// The events of a type over time, as a line.
    fn line(&self, event: &SourceEvent) -> Html {
        let (Some(recent), Some(activity)) = (&event.recent, &self.activity) else { return Html::default() };
        let sum: u64 = recent.iter().sum();
        chart::sparkline(recent, &format!("{} events since {}", html::grouped(sum.cast_signed()), activity.from))
    }

    fn new_mapping(&self, event: &SourceEvent) -> String {
        super::new_mapping(self.place, &event.event)
    }

    /// The numbers of mappings that are on and off for a type.
    fn mapped(&self, event: &SourceEvent) -> Option<String> {
        match self.mapped.get(&event.event).copied().unwrap_or_default() {
            (0, 0) => None,
            (on, 0) => Some(format!("{on} on")),
            (0, off) => Some(format!("{off} off")),
            (on, off) => Some(format!("{on} on, {off} off")),
        }
    }

    fn empty(&self) -> Html {
        match self.wanted.is_empty() {
            true => {
                let action = self.place.page("try");
                let settings = format!("/sources/{}", html::url_part(&self.place.key));
                let action =
                    if self.may_change() { ("Try it", action.as_str()) } else { ("Endpoints", settings.as_str()) };
                empty_state(
                    "No events yet",
                    "Each type of event that the source sends here appears with its count and its fields. Give the platform the endpoint, or send an example.",
                    Some(action).filter(|_| self.has_endpoint),
                )
            }
            false => empty_state(
                "Nothing matches",
                "No event type has this in its name.",
                Some(("Show all", &self.place.page("events"))),
            ),
        }
    }
}

/// Counts the mappings that are on and off for each event type.
fn count_mappings(mappings: &[SourceMapping]) -> HashMap<String, (usize, usize)> {
    let mut mapped: HashMap<String, (usize, usize)> = HashMap::new();
    for mapping in mappings {
        for event_type in matched_by(&mapping.event_type) {
            let (on, off) = mapped.entry(event_type).or_default();
            *if mapping.active { on } else { off } += 1;
        }
    }
    mapped
}

/// Returns the event types that nothing is done for: no mapping is on, and they are not handled without one.
pub fn unmapped(configuration: &Configuration, events: impl Iterator<Item = SourceEvent>) -> Vec<SourceEvent> {
    let mapped = count_mappings(&configuration.mappings);
    let is_mapped = |event: &SourceEvent| mapped.get(&event.event).is_some_and(|(on, _)| *on > 0);
    let identifies = configuration.settings.handle_identifies;
    let is_built_in = |event: &SourceEvent| event.event == "identify" && identifies;
    events.filter(|event| !event.event.is_empty() && !is_mapped(event) && !is_built_in(event)).collect()
}

/// Lists the event types of a source, the last received first.
pub async fn list(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let events = format!("{}&include=activity", place.api("/events"));
    let (configuration, events) = tokio::join!(place.configuration(&page), page.get::<SourceEvents>(&events));
    let configuration = configuration?;
    let wanted = Filters::of(&page.path, &page.query).get("search").unwrap_or_default().to_owned();
    let folded = wanted.to_lowercase();
    let SourceEvents { entries: mut events, activity, .. } = events?;
    events.retain(|event| event.event.to_lowercase().contains(&folded));
    let left_out = events.len().saturating_sub(MAX_ROWS);
    events.truncate(MAX_ROWS);
    let layout = place.layout(&page, &configuration.source);
    let has_endpoint = configuration.settings.endpoint.is_some();
    let mapped = count_mappings(&configuration.mappings);
    Ok(respond::html(&ListPage { layout, place: &place, wanted, events, left_out, mapped, has_endpoint, activity }))
}
