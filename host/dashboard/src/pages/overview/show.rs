//! `GET /`

use askama::Template;

use crate::{
    components::{Html, empty_state::empty_state, icon, outcome, time},
    context::Page,
    error::PageResult,
    html,
    layout::Layout,
    pages::sources::summary::{self, Summary},
    respond,
};

#[derive(Template)]
#[template(path = "pages/overview/show.html")]
struct OverviewPage<'a> {
    layout: Layout<'a>,
    sources: Vec<Summary>,
    events: i64,
    needs_attention: i64,
}

impl OverviewPage<'_> {
    fn no_sources(&self) -> Html {
        empty_state(
            "Nothing flows in yet",
            "A source is a platform that sends webhooks. Create one, give its URL to the platform, and watch the first event arrive.",
            Some(("Create a source", "/sources/new")),
        )
    }

    /// The causes of everything that needs attention, with the source of each.
    fn causes(&self) -> Vec<(&Summary, &inlet_api_types::sources::AttentionCause)> {
        let mut causes: Vec<_> = self
            .sources
            .iter()
            .flat_map(|summary| summary.status.needs_attention.causes.iter().map(move |cause| (summary, cause)))
            .collect();
        causes.sort_by_key(|(_, cause)| std::cmp::Reverse(cause.count));
        causes
    }
}

/// Shows the overview.
pub async fn show(page: Page) -> PageResult {
    let sources = summary::all(&page, None).await?;
    let events = sources.iter().map(|summary| summary.status.events_count).sum();
    let needs_attention = sources.iter().map(|summary| summary.status.needs_attention.count).sum();
    let layout = Layout::new(&page, "Overview");
    Ok(respond::html(&OverviewPage { layout, sources, events, needs_attention }))
}
