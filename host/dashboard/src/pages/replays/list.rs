//! `GET /e/{environment}/sources/{key}/logs/replays`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::replays::{Replay, ReplayList};

use super::Place;
use crate::{
    components::{Html, empty_state::empty_state, filter::Filters, outcome, pagination::pagination, time},
    context::Page,
    error::PageResult,
    html,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/replays/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    place: &'a Place,
    filters: Filters,
    list: ReplayList,
}

impl ListPage<'_> {
    fn may_start(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn badge(&self, replay: &Replay) -> outcome::Badge {
        outcome::replay(&replay.state)
    }

    fn empty(&self) -> Html {
        empty_state(
            "Nothing was run again yet",
            "After a repair, such as a new mapping or a corrected secret, all events that failed can be run again at once.",
            Some(("Back to the logs", &self.place.logs())),
        )
    }

    fn pages(&self) -> Html {
        pagination(&self.filters, &self.list.page_info)
    }
}

/// Lists the replays of a source, newest first.
pub async fn list(page: Page, Path((environment, source)): Path<(String, String)>) -> PageResult {
    let place = Place { environment, source };
    let filters = Filters::of(&page.path, &page.query);
    let query = filters.to_query(&[]);
    let list: ReplayList = page.get(&format!("{}&{query}", place.api(""))).await?;
    let layout = place.layout(&page, super::JOBS);
    Ok(respond::html(&ListPage { layout, place: &place, filters, list }))
}
