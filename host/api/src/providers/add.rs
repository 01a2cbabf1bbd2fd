//! `PUT /v1/source_providers/{key}`: adds a version of a plugin to the running server.
//!
//! The plugin is loaded before anything is stored, while requests continue. Existing sources keep their version until an
//! operator chooses this one, except those that follow `latest`.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use inlet_api_types::providers::SourceProvider;
use inlet_engine::{
    ConfigurationChange, Engine, PublisherPinning,
    catalog::{Catalog, default_settings},
};
use inlet_sandbox::{LoadError, Manifest, Plugin};

use super::{component_upload, publisher_pin, response, versions};
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::ProviderKey,
    query::Params,
    scope::Scope,
};

/// Adds a version of a provider to the running server.
///
/// The component is stored with its digest. New sources start with it. An existing source keeps its version until
/// `POST /v1/sources/{key}/plugin` chooses this one. A source that follows `latest` gets it at once, if the verification
/// scheme is the same and the plugin accepts its options. Adding the same component again returns 200 and changes nothing,
/// unless it no longer loaded or `replace_key` is true. The first signed component of a publisher pins its key; later
/// components without that signature are refused (409).
#[utoipa::path(
    put,
    path = "/v1/source_providers/{key}",
    operation_id = "addSourceProvider",
    tag = "providers",
    params(
        ("key" = String, Path, description = "The provider, as its manifest says; the `/` of a key such as `acme/crm` is written as it is or `%2F`"),
        ("digest" = String, Query, description = "`sha256:` and the 64 hexadecimal digits of the component's SHA-256"),
        (
            "replace_key" = Option<bool>,
            Query,
            description = "`true`: the component may be signed with another key than its publisher is known by, which then takes \
                           the place of that; needs the scope `admin`",
        ),
        ("replace" = Option<bool>, Query, description = "`true`: the key may be that of a bundled plugin, such as `segment`"),
    ),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component, at most 64 MiB"),
    responses(
        (status = 200, description = "This component was added before", body = SourceProvider),
        (status = 201, description = "It is added", body = SourceProvider),
    ),
)]
pub async fn add_source_provider(
    operator: Operator,
    State(engine): State<Engine>,
    ProviderKey(key): ProviderKey,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<SourceProvider>), ApiError> {
    add(operator, engine, Some(key), params, headers, body).await
}

/// Receives a component and stores it under `key`, or under the key of its manifest.
pub(super) async fn add(
    operator: Operator,
    engine: Engine,
    key: Option<String>,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<SourceProvider>), ApiError> {
    let may_replace = params.get("replace") == Some("true");
    let replaces_key = params.get("replace_key") == Some("true");
    let announced = component_upload::check_headers(&headers)
        .and_then(|()| if replaces_key { operator.may(Scope::Admin) } else { Ok(()) })
        .and_then(|()| key.as_ref().map_or(Ok(()), |key| check_key(&engine.catalog(), key, may_replace)))
        .and_then(|()| component_upload::announced_digest(&params))
        .and_then(|digest| Ok((digest, component_upload::permit(&engine.uploads)?)));
    // The permit is held until the component is compiled.
    let (digest, _permit) = announced?;
    let pause = engine.options.body_timeout;
    let wasm = component_upload::read(body, &headers, &digest, pause).await?;
    add_component(operator, engine, wasm, Addition { key, may_replace, replaces_key }, &params).await
}

/// An operator's statements about a component.
#[derive(Default)]
pub struct Addition {
    /// The key that its manifest must have. `None`: the key of its manifest.
    pub key: Option<String>,
    /// True if the key may be that of a bundled plugin.
    pub may_replace: bool,
    /// True if its publisher may have another signing key than the pinned one.
    pub replaces_key: bool,
}

/// Loads a component and stores it under its key. The caller holds a permit for it.
pub async fn add_component(
    operator: Operator,
    engine: Engine,
    wasm: Vec<u8>,
    addition: Addition,
    params: &Params,
) -> Result<(StatusCode, Json<SourceProvider>), ApiError> {
    let Addition { key, may_replace, replaces_key } = addition;
    let (plugin, wasm) = load(&engine, wasm).await?;
    let key = match key {
        Some(key) => key,
        None => {
            let key = plugin.manifest().key.clone();
            check_key(&engine.catalog(), &key, may_replace)?;
            key
        }
    };
    check_plugin(&plugin, &key)?;
    let (added, by) = (plugin.clone(), operator.clone());
    let status = engine
        .configure(operator.author(), move |change| async move { store(&change, &by, added, wasm, replaces_key).await })
        .await?;
    let versions = versions::all(&engine, &key, |environment_id| operator.sees(environment_id)).await?;
    Ok((status, Json(response::provider(plugin.manifest().clone(), plugin.digest(), versions, params))))
}

