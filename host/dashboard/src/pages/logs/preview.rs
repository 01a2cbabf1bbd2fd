//! `POST /e/{environment}/logs/{source}/{id}/preview`

use askama::Template;
use axum::{extract::Path, http::Method};
use inlet_api_types::rehearsals::{Rehearsal, RehearseSource, RehearsedItem};

use super::{
    Place,
    parts::{self, Action},
};
use crate::{
    components::{Html, icon, outcome},
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
    rehearsal: Rehearsal,
}

impl PreviewPage<'_> {
    fn actions(&self, item: &RehearsedItem) -> Html {
        let actions: Vec<Action<'_>> = item.actions.iter().map(Action::from).collect();
        parts::actions(&actions)
    }

    fn mappings(&self, item: &RehearsedItem) -> Html {
        parts::mappings(&item.mappings, item.mappings_left_out)
    }

    /// The stored execution that an item would repeat or resume.
    fn earlier(&self, item: &RehearsedItem) -> Option<String> {
        let of = item.idempotency.of.as_deref()?;
        let is_here = self.rehearsal.items.iter().any(|item| item.id == of);
        (!is_here).then(|| self.place.of(of))
    }

    /// The writes that would be made, in words.
    fn writes(&self) -> Vec<String> {
        let writes = &self.rehearsal.would_write;
        let counts = [
            (writes.users.len(), "user", "users"),
            (writes.objects.len(), "object", "objects"),
            (writes.subscriptions.len(), "subscription", "subscriptions"),
            (writes.members.len(), "membership", "memberships"),
            (writes.runs.len(), "run", "runs"),
            (writes.canceled_runs.len(), "cancellation", "cancellations"),
        ];
        let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
        counts.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })).collect()
    }
}

/// Shows what would come of an event now, without writing anything.
pub async fn preview(page: Page, Path((environment, source, id)): Path<(String, String, String)>) -> PageResult {
    let place = Place { environment, source, id };
    let [source, environment] = [&place.source, &place.environment].map(|part| url_part(part));
    let request = RehearseSource { log_id: Some(place.id.clone()), ..RehearseSource::default() };
    let path = format!("/v1/sources/{source}/rehearse?environment={environment}");
    let rehearsal: Rehearsal = page.send(Method::POST, &path, &request).await?;
    let layout = Layout::new(&page, "Preview").under("Logs", place.list()).under("Event", place.own());
    Ok(respond::html(&PreviewPage { layout, place: &place, rehearsal }))
}
