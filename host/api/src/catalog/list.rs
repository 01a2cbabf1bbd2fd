//! `GET /v1/catalog`

use axum::{Json, extract::State};
use inlet_api_types::{
    PageInfo,
    catalog::{CatalogPlugin, CatalogPluginList, PluginSupport},
};
use inlet_engine::{Engine, catalog::Catalog};
use inlet_plugin_archive::{ArchivedPlugin, Support};

use crate::{auth::Operator, providers::response};

/// Lists the plugins that ship with the server, by key, with those that are installed.
///
/// `POST /v1/catalog/{key}/install` installs one. The bundled plugins, such as `segment`, are always there and not listed.
#[utoipa::path(
    get,
    path = "/v1/catalog",
    operation_id = "listCatalog",
    tag = "providers",
    responses((status = 200, description = "The plugins", body = CatalogPluginList)),
)]
pub async fn list_catalog(_: Operator, State(engine): State<Engine>) -> Json<CatalogPluginList> {
    let catalog = engine.catalog();
    let entries: Vec<_> = engine.plugin_archive.plugins().iter().map(|plugin| entry(plugin, &catalog)).collect();
    Json(CatalogPluginList { page_info: PageInfo::whole(entries.len()), entries })
}

fn entry(plugin: &ArchivedPlugin, catalog: &Catalog) -> CatalogPlugin {
    let support = plugin.support.clone();
    CatalogPlugin {
        key: plugin.key.clone(),
        version: plugin.version.clone(),
        digest: plugin.digest.clone(),
        size: plugin.size,
        name: plugin.name.clone(),
        description: plugin.description.clone(),
        categories: plugin.categories.clone(),
        branding: plugin.icon.as_deref().map(response::branding),
        support: support.map(|Support { level, missing }| PluginSupport { level, missing }),
        installed: catalog.get(&plugin.key).map(response::plugin),
    }
}
