//! `GET /v1/source_providers`

use std::collections::HashMap;

use axum::{Json, extract::State};
use inlet_api_types::{
    PageInfo,
    providers::{ListedProvider, PluginProblem, SourceProviderList},
};
use inlet_engine::{Engine, catalog::plugin_directory::Problem};

use super::response;
use crate::auth::Operator;

/// Lists the providers that sources can be created for, by key.
#[utoipa::path(
    get,
    path = "/v1/source_providers",
    operation_id = "listSourceProviders",
    tag = "providers",
    responses((status = 200, description = "The providers", body = SourceProviderList)),
)]
pub async fn list_source_providers(operator: Operator, State(engine): State<Engine>) -> Json<SourceProviderList> {
    let (catalog, snapshot) = (engine.catalog(), engine.snapshot());
    let mut users: HashMap<&str, (usize, usize)> = HashMap::new();
    for endpoint in snapshot.endpoints().filter(|endpoint| operator.sees(endpoint.environment_id)) {
        let (all, quarantined) = users.entry(&endpoint.plugin_ref.key).or_default();
        *all += 1;
        *quarantined += usize::from(endpoint.guard.is_quarantined());
    }
    let listed = catalog.iter().map(|plugin| {
        let manifest = plugin.manifest();
        let (source_environments, quarantined) = users.get(manifest.key.as_str()).copied().unwrap_or_default();
        ListedProvider {
            key: manifest.key.clone(),
            version: manifest.version.clone(),
            digest: plugin.digest().to_owned(),
            provider: response::platform(manifest),
            source_environments,
            quarantined,
        }
    });
    let entries: Vec<_> = listed.collect();
    let problems = catalog.directory().problems().iter().map(plugin_problem).collect();
    Json(SourceProviderList { page_info: PageInfo::whole(entries.len()), entries, problems })
}

/// An empty file name in the catalog means the directory itself.
fn plugin_problem(Problem { file, message }: &Problem) -> PluginProblem {
    PluginProblem { file: Some(file.clone()).filter(|file| !file.is_empty()), message: message.clone() }
}
