//! `GET /v1/source_providers/{key}`

use axum::{Json, extract::State};
use inlet_api_types::providers::SourceProvider;
use inlet_engine::{Engine, catalog::Unloaded};
use inlet_sandbox::Manifest;
use serde_json::json;

use super::{response, versions};
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::ProviderKey,
    query::Params,
};

/// Returns a provider as its plugin's manifest describes it.
///
/// A provider is returned even if none of its versions loads any more. Then `versions` give the reasons.
#[utoipa::path(
    get,
    path = "/v1/source_providers/{key}",
    operation_id = "getSourceProvider",
    tag = "providers",
    params(
        ("key" = String, Path, description = "The provider; the `/` of a key such as `acme/crm` is written as it is or `%2F`"),
        (
            "include" = Option<Vec<String>>,
            Query,
            description = "`default_action_mappings`, `example_payloads`, `static_fields`",
        ),
    ),
    responses((status = 200, description = "The provider", body = SourceProvider)),
)]
pub async fn get_source_provider(
    operator: Operator,
    State(engine): State<Engine>,
    ProviderKey(key): ProviderKey,
    params: Params,
) -> Result<Json<SourceProvider>, ApiError> {
    let catalog = engine.catalog();
    let (manifest, digest) = match (catalog.get(&key), catalog.unloaded(&key).next_back()) {
        (Some(plugin), _) => (plugin.manifest().clone(), plugin.digest()),
        (None, Some(unloaded)) => (manifest_of(unloaded)?, unloaded.digest.as_str()),
        (None, None) => {
            let message = format!("there is no provider {key:?}; GET /v1/source_providers lists those there are");
            return Err(ApiError::not_found(message));
        }
    };
    let versions = versions::all(&engine, &key, |environment_id| operator.sees(environment_id)).await?;
    Ok(Json(response::provider(manifest, digest, versions, &params)))
}

/// Returns the manifest of a version that does not load, or a placeholder if the manifest cannot be read either.
fn manifest_of(unloaded: &Unloaded) -> Result<Manifest, ApiError> {
    let Unloaded { key, version, manifest, .. } = unloaded;
    if let Some(manifest) = manifest {
        return Ok(Manifest::clone(manifest));
    }
    let manifest = json!({
        "key": key, "name": key, "version": version, "contract": "", "categories": [],
        "description": "No version of it loads, and what it says about itself cannot be read.",
        "links": {"website": "", "docs": ""},
    });
    serde_json::from_value(manifest).map_err(|error| {
        tracing::error!(%error, key, "what the store says of a plugin makes no manifest; please report it");
        ApiError::new(Kind::Internal, "no version of it loads; the server's log says why")
    })
}
