//! `GET` and `POST …/mappings/{id}/switch`: a mapping is switched on after its effect was said.

use askama::Template;
use axum::{Form, extract::Path, http::StatusCode};
use inlet_api::Scope;
use inlet_api_types::{
    rehearsals::{RehearseLastEvents, RehearsedLastEvents, RehearsedMappingEffect},
    sources::{MappingRequest, SourceMapping},
};
use inlet_core::time as times;
use inlet_engine::clock::now_ms;
use serde::Deserialize;

use super::{
    list::summary,
    parameters,
    preview::{Tried, try_mapping},
    save::{self, Changed},
    saved::{Change, request_of},
};
use crate::{
    components::{Html, filter::Filters, icon, outcome, time},
    context::Page,
    error::{PageError, PageResult},
    html::{grouped, url_part},
    layout::Layout,
    pages::source_place::{Configuration, SourcePlace},
    respond,
    session::sign_in::own_path,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The most events that are looked at.
const MAX_EVENTS: u64 = 1_000;

#[derive(Template)]
#[template(path = "pages/mappings/switch.html")]
struct SwitchPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    mapping: &'a SourceMapping,
    /// The page to lead to once it is on; empty for the list.
    next: String,
    /// The effect that it would have had; none until it is asked for.
    effect: Option<Html>,
    /// True if the mapping was changed since it was shown, so that it was not switched.
    is_changed: bool,
}

#[derive(Template)]
#[template(path = "pages/mappings/effect.html")]
struct EffectView<'a> {
    said: String,
    reach: String,
    tried: &'a Tried,
}

impl SwitchPage<'_> {
    fn url(&self, rest: &str) -> String {
        self.place.page(&format!("mappings/{}{rest}", url_part(&self.mapping.id)))
    }

    fn meaning(&self) -> &'static str {
        parameters::action(&self.mapping.action_type).map_or("Unknown action", parameters::meaning)
    }

    fn summary(&self) -> String {
        summary(self.mapping)
    }

    fn is_production(&self) -> bool {
        self.place.is_production(self.layout.page)
    }
}

/// Says what a mapping would have done.
fn effect(effect: Option<&RehearsedMappingEffect>) -> String {
    let Some(effect) = effect.filter(|effect| effect.items > 0) else {
        return "would have done nothing".to_owned();
    };
    let number = |count: usize, one: &str, many: &str| {
        format!("{} {}", grouped(i64::try_from(count).unwrap_or(i64::MAX)), if count == 1 { one } else { many })
    };
    let mut said = match effect.action_type.as_str() {
        "workflows_trigger" => {
            let more = if effect.has_more_recipients { "more than " } else { "" };
            let recipients = number(effect.recipients, "recipient", "recipients");
            format!("would have triggered {} for {more}{recipients}", number(effect.runs, "run", "runs"))
        }
        _ => format!("would have been carried out {}", number(effect.successful, "time", "times")),
    };
    if effect.skipped > 0 {
        said.push_str(&format!(", reached nobody {}", number(effect.skipped, "time", "times")));
    }
    if effect.failed > 0 {
        said.push_str(&format!(", and failed {}", number(effect.failed, "time", "times")));
    }
    said
}

/// Says how far the rehearsal looked.
fn reach(found: &RehearsedLastEvents) -> String {
    let events = grouped(i64::try_from(found.rehearsed).unwrap_or(i64::MAX));
    let oldest = found.oldest_received_at.as_deref().and_then(times::parse);
    let back = oldest.map(|us| time::span(now_ms() - us / 1000));
    match (found.rehearsed, found.has_more, back) {
        (0, ..) => "No event of its type came in the last 24 hours.".to_owned(),
        (1, false, _) => "1 event of its type came in the last 24 hours.".to_owned(),
        (_, true, Some(back)) => {
            format!(
                "Looked at the newest {events} events of its type, which is {back} back; there are more in the 24 hours."
            )
        }
        _ => format!("Looked at all {events} events of its type of the last 24 hours."),
    }
}

async fn found(page: &Page, place: &SourcePlace, id: &str) -> Result<(Configuration, usize), PageError> {
    let configuration = place.configuration(page).await?;
    let missing = || PageError::not_found("there is no such mapping here; it may have been deleted");
    let index = configuration.mappings.iter().position(|mapping| mapping.id == id).ok_or_else(missing)?;
    Ok((configuration, index))
}

