//! `GET /sources`

use askama::Template;
use futures_util::future::try_join;
use inlet_api_types::PageInfo;

use super::{
    may_create,
    summary::{self, Summary},
};
use crate::{
    components::{Html, chart, empty_state::empty_state, filter::Filters, icon, outcome, pagination::pagination, time},
    context::Page,
    error::PageResult,
    html,
    layout::{self, Layout},
    pages::{overview::traffic::Traffic, source_place::SourcePlace},
    respond, tabs,
};

/// The most sources of one page.
const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "pages/sources/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    filters: Filters,
    /// The number of all sources.
    total: usize,
    /// The number of those that match.
    matching: usize,
    sources: Vec<Summary>,
    first: usize,
    traffic: Traffic,
}

impl ListPage<'_> {
    fn may_create(&self) -> bool {
        may_create(self.layout.page)
    }

    fn no_sources(&self) -> Html {
        empty_state(
            "No sources yet",
            "A source is a platform that sends webhooks: Segment, Stripe, GitHub, or your own code. Each gets an endpoint in every environment.",
            self.may_create().then_some(("Create a source", "/sources/new")),
        )
    }

    fn none_matches(&self) -> Html {
        let text = format!("No name, identifier or platform holds {:?}.", self.text());
        empty_state("No source matches", &text, Some(("Show all sources", "/sources")))
    }

    fn text(&self) -> &str {
        self.filters.get("q").unwrap_or_default()
    }

    fn count(&self) -> String {
        match self.text() {
            "" => format!("{} sources", self.total),
            _ => format!("{} of {} sources", self.matching, self.total),
        }
    }

    fn spark(&self, summary: &Summary) -> Html {
        let values = self.traffic.of_source(&summary.source.key);
        let sum: u64 = values.iter().sum();
        chart::sparkline(&values, &format!("{} events in the last 24 hours", html::grouped(sum.cast_signed())))
    }

    fn is_production(&self, slug: &str) -> bool {
        let environments = &self.layout.page.environments;
        environments.iter().any(|environment| environment.slug == slug && layout::is_production(environment))
    }

    /// The first tab of a source in an environment.
    fn first_page(&self, slug: &str, key: &str) -> String {
        tabs::first_of_source(slug, key).unwrap_or_else(|| SourcePlace::new(slug, key).page("logs"))
    }

    fn pagination(&self) -> Html {
        let after = self.first + PAGE;
        let after = (after < self.matching).then(|| after.to_string());
        let before = (self.first > 0).then(|| self.first.saturating_sub(PAGE).to_string());
        pagination(&self.filters, &PageInfo::new(after, before, PAGE))
    }
}

/// Lists the sources, newest first.
pub async fn list(page: Page) -> PageResult {
    let filters = Filters::of("/sources", &page.query);
    let (sources, statistics) = try_join(summary::all(&page, None), page.get("/v1/statistics")).await?;
    let total = sources.len();
    let text = filters.get("q").unwrap_or_default().trim().to_lowercase();
    let mut sources: Vec<_> = sources.into_iter().filter(|summary| summary.holds(&text)).collect();
    let matching = sources.len();
    // A cursor is the number of the first source of a page.
    let cursor = filters.get("after").or(filters.get("before"));
    let first = cursor.and_then(|first| first.parse().ok()).unwrap_or(0).min(matching);
    sources = sources.into_iter().skip(first).take(PAGE).collect();
    let layout = Layout::new(&page, "Sources");
    let traffic = Traffic::of(statistics);
    Ok(respond::html(&ListPage { layout, filters, total, matching, sources, first, traffic }))
}
