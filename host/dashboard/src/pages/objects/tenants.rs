//! `GET /e/{environment}/tenants`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::{
    RawJson,
    recipients::tenants::{Tenant, TenantList},
};

use super::{is_hidden, tenant_address};
use crate::{
    components::{Html, empty_state::empty_state, filter::Filters, icon, pagination::pagination, time},
    context::Page,
    error::PageResult,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/objects/tenants.html")]
struct TenantsPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    is_hidden: bool,
    filters: Filters,
    list: Option<TenantList>,
}

impl TenantsPage<'_> {
    fn tenants(&self) -> &[Tenant] {
        self.list.as_ref().map_or(&[], |list| &list.entries)
    }

    fn href(&self, tenant: &Tenant) -> String {
        tenant_address(self.environment, &tenant.id)
    }

    fn name(&self, tenant: &Tenant) -> Option<String> {
        tenant.name.as_ref().and_then(RawJson::to_str)
    }

    fn empty(&self) -> Html {
        let text = "A tenant is the customer on whose behalf a run goes to its recipients. Mappings and your own code set them.";
        empty_state("No tenants yet", text, Some(("Sources", "/sources")))
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists tenants, newest first.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    let is_hidden = is_hidden(&page);
    let list = match is_hidden {
        true => None,
        false => Some(page.get(&format!("/v1/tenants?{}", filters.to_query(&[("environment", &environment)]))).await?),
    };
    let layout = Layout::new(&page, "Tenants").among_recipients();
    Ok(respond::html(&TenantsPage { layout, environment: &environment, is_hidden, filters, list }))
}
