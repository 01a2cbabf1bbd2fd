//! `GET /e/{environment}/sources/{key}/refused`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::{
    PageInfo,
    refused_requests::{RefusedRequest, RefusedRequestList},
    sources::{AttentionCause, SourceStatus},
};

use super::address;
use crate::{
    components::{
        Html, confirm::confirm_with, cure::Cause, empty_state::empty_state, filter::Filters, outcome,
        pagination::pagination, time,
    },
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
    /// The cure of a cause, without the link to this page.
    fn cure(&self, cause: &AttentionCause) -> Html {
        let cause = Cause::of(&self.place.key, cause);
        cause.cure().without(&cause.refused()).html(&self.layout)
    }

    /// The form that deletes all requests of a cause; none for a token that may not.
    fn delete(&self, cause: &AttentionCause) -> Option<Html> {
        let label = match cause.count {
            1 => "Delete this request".to_owned(),
            count => format!("Delete these {} requests", html::grouped(count)),
        };
        let warning = "They are deleted for good: what they hold can then not be verified again.";
        let action = self.place.page("cures/dismiss");
        let fields = [("code", cause.cause.as_str()), ("back", self.layout.page.path.as_str())];
        let may_delete = self.layout.page.can(Scope::Operate);
        may_delete.then(|| confirm_with(&self.layout, &label, warning, &self.place.key, &action, &fields))
    }

    fn address(&self, request: &RefusedRequest) -> String {
        address(self.place, &request.id)
    }

    fn none(&self) -> Html {
        let text = "What verification refuses stands here, so that it can be verified again once the secret is right.";
        empty_state("No refused requests", text, Some(("Endpoint", &self.place.page("set-up"))))
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
    let causes: Vec<_> = status.needs_attention.causes.into_iter().filter(|cause| cause.kind == "refused").collect();
    let count = causes.iter().map(|cause| cause.count).sum();
    let mut layout = place.layout(&page, &source).with_refused(count);
    layout.title = format!("Refused requests of {}", source.name);
    Ok(respond::html(&RefusedPage { layout, place: &place, filters, causes, requests, page_info }))
}
