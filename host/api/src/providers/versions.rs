//! The versions of a provider, each with the sources that use it.

use inlet_core::time;
use inlet_engine::{
    Engine,
    snapshot::{Endpoint, Snapshot},
};
use inlet_sandbox::Plugin;
use inlet_store::{LATEST, ReadError};
use serde::Serialize;
use utoipa::ToSchema;

/// A version of a provider.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceProviderVersion)]
pub struct ShownVersion {
    /// The plugin's version.
    version: String,
    /// `sha256:` and the digest of the component.
    digest: String,
    /// `server`: it is bundled or lies in the plugin directory. `added`: it was put into the running server.
    #[schema(value_type = String)]
    origin: &'static str,
    /// The fingerprint of the key that it is signed with; null: it is not signed, or does not load.
    #[schema(required)]
    signed_by: Option<String>,
    /// When it was added; null if the server came with it.
    #[schema(required, format = DateTime)]
    added_at: Option<String>,
    /// Whether it is ready; false: it does not load any more, and sources that have it get 503. Add it again, or use another.
    loaded: bool,
    /// Why it does not load.
    #[schema(required)]
    load_error: Option<String>,
    /// Where it is in use.
    used_by: Vec<VersionUser>,
}

/// A source that has a version.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceProviderVersionUser)]
pub struct VersionUser {
    /// The source.
    pub source: String,
    /// In which environment.
    pub environment: String,
    /// Whether it takes what is added next by itself.
    follows_latest: bool,
}

/// Returns all versions of a provider, with the users in the environments that the caller may see.
pub async fn all(engine: &Engine, key: &str, sees: impl Fn(i64) -> bool) -> Result<Vec<ShownVersion>, ReadError> {
    let kept = engine.store.plugin_versions().await?;
    let (catalog, snapshot) = (engine.catalog(), engine.snapshot());
    let own = catalog.all_own(key).into_iter().map(|plugin| ShownVersion {
        version: plugin.manifest().version.clone(),
        digest: plugin.digest().to_owned(),
        origin: "server",
        signed_by: signed_by(Some(plugin)),
        added_at: None,
        loaded: true,
        load_error: None,
        used_by: users(&snapshot, key, &sees, |endpoint| has_own(endpoint, plugin.digest())),
    });
    // A replaced bundled version is listed only while a source uses it.
    let own =
        own.enumerate().filter(|(at, version)| *at == 0 || !version.used_by.is_empty()).map(|(_, version)| version);
    let added = kept.into_iter().filter(|kept| kept.key == key).map(|kept| ShownVersion {
        used_by: users(&snapshot, key, &sees, |endpoint| has_added(endpoint, &kept.digest)),
        loaded: catalog.by_digest(key, &kept.digest).is_some(),
        load_error: catalog
            .unloaded(key)
            .find(|unloaded| unloaded.digest == kept.digest)
            .map(|unloaded| unloaded.error.clone()),
        signed_by: signed_by(catalog.by_digest(key, &kept.digest)),
        version: kept.version,
        digest: kept.digest,
        origin: "added",
        added_at: Some(time::write_ms(kept.inserted_at_ms)),
    });
    Ok(own.chain(added).collect())
}

fn signed_by(plugin: Option<&Plugin>) -> Option<String> {
    Some(plugin?.publisher_key()?.fingerprint())
}

/// Returns the sources, in all environments, that use an added version.
pub fn users_of_added(snapshot: &Snapshot, key: &str, digest: &str) -> Vec<VersionUser> {
    users(snapshot, key, &|_| true, |endpoint| has_added(endpoint, digest))
}

fn users(
    snapshot: &Snapshot,
    key: &str,
    sees: &impl Fn(i64) -> bool,
    has: impl Fn(&Endpoint) -> bool,
) -> Vec<VersionUser> {
    let sources = snapshot.sources.values().filter(|source| source.record.provider == key);
    let endpoints = sources.flat_map(|source| source.endpoints.values());
    endpoints
        .filter(|endpoint| sees(endpoint.environment_id) && has(endpoint))
        .map(|endpoint| VersionUser {
            source: endpoint.source.clone(),
            environment: endpoint.environment.clone(),
            follows_latest: endpoint.record.plugin.as_deref() == Some(LATEST),
        })
        .collect()
}

fn has_own(endpoint: &Endpoint, digest: &str) -> bool {
    matches!(endpoint.record.plugin.as_deref(), None | Some(LATEST)) && endpoint.plugin_ref.digest == digest
}

/// Checks the stored pin too, because a version that does not load is still in use.
fn has_added(endpoint: &Endpoint, digest: &str) -> bool {
    match endpoint.record.plugin.as_deref() {
        None => false,
        Some(pinned) => pinned == digest || endpoint.plugin_ref.digest == digest,
    }
}
