//! `POST /e/{environment}/logs/{source}/{id}/preview`

use askama::Template;
use axum::{extract::Path, http::Method};
use inlet_api_types::rehearsals::{Rehearsal, RehearseSource};

use super::Place;
use crate::{
    components::{Html, rehearsal::rehearsal},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/logs/preview.html")]
struct PreviewPage<'a> {
    layout: Layout<'a>,
    place: &'a Place,
    rehearsed: Html,
}

/// Shows what would come of an event now, without writing anything.
pub async fn preview(page: Page, Path((environment, source, id)): Path<(String, String, String)>) -> PageResult {
    let place = Place { environment, source, id };
    let [source, environment] = [&place.source, &place.environment].map(|part| url_part(part));
    let request = RehearseSource { log_id: Some(place.id.clone()), ..RehearseSource::default() };
    let path = format!("/v1/sources/{source}/rehearse?environment={environment}");
    let found: Rehearsal = page.send(Method::POST, &path, &request).await?;
    let rehearsed = rehearsal(&found, &|id| place.of(id));
    let layout = Layout::new(&page, "Preview").under("Logs", place.list()).under("Event", place.own());
    Ok(respond::html(&PreviewPage { layout, place: &place, rehearsed }))
}
