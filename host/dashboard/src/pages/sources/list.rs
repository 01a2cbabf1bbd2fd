//! `GET /sources`

use askama::Template;

use super::summary::{self, Summary};
use crate::{
    components::{Html, empty_state::empty_state, icon, time},
    context::Page,
    error::PageResult,
    html,
    layout::{self, Layout},
    respond,
};

#[derive(Template)]
#[template(path = "pages/sources/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    sources: Vec<Summary>,
}

impl ListPage<'_> {
    fn no_sources(&self) -> Html {
        empty_state(
            "No sources yet",
            "A source is a platform that sends webhooks: Segment, Stripe, GitHub, or your own code. Each gets an endpoint in every environment.",
            Some(("Create a source", "/sources/new")),
        )
    }

    fn is_production(&self, slug: &str) -> bool {
        let environments = &self.layout.page.environments;
        environments.iter().any(|environment| environment.slug == slug && layout::is_production(environment))
    }
}

/// Lists the sources.
pub async fn list(page: Page) -> PageResult {
    let sources = summary::all(&page, None).await?;
    Ok(respond::html(&ListPage { layout: Layout::new(&page, "Sources"), sources }))
}
