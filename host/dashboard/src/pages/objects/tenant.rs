//! `GET /e/{environment}/tenants/{id}`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::{RawJson, recipients::tenants::Tenant};
use inlet_core::json;

use crate::{
    components::{Html, copy, json_tree::JsonTree, time},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/objects/tenant.html")]
struct TenantPage<'a> {
    layout: Layout<'a>,
    tenant: Tenant,
}

impl TenantPage<'_> {
    fn settings(&self) -> Option<Html> {
        self.tenant.settings.as_ref().map(|settings| JsonTree::new(settings.as_text(), "the settings").html())
    }

    fn properties(&self) -> Option<Html> {
        let own = self.tenant.properties.iter();
        let text = json::object(own.map(|(name, value)| (name.as_str(), value.as_text())));
        (text != "{}").then(|| JsonTree::new(&text, "the properties").html())
    }
}

/// Shows a tenant.
pub async fn show(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let slug = url_part(&environment);
    let tenant: Tenant = page.get(&format!("/v1/tenants/{}?environment={slug}", url_part(&id))).await?;
    let title = tenant.name.as_ref().and_then(RawJson::to_str).unwrap_or_else(|| tenant.id.clone());
    let layout = Layout::new(&page, title).under("Tenants", format!("/e/{slug}/tenants"));
    Ok(respond::html(&TenantPage { layout, tenant }))
}
