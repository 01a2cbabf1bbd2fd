//! `GET /e/{environment}/sources/{key}/refused`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::{
    PageInfo,
    refused_requests::{RefusedRequest, RefusedRequestList},
    sources::{AttentionCause, SourceStatus},
};

use super::address;
use crate::{
    components::{Html, cure::Cause, empty_state::empty_state, filter::Filters, outcome, pagination::pagination, time},
    context::Page,
    error::PageResult,
    html,
    layout::Layout,
    pages::source_place::SourcePlace,
    respond,
};

#[derive(Template)]
#[template(path = "pages/sources/refused.html")]
struct RefusedPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    filters: Filters,
    causes: Vec<AttentionCause>,
    requests: Vec<RefusedRequest>,
    page_info: PageInfo,
}

impl RefusedPage<'_> {
    fn cure(&self, cause: &AttentionCause) -> Html {
        Cause::of(&self.place.key, cause).html(&self.layout)
    }

    fn address(&self, request: &RefusedRequest) -> String {
        address(self.place, &request.id)
    }

    fn none(&self) -> Html {
        let text = "What verification refuses stands here, so that it can be verified again once the secret is right.";
        empty_state("No refused requests", text, None)
    }

    fn pagination(&self) -> Html {
        pagination(&self.filters, &self.page_info)
    }

    fn size(&self, request: &RefusedRequest) -> String {
        html::grouped(i64::try_from(request.size).unwrap_or(i64::MAX))
    }
}

/// Lists the refused requests, newest first.
pub async fn list(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let (source, _) = place.read(&page).await?;
    let filters = Filters::of(&page.path, &page.query);
    let path = format!("/v1/sources/{}/refused?", html::url_part(&place.key));
    let query = filters.to_query(&[("environment", &place.environment)]);
    let RefusedRequestList { entries: requests, page_info } = page.get(&format!("{path}{query}")).await?;
    let status: SourceStatus = page.get(&place.api("/status")).await?;
    let causes = status.needs_attention.causes.into_iter().filter(|cause| cause.kind == "refused").collect();
    let mut layout = place.layout(&page, &source);
    layout.title = format!("Refused requests of {}", source.name);
    Ok(respond::html(&RefusedPage { layout, place: &place, filters, causes, requests, page_info }))
}
