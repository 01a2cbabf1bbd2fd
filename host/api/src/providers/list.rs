//! `GET /v1/source_providers`

use axum::{Json, extract::State};
use inlet_api_types::PageInfo;
use inlet_engine::{Engine, catalog::plugin_directory::Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::response::Platform;
use crate::auth::Operator;

/// All providers, by key.
#[derive(Serialize, ToSchema)]
pub struct SourceProviderList {
    /// The providers.
    entries: Vec<ListedProvider>,
    /// Nothing lies around: the list is whole.
    page_info: PageInfo,
    /// What is wrong in the plugin directory.
    problems: Vec<PluginProblem>,
}

/// What is wrong with a file of the plugin directory.
#[derive(Serialize, ToSchema)]
pub struct PluginProblem {
    /// Its name in the directory; null: the directory itself.
    #[schema(required)]
    file: Option<String>,
    /// What, and what to do.
    message: String,
}

impl From<&Problem> for PluginProblem {
    fn from(Problem { file, message }: &Problem) -> Self {
        Self { file: Some(file.clone()).filter(|file| !file.is_empty()), message: message.clone() }
    }
}

/// A platform that sources can be made for, in short.
#[derive(Serialize, ToSchema)]
pub struct ListedProvider {
    /// What `preconfigured_provider` names.
    key: String,
    /// The plugin's version.
    version: String,
    /// `sha256:` and the digest of the component.
    digest: String,
    /// About the platform.
    provider: Platform,
}

/// Lists the providers that sources can be created for, by key.
#[utoipa::path(
    get,
    path = "/v1/source_providers",
    operation_id = "listSourceProviders",
    tag = "providers",
    responses((status = 200, description = "The providers", body = SourceProviderList)),
)]
pub async fn list_source_providers(_: Operator, State(engine): State<Engine>) -> Json<SourceProviderList> {
    let catalog = engine.catalog();
    let listed = catalog.iter().map(|plugin| {
        let manifest = plugin.manifest();
        ListedProvider {
            key: manifest.key.clone(),
            version: manifest.version.clone(),
            digest: plugin.digest().to_owned(),
            provider: Platform::of(manifest),
        }
    });
    let entries: Vec<_> = listed.collect();
    let problems = catalog.directory().problems().iter().map(PluginProblem::from).collect();
    Json(SourceProviderList { page_info: PageInfo::whole(entries.len()), entries, problems })
}
