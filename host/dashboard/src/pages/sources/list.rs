//! `GET /sources`

use askama::Template;
use futures_util::future::try_join;

use super::summary::{self, Summary};
use crate::{
    components::{Html, chart, empty_state::empty_state, icon, time},
    context::Page,
    error::PageResult,
    html,
    layout::{self, Layout},
    pages::overview::traffic::Traffic,
    respond,
};

#[derive(Template)]
#[template(path = "pages/sources/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    sources: Vec<Summary>,
    traffic: Traffic,
}

impl ListPage<'_> {
    fn no_sources(&self) -> Html {
        empty_state(
            "No sources yet",
            "A source is a platform that sends webhooks: Segment, Stripe, GitHub, or your own code. Each gets an endpoint in every environment.",
            Some(("Create a source", "/sources/new")),
        )
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
}

/// Lists the sources.
pub async fn list(page: Page) -> PageResult {
    let (sources, statistics) = try_join(summary::all(&page, None), page.get("/v1/statistics")).await?;
    let traffic = Traffic::of(statistics);
    Ok(respond::html(&ListPage { layout: Layout::new(&page, "Sources"), sources, traffic }))
}
