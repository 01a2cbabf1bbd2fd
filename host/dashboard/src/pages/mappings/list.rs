//! `GET /e/{environment}/sources/{key}/mappings`

use std::collections::HashMap;

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::{
    RawJson,
    sources::{SourceEvents, SourceMapping},
};
use inlet_core::{actions::ActionType, json, mapping::matched_by};

use super::parameters;
use crate::{
    components::{Html, empty_state::empty_state, icon, outcome, time},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    pages::source_place::SourcePlace,
    respond,
};

/// The mappings of one action.
struct Step<'a> {
    action: ActionType,
    mappings: Vec<&'a SourceMapping>,
}

#[derive(Template)]
#[template(path = "pages/mappings/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    steps: Vec<Step<'a>>,
    unused: Vec<&'static str>,
    /// By event type, the time of the last event.
    last_events: HashMap<String, String>,
}

impl ListPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn href(&self, mapping: &SourceMapping) -> String {
        self.place.page(&format!("mappings/{}", url_part(&mapping.id)))
    }

    fn meaning(&self, step: &Step<'_>) -> &'static str {
        parameters::meaning(step.action)
    }

    fn summary(&self, mapping: &SourceMapping) -> String {
        summary(mapping)
    }

    fn when<'m>(&self, mapping: &'m SourceMapping) -> Option<&'m str> {
        mapping.when.as_ref().map(RawJson::as_text)
    }

    fn badge(&self, mapping: &SourceMapping) -> Html {
        outcome::switch(mapping.active).html()
    }

    /// The last event that the mapping's type matched.
    fn last_event(&self, mapping: &SourceMapping) -> Html {
        let types = matched_by(&mapping.event_type);
        // The times are written alike, so that the latest is the greatest.
        time::ago_or_never(types.iter().filter_map(|name| self.last_events.get(name)).max().map(String::as_str))
    }

    fn empty(&self) -> Html {
        let new = self.place.page("mappings/new");
        let action = self.may_change().then_some(("Create a mapping", new.as_str()));
        empty_state(
            "No mappings yet",
            "A mapping says what is done about an event: trigger a workflow, identify a user, set an object. Until there is one, events are logged.",
            action,
        )
    }
}

/// Names what a mapping is about: its workflow, audience, collection or user.
pub fn summary(mapping: &SourceMapping) -> String {
    let parameters = mapping.action_parameters.as_text();
    let constant = |name: &str| {
        let text = json::member(parameters, name)?;
        json::string(text).or_else(|| json::member(text, "value").and_then(json::string))
    };
    ["key", "collection", "id", "user_id"].into_iter().find_map(constant).unwrap_or_default()
}

/// Lists the mappings in the order in which they are carried out.
pub async fn list(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let events = place.api("/events");
    let (configuration, events) = tokio::join!(place.configuration(&page), page.get::<SourceEvents>(&events));
    let (configuration, events) = (configuration?, events?);
    let mappings = |action: ActionType| -> Vec<&SourceMapping> {
        configuration.mappings.iter().filter(|mapping| mapping.action_type == action.as_str()).collect()
    };
    let all = ActionType::ALL.map(|action| Step { action, mappings: mappings(action) });
    let (steps, unused): (Vec<_>, Vec<_>) = all.into_iter().partition(|step| !step.mappings.is_empty());
    let unused = unused.iter().map(|step| parameters::meaning(step.action)).collect();
    let last_events = events.entries.into_iter().map(|known| (known.event, known.last_received_at)).collect();
    let layout = place.layout(&page, &configuration.source);
    Ok(respond::html(&ListPage { layout, place: &place, steps, unused, last_events }))
}
