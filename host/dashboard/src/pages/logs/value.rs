//! `GET /e/{environment}/logs/{source}/{id}/value`: a part of a large received item, or of the payload or the result of an
//! action of the event, or the whole as a download.

use axum::extract::{Path, Query};
use inlet_api_types::logs::{SourceLog, SourceLogList};
use serde::Deserialize;

use super::Place;
use crate::{
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::json_value::{self, ValueQuery, Whole},
};

/// The text of which a part is shown.
#[derive(Debug, Default, Deserialize)]
pub struct OfQuery {
    /// The id of an action; the received item is meant without one.
    action: Option<String>,
    /// `result`, or the payload of the action.
    of: Option<String>,
}

/// Returns the address of the parts of an entry's item, which ends before the pointer.
pub fn parts(place: &Place) -> String {
    format!("{}/value?pointer=", place.own())
}

/// Returns the address of the parts of an action's payload or result, which ends before `of` and the pointer.
pub fn action_parts(place: &Place, action: &str) -> String {
    format!("{}/value?action={}", place.own(), url_part(action))
}

/// Shows the value at a JSON pointer of the received item, or of a payload or a result.
pub async fn show(
    page: Page,
    Path((environment, source, id)): Path<(String, String, String)>,
    Query(of): Query<OfQuery>,
    Query(query): Query<ValueQuery>,
) -> PageResult {
    let place = Place { environment, source, id };
    let [source, id, environment] = [&place.source, &place.id, &place.environment].map(|part| url_part(part));
    let list: SourceLogList = page.get(&format!("/v1/sources/{source}/logs?environment={environment}&id={id}")).await?;
    let gone = || PageError::not_found("there is no such value here; the entry may be past its retention");
    let entry: SourceLog = list.entries.into_iter().next().ok_or_else(gone)?;
    let (text, name, parts) = match &of.action {
        None => (entry.original.as_ref(), "received item", parts(&place)),
        Some(wanted) => {
            let action = entry.actions.iter().flatten().find(|action| action.id == *wanted).ok_or_else(gone)?;
            let parts = action_parts(&place, wanted);
            match of.of.as_deref() {
                Some("result") => (action.action_result.as_ref(), "result", format!("{parts}&of=result&pointer=")),
                _ => (action.action_payload.as_ref(), "resolved payload", format!("{parts}&of=payload&pointer=")),
            }
        }
    };
    let (text, back) = (text.map(|text| text.as_text()), place.own());
    let layout = Layout::new(&page, "Value").under("Logs", place.list()).under("Event", place.own());
    let whole = Whole { text, name, parts: &parts, back: &back, back_label: "Back to the event" };
    json_value::answer(&page, layout, &whole, &query)
}
