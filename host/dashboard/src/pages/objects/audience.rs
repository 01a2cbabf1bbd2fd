//! `GET /e/{environment}/audiences/{key}`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::recipients::audiences::{AudienceMember, AudienceMemberList};

use super::{is_hidden, tenant_address};
use crate::{
    components::{Html, filter::Filters, icon, pagination::pagination, time},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    pages::users::{Person, user_address},
    respond,
};

#[derive(Template)]
#[template(path = "pages/objects/audience.html")]
struct AudiencePage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    is_hidden: bool,
    filters: Filters,
    list: Option<AudienceMemberList>,
}

impl AudiencePage<'_> {
    fn members(&self) -> &[AudienceMember] {
        self.list.as_ref().map_or(&[], |list| &list.entries)
    }

    fn person(&self, member: &AudienceMember) -> Person {
        Person::of(&member.user)
    }

    fn user(&self, id: &str) -> String {
        user_address(self.environment, id)
    }

    fn tenant(&self, id: &str) -> String {
        tenant_address(self.environment, id)
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists the members of an audience, the newest user first.
pub async fn show(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    let is_hidden = is_hidden(&page);
    let query = filters.to_query(&[("environment", &environment)]);
    let list = match is_hidden {
        true => None,
        false => Some(page.get(&format!("/v1/audiences/{}/members?{query}", url_part(&key))).await?),
    };
    let layout = Layout::new(&page, key).under("Audiences", format!("/e/{}/audiences", url_part(&environment)));
    Ok(respond::html(&AudiencePage { layout, environment: &environment, is_hidden, filters, list }))
}
