//! `GET /e/{environment}/audiences`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::recipients::audiences::AudienceList;

use super::audience_address;
use crate::{
    components::{Html, empty_state::empty_state},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/objects/audiences.html")]
struct AudiencesPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    audiences: AudienceList,
}

impl AudiencesPage<'_> {
    fn href(&self, key: &str) -> String {
        audience_address(self.environment, key)
    }

    fn empty(&self) -> Html {
        let text = "An audience is a named group of users. Mappings and your own code add members.";
        empty_state("No audiences yet", text, Some(("Sources", "/sources")))
    }
}

/// Lists the audiences that have members.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let audiences: AudienceList = page.get(&format!("/v1/audiences?environment={}", url_part(&environment))).await?;
    let layout = Layout::new(&page, "Audiences").among_recipients();
    Ok(respond::html(&AudiencesPage { layout, environment: &environment, audiences }))
}