fn next(page: &Page) -> String {
    Filters::of(&page.path, &page.query).get("next").unwrap_or_default().to_owned()
}

/// Asks before the mapping is switched.
pub async fn ask(page: Page, Path((environment, key, id)): Path<(String, String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let (configuration, index) = found(&page, &place, &id).await?;
    let layout = place.layout(&page, &configuration.source).under("Mappings", place.page("mappings"));
    Ok(respond::html(&SwitchPage {
        layout,
        place: &place,
        mapping: &configuration.mappings[index],
        next: next(&page),
        effect: None,
        is_changed: false,
    }))
}

/// Says what the mapping would have done over the last 24 hours.
async fn effect_page(page: &Page, place: &SourcePlace, id: &str) -> PageResult {
    if !page.can(Scope::Operate) {
        return Err(PageError::forbidden("this token may not try mappings; it needs the scope operate"));
    }
    let (configuration, index) = found(page, place, id).await?;
    let mapping = &configuration.mappings[index];
    let events = RehearseLastEvents {
        event_type: Some(mapping.event_type.clone()),
        starting_at: Some(times::write_ms(now_ms() - DAY_MS)),
        last: Some(MAX_EVENTS),
        ..RehearseLastEvents::default()
    };
    let tried = try_mapping(page, place, request_of(mapping), events).await?;
    let own = tried.found.by_mapping.iter().find(|effect| effect.mapping == tried.mapping);
    let view = EffectView { said: effect(own), reach: reach(&tried.found), tried: &tried };
    if page.fills("effect") {
        return Ok(respond::html(&view));
    }
    let effect = Some(Html::of(&view));
    let layout = place.layout(page, &configuration.source).under("Mappings", place.page("mappings"));
    Ok(respond::html(&SwitchPage { layout, place, mapping, next: next(page), effect, is_changed: false }))
}

/// See [`effect_page`].
pub async fn effect_of(page: Page, Path((environment, key, id)): Path<(String, String, String)>) -> PageResult {
    effect_page(&page, &SourcePlace::new(environment, key), &id).await
}

/// The form.
#[derive(Deserialize)]
pub struct SwitchForm {
    to: String,
    /// The time of the mapping's last change when it was shown.
    #[serde(default)]
    base: String,
    /// The page to lead to; empty for the list.
    #[serde(default)]
    next: String,
}

/// Switches a mapping on or off. One that was changed since its effect was shown is shown again instead.
pub async fn switch(
    page: Page,
    Path((environment, key, id)): Path<(String, String, String)>,
    Form(form): Form<SwitchForm>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let active = Some(form.to == "on");
    let put = |request: MappingRequest| Change::Put(MappingRequest { active, ..request });
    if save::change(&page, &place, (&id, &form.base), put).await? == Changed::Meanwhile {
        let (configuration, index) = found(&page, &place, &id).await?;
        let layout = place.layout(&page, &configuration.source).under("Mappings", place.page("mappings"));
        let mapping = &configuration.mappings[index];
        let view = SwitchPage { layout, place: &place, mapping, next: form.next, effect: None, is_changed: true };
        let mut response = respond::html(&view);
        *response.status_mut() = StatusCode::PRECONDITION_FAILED;
        return Ok(response);
    }
    match form.next.as_str() {
        "" => Ok(respond::go_to(&page, &place.page("mappings"))),
        next => Ok(respond::go_to(&page, own_path(next))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effect_is_said_in_one_sentence() {
        let of = |action_type: &str, [items, successful, skipped, failed, runs, recipients]: [usize; 6]| {
            effect(Some(&RehearsedMappingEffect {
                mapping: "m".to_owned(),
                is_new: false,
                event_type: "Paid".to_owned(),
                action_type: action_type.to_owned(),
                items,
                successful,
                skipped,
                failed,
                runs,
                recipients,
                has_more_recipients: false,
            }))
        };
        assert_eq!(effect(None), "would have done nothing");
        assert_eq!(of("workflows_trigger", [37, 37, 0, 0, 37, 12]), "would have triggered 37 runs for 12 recipients");
        assert_eq!(
            of("workflows_trigger", [1300, 1, 1298, 1, 1, 1]),
            "would have triggered 1 run for 1 recipient, reached nobody 1,298 times, and failed 1 time"
        );
        assert_eq!(of("objects_set", [2, 2, 0, 0, 0, 0]), "would have been carried out 2 times");
    }
}
