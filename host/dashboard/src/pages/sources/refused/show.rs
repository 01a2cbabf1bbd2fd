//! `GET /e/{environment}/sources/{key}/refused/{id}`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::refused_requests::RefusedRequestDetails;

use super::address;
use crate::{
    components::{Html, cure::Cause, json_tree::JsonTree, outcome, time},
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    pages::source_place::SourcePlace,
    respond,
};

#[derive(Template)]
#[template(path = "pages/sources/refused_request.html")]
struct RefusedRequestPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    found: RefusedRequestDetails,
}

impl RefusedRequestPage<'_> {
    fn may_repair(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn cure(&self) -> Html {
        let request = &self.found.request;
        let (environment, key) = (&self.place.environment, &self.place.key);
        Cause::of_refused(environment, key, &request.cause, &request.what_to_do).html(&self.layout)
    }

    fn body(&self) -> Option<Html> {
        Some(JsonTree::new(self.found.body.as_ref()?.as_text(), "Body").html())
    }

    fn action(&self, name: &str) -> String {
        format!("{}/{name}", address(self.place, &self.found.request.id))
    }

    fn size(&self) -> String {
        html::grouped(i64::try_from(self.found.request.size).unwrap_or(i64::MAX))
    }
}

/// Shows a refused request, with its headers and its body.
pub async fn show(page: Page, Path((environment, key, id)): Path<(String, String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let (source, _) = place.read(&page).await?;
    let found = page.get(&place.api(&format!("/refused/{}", url_part(&id)))).await?;
    let mut layout = place.layout(&page, &source).under("Refused requests", place.page("refused"));
    layout.title = "Refused request".to_owned();
    Ok(respond::html(&RefusedRequestPage { layout, place: &place, found }))
}
