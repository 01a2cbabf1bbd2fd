//! `GET /e/{environment}/sources/{key}/events/type?event=…`: what the events of one type hold.

use askama::Template;
use axum::{extract::Path, http::StatusCode};
use inlet_api::{Scope, in_process::ApiFailure};
use inlet_api_types::{
    logs::{SourceLog, SourceLogList},
    sources::{SourceEventField, SourceEventFields},
};

use crate::{
    components::{
        Html, copy,
        filter::Filters,
        icon,
        json_differences::{differences, marked_tree},
        outcome, time,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::source_place::SourcePlace,
    respond,
};

/// The newest events whose fields are counted.
const EVENTS: usize = 200;

/// A failed event beside the last good one.
struct Beside {
    failed: SourceLog,
    good: SourceLog,
    failed_item: Html,
    good_item: Html,
    /// True if nothing differs.
    is_same: bool,
}

/// A failed event that is shown alone.
struct Alone {
    failed: SourceLog,
    /// True if there is a good one, so that a body is missing.
    has_good: bool,
}

#[derive(Template)]
#[template(path = "pages/source_events/show.html")]
struct ShowPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    event: String,
    fields: SourceEventFields,
    beside: Option<Beside>,
    alone: Option<Alone>,
}

impl ShowPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn new_mapping(&self) -> String {
        super::new_mapping(self.place, &self.event)
    }

    /// The lists of fields, each with its title and whether it is open.
    fn sections(&self) -> [(&'static str, &[SourceEventField], bool); 2] {
        let SourceEventFields { data, body, .. } = &self.fields;
        [("The event’s data, as mappings read it", data, true), ("The item as it came", body, data.is_empty())]
    }

    /// Returns how many of the events have a field, in words.
    fn how_often(&self, field: &SourceEventField) -> String {
        match field.count == self.fields.examined {
            true => "always".to_owned(),
            // Never 0 and never 100.
            false => format!("{} %", (field.count * 100 / self.fields.examined.max(1)).clamp(1, 99)),
        }
    }

    /// The types of a field's values, the most frequent first, each with whether it is not the only one.
    fn types(&self, field: &SourceEventField) -> Vec<String> {
        let mut types: Vec<_> = field.types.iter().collect();
        types.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let is_mixed = types.len() > 1;
        let named = types.into_iter().map(|(name, count)| match is_mixed {
            true => format!("{name} ×{count}"),
            false => name.clone(),
        });
        named.collect()
    }

    fn examples(&self, field: &SourceEventField) -> String {
        let shown = field.examples.iter().map(|example| {
            let text = example.as_text();
            match text.char_indices().nth(60) {
                Some((cut, _)) => format!("{}…", &text[..cut]),
                None => text.to_owned(),
            }
        });
        shown.collect::<Vec<_>>().join("  ")
    }

    fn logs(&self) -> String {
        self.place.logs(&[("event", &self.event)])
    }

    fn why(&self, entry: &SourceLog) -> String {
        entry.reason.clone().or_else(|| entry.code.clone()).unwrap_or_default()
    }
}

/// Returns the newest event of a type with one of these outcomes, with its item.
async fn newest(
    page: &Page,
    place: &SourcePlace,
    event: &str,
    outcomes: &str,
) -> Result<Option<SourceLog>, ApiFailure> {
    let path = format!("{}&event={}&outcome={outcomes}&limit=1&include=actions", place.api("/logs"), url_part(event));
    let Some(entry) = page.get::<SourceLogList>(&path).await?.entries.into_iter().next() else { return Ok(None) };
    if entry.original.is_some() || entry.body_removed {
        return Ok(Some(entry));
    }
    // A list leaves long items out.
    let path = format!("{}&id={}", place.api("/logs"), url_part(&entry.id));
    Ok(page.get::<SourceLogList>(&path).await?.entries.into_iter().next())
}

fn beside(failed: SourceLog, good: SourceLog) -> Option<Beside> {
    let (failed_text, good_text) = (failed.original.as_ref()?.as_text(), good.original.as_ref()?.as_text());
    let found = differences(failed_text, good_text);
    Some(Beside {
        failed_item: marked_tree(failed_text, "the failed item", &found.first),
        good_item: marked_tree(good_text, "the good item", &found.second),
        is_same: found.first.is_empty() && found.second.is_empty(),
        failed,
        good,
    })
}

/// Shows the fields of an event type, and a failed event beside the last good one.
pub async fn show(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let missing =
        || PageError::new(StatusCode::UNPROCESSABLE_ENTITY, "the address names no event type; choose one in the list");
    let event = Filters::of(&page.path, &page.query).get("event").map(str::to_owned).ok_or_else(missing)?;
    let path = format!("{}&event={}&last={EVENTS}", place.api("/events/fields"), url_part(&event));
    let (fields, failed, good) = tokio::join!(
        page.get::<SourceEventFields>(&path),
        newest(&page, &place, &event, "failed"),
        newest(&page, &place, &event, "executed,logged"),
    );
    let (beside, alone) = match (failed?, good?) {
        (Some(failed), Some(good)) if failed.original.is_some() && good.original.is_some() => {
            (beside(failed, good), None)
        }
        (Some(failed), good) => (None, Some(Alone { failed, has_good: good.is_some() })),
        (None, _) => (None, None),
    };
    let layout = Layout::new(&page, event.clone()).in_source(&place.key).under("Events", place.page("events"));
    Ok(respond::html(&ShowPage { layout, place: &place, event, fields: fields?, beside, alone }))
}
