//! `POST …/mappings/preview`: what the mapping of a form would do with the last events.

use askama::Template;
use axum::{Form, extract::Path, http::Method};
use inlet_api_types::{
    rehearsals::{RehearseLastEvents, RehearsedLastEvent, RehearsedLastEvents, RehearsedMapping},
    sources::MappingRequest,
};

use super::{
    form::MappingForm,
    saved::{Change, List},
};
use crate::{
    components::{
        Html,
        actions::{self, Action},
        icon, outcome, time,
    },
    context::Page,
    error::{PageError, PageResult},
    layout::Layout,
    pages::source_place::SourcePlace,
    respond,
};

/// The events that are shown.
const EVENTS: u64 = 10;

/// The result that the mapping would have for one event.
struct Shown<'a> {
    event: &'a RehearsedLastEvent,
    matched: Option<&'a RehearsedMapping>,
    actions: Vec<Action<'a>>,
}

#[derive(Template)]
#[template(path = "pages/mappings/preview.html", blocks = ["result"])]
struct PreviewPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    pairs: &'a [(String, String)],
    event_type: &'a str,
    error: Option<PageError>,
    warnings: Vec<String>,
    found: Option<RehearsedLastEvents>,
    /// The id of the mapping in the rehearsal.
    mapping: String,
}

impl PreviewPage<'_> {
    /// The newest events with what the mapping alone would do.
    fn events<'f>(&self, found: &'f RehearsedLastEvents) -> Vec<Shown<'f>> {
        let shown = |event: &'f RehearsedLastEvent| {
            let matches = event.items.iter().flat_map(|item| &item.mappings).filter(|found| found.id == self.mapping);
            let actions = event.items.iter().flat_map(|item| &item.actions);
            let own = actions.filter(|action| action.mapping.as_deref() == Some(&*self.mapping));
            Shown {
                event,
                matched: matches.max_by_key(|found| found.matched),
                actions: own.map(Action::from).collect(),
            }
        };
        found.events.iter().map(shown).collect()
    }

    fn actions(&self, shown: &Shown<'_>) -> Html {
        actions::resolved(&shown.actions)
    }

    fn badge(&self, shown: &Shown<'_>) -> Html {
        outcome::mapping(shown.matched.is_some_and(|found| found.matched), true).html()
    }

    fn why_not<'s>(&self, shown: &'s Shown<'_>) -> Option<&'s str> {
        shown.matched.and_then(|found| found.why_not.as_deref())
    }

    /// Returns how many of the events the mapping applies to.
    fn count(&self, found: &RehearsedLastEvents) -> usize {
        self.events(found).iter().filter(|shown| !shown.actions.is_empty()).count()
    }

    /// The member of an error, as the form names it.
    fn place_of_error(&self) -> Option<&str> {
        let field = self.error.as_ref()?.field.as_deref()?;
        Some(field.strip_prefix("action_parameters.").unwrap_or(field))
    }
}

/// The result of trying a mapping.
pub struct Tried {
    /// Returns what would come of the events.
    pub found: RehearsedLastEvents,
    /// The id of the mapping in the rehearsal.
    pub mapping: String,
    /// The warnings of the API about the mapping.
    pub warnings: Vec<String>,
}

/// Tries a mapping, switched on, with the last events of its type: it is checked as if it were saved, and rehearsed.
pub async fn try_mapping(
    page: &Page,
    place: &SourcePlace,
    request: MappingRequest,
    events: RehearseLastEvents,
) -> Result<Tried, PageError> {
    let saved = place.configuration(page).await?.mappings;
    let list = List::with(&saved, Change::Put(MappingRequest { active: Some(true), ..request }));
    let named = |error: PageError| match error.field.as_deref().and_then(|field| list.member(field)) {
        Some(member) => PageError { field: Some(member.to_owned()), ..error },
        None => error,
    };
    let checked = list.write(page, place, None, true).await.map_err(|failure| named(failure.into()))?;
    let warnings = list.warnings(&checked.warnings).into_iter().map(str::to_owned).collect();
    let index = list.index.unwrap_or_default();
    let known = list.mappings.get(index).and_then(|mapping| mapping.id.clone());
    let events = RehearseLastEvents { mappings: Some(list.mappings.clone()), ..events };
    let found: RehearsedLastEvents = page.send(Method::POST, &place.api("/rehearse/last"), &events).await?;
    let mapping = known.or_else(|| new_mapping(&found, &saved)).unwrap_or_default();
    Ok(Tried { found, mapping, warnings })
}

/// Returns the id that the rehearsal gave to the mapping that is not saved.
fn new_mapping(found: &RehearsedLastEvents, saved: &[inlet_api_types::sources::SourceMapping]) -> Option<String> {
    let mut all = found.events.iter().flat_map(|event| &event.items).flat_map(|item| &item.mappings);
    let unknown = |id: &str| !saved.iter().any(|mapping| mapping.id == id);
    let listed = all.find(|mapping| unknown(&mapping.id)).map(|mapping| mapping.id.clone());
    listed.or_else(|| found.by_mapping.iter().find(|effect| effect.is_new).map(|effect| effect.mapping.clone()))
}

/// Shows what the mapping of the form would do.
pub async fn preview(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let form = MappingForm::read(&pairs);
    let events = RehearseLastEvents {
        event_type: Some(form.event_type.clone()).filter(|name| !name.is_empty()),
        last: Some(EVENTS),
        list: Some(EVENTS),
        ..RehearseLastEvents::default()
    };
    let tried = match form.request() {
        Ok(request) => try_mapping(&page, &place, request, events).await,
        Err(error) => Err(error),
    };
    let (error, warnings, found, mapping) = match tried {
        Ok(Tried { found, mapping, warnings }) => (None, warnings, Some(found), mapping),
        // An error without a field is not about what was entered.
        Err(error) if error.field.is_none() => return Err(error),
        Err(error) => (Some(error), Vec::new(), None, String::new()),
    };
    let layout = Layout::new(&page, "Preview").in_source(&place.key);
    let event_type = form.event_type.as_str();
    let view = PreviewPage { layout, place: &place, pairs: &pairs, event_type, error, warnings, found, mapping };
    Ok(match page.fills("preview") {
        true => respond::html(&view.as_result()),
        false => respond::html(&view),
    })
}
