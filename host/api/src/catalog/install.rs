//! `POST /v1/catalog/{key}/install`

use axum::{Json, extract::State, http::StatusCode};
use inlet_api_types::providers::SourceProvider;
use inlet_core::nearest::nearest;
use inlet_engine::Engine;
use inlet_plugin_archive::PluginArchive;

use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::ProviderKey,
    providers::{
        add::{Addition, add_component},
        component_upload,
    },
    query::Params,
};

/// Installs a plugin of the catalogue: adds its component as `PUT /v1/source_providers/{key}` does.
///
/// The component comes out of the server itself; nothing is fetched. Installing the same component again returns 200 and
/// changes nothing. A publisher whose plugins are signed keeps its key: a component without that signature is refused (409).
#[utoipa::path(
    post,
    path = "/v1/catalog/{key}/install",
    operation_id = "installCatalogPlugin",
    tag = "providers",
    params(
        ("key" = String, Path, description = "The plugin; the `/` of a key such as `inlet/stripe` is written as it is or `%2F`"),
    ),
    responses(
        (status = 200, description = "This component was installed before", body = SourceProvider),
        (status = 201, description = "It is installed", body = SourceProvider),
    ),
)]
pub async fn install_catalog_plugin(
    operator: Operator,
    State(engine): State<Engine>,
    ProviderKey(key): ProviderKey,
    params: Params,
) -> Result<(StatusCode, Json<SourceProvider>), ApiError> {
    if engine.plugin_archive.get(&key).is_none() {
        return Err(ApiError::not_found(unknown(&engine.plugin_archive, &key)));
    }
    // The permit is held until the component is compiled.
    let _permit = component_upload::permit(&engine.uploads)?;
    let wasm = component(&engine, &key).await?;
    add_component(operator, engine, wasm, Addition { key: Some(key), ..Addition::default() }, &params).await
}

/// Returns the sentence about a key that is not in the catalogue.
fn unknown(archive: &PluginArchive, key: &str) -> String {
    // A key without a publisher is most likely a name.
    let found = archive.find(key).map(|plugin| plugin.key.as_str());
    let keys = || archive.plugins().iter().map(|plugin| plugin.key.as_str());
    let hint =
        found.or_else(|| nearest(key, keys())).map(|near| format!(", did you mean {near:?}?")).unwrap_or_default();
    format!("there is no plugin {key:?} in the catalogue{hint}; GET /v1/catalog lists those there are")
}

/// Decompresses a component off the runtime's threads.
async fn component(engine: &Engine, key: &str) -> Result<Vec<u8>, ApiError> {
    let (engine, key) = (engine.clone(), key.to_owned());
    let read = tokio::task::spawn_blocking(move || {
        let archive = &engine.plugin_archive;
        archive.get(&key).map(|plugin| archive.component(plugin)).transpose()
    });
    match read.await {
        Ok(Ok(Some(wasm))) => Ok(wasm),
        Ok(Err(error)) => Err(ApiError::new(Kind::Internal, error.to_string())),
        Ok(Ok(None)) | Err(_) => {
            tracing::error!("reading a plugin of the catalogue ended early");
            Err(ApiError::new(Kind::Internal, "the server failed while it read the catalogue; its log says where"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_unknown_key_is_answered_with_the_nearest_one() {
        let manifest =
            r#"{"key": "inlet/stripe", "name": "Stripe", "version": "1.0.0", "description": "", "categories": []}"#;
        let archive = inlet_plugin_archive::write([(&b"\0asm"[..], manifest)]).unwrap();
        let archive = PluginArchive::open(archive).unwrap();
        insta::assert_snapshot!(unknown(&archive, "inlet/stripes"), @r#"there is no plugin "inlet/stripes" in the catalogue, did you mean "inlet/stripe"?; GET /v1/catalog lists those there are"#);
        insta::assert_snapshot!(unknown(&archive, "stripe"), @r#"there is no plugin "stripe" in the catalogue, did you mean "inlet/stripe"?; GET /v1/catalog lists those there are"#);
        insta::assert_snapshot!(unknown(&archive, "x"), @r#"there is no plugin "x" in the catalogue; GET /v1/catalog lists those there are"#);
    }
}