/// Checks the key. Keys without a publisher are reserved for bundled plugins.
fn check_key(catalog: &Catalog, key: &str, may_replace: bool) -> Result<(), ApiError> {
    if key.contains('/') {
        return Ok(());
    }
    match (catalog.own(key).is_some(), may_replace) {
        (true, true) => Ok(()),
        (true, false) => {
            let message = format!(
                "{key:?} is a plugin that the server comes with; add replace=true (inlet plugin add --replace) to put \
                 another in its place, or use a key such as acme/{key}"
            );
            Err(ApiError::new(Kind::Conflict, message))
        }
        (false, _) => {
            let message = format!(
                "found the key {key:?}, expected publisher/name, such as acme/{key}; change \
                 it in plugin.toml and pack the plugin again"
            );
            Err(ApiError::invalid("key", message))
        }
    }
}

/// Compiles the component off the runtime's threads, because that takes seconds.
async fn load(engine: &Engine, wasm: Vec<u8>) -> Result<(Plugin, Vec<u8>), ApiError> {
    let sandbox = engine.sandbox.clone();
    let loaded = tokio::task::spawn_blocking(move || sandbox.load(&wasm).map(|plugin| (plugin, wasm))).await;
    match loaded {
        Ok(Ok(loaded)) => Ok(loaded),
        Ok(Err(LoadError::TooLarge)) => Err(component_upload::too_large()),
        Ok(Err(error)) => Err(ApiError::new(Kind::Invalid, error.to_string())),
        Err(error) => {
            tracing::error!(%error, "loading a plugin ended early");
            Err(ApiError::new(Kind::Internal, "the server failed while it loaded the component; its log says where"))
        }
    }
}

fn check_plugin(plugin: &Plugin, key: &str) -> Result<(), ApiError> {
    let found = &plugin.manifest().key;
    if found != key {
        let message =
            format!("the component's manifest has the key {found:?}, expected {key:?}; send it under its own");
        return Err(ApiError::invalid("key", message));
    }
    default_settings(plugin).map(|_| ()).map_err(|error| {
        let message =
            format!("the plugin's default settings are not valid: {error}; correct plugin.toml and pack it again");
        ApiError::new(Kind::Invalid, message)
    })
}

async fn store(
    change: &ConfigurationChange,
    operator: &Operator,
    plugin: Plugin,
    wasm: Vec<u8>,
    replaces_key: bool,
) -> Result<StatusCode, ApiError> {
    let catalog = change.catalog();
    let Manifest { key, version, .. } = plugin.manifest().clone();
    let digest = plugin.digest().to_owned();
    let kept = change.engine().store.plugin_versions().await?;
    if kept.iter().any(|kept| kept.digest == digest) {
        let order: Vec<&str> = kept.iter().map(|kept| kept.digest.as_str()).collect();
        let publisher = match replaces_key {
            true => publisher_pin::check(change.engine(), &plugin, true).await?,
            false => PublisherPinning::default(),
        };
        if change.add_plugin_again(plugin, wasm, &order, publisher).await? {
            tracing::info!(key, version, digest, by = operator.name(), "a plugin was added again");
        }
        return Ok(StatusCode::OK);
    }
    let own = catalog.own(&key).map(|own| (own.manifest().version.as_str(), own.digest()));
    // Stored versions count even if they do not load.
    let kept = kept.iter().filter(|kept| kept.key == key).map(|kept| (kept.version.as_str(), kept.digest.as_str()));
    if let Some((_, other)) = own.into_iter().chain(kept).find(|other| other.0 == version && other.1 != digest) {
        let message = format!(
            "there is a version {version} of {key:?} already, with the digest {other}, and this one has {digest}; give it \
             another version"
        );
        return Err(ApiError::new(Kind::Conflict, message));
    }
    let publisher = publisher_pin::check(change.engine(), &plugin, replaces_key).await?;
    change.add_plugin(plugin, wasm, publisher).await?;
    tracing::info!(key, version, digest, by = operator.name(), "a plugin was added");
    Ok(StatusCode::CREATED)
}
