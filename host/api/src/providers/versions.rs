//! The versions of a provider, each with the sources that use it.

use inlet_api_types::providers::{PluginQuarantine, SourceProviderVersion, SourceProviderVersionUser};
use inlet_core::{
    quarantine::{PROBE_EVERY_MS, PROBES, Quarantine},
    time,
};
use inlet_engine::{
    Engine,
    catalog::Catalog,
    snapshot::{Endpoint, Snapshot},
};
use inlet_sandbox::Plugin;
use inlet_store::{LATEST, ReadError};

use crate::sources::plugin::choice;

/// Returns all versions of a provider, with the users in the environments that the caller may see.
pub async fn all(
    engine: &Engine,
    key: &str,
    sees: impl Fn(i64) -> bool,
) -> Result<Vec<SourceProviderVersion>, ReadError> {
    let kept = engine.store.plugin_versions().await?;
    let (catalog, snapshot) = (engine.catalog(), engine.snapshot());
    let own = catalog.all_own(key).into_iter().map(|plugin| SourceProviderVersion {
        version: plugin.manifest().version.clone(),
        digest: plugin.digest().to_owned(),
        origin: "server".to_owned(),
        signed_by: signed_by(Some(plugin)),
        added_at: None,
        loaded: true,
        load_error: None,
        used_by: users(&snapshot, &catalog, key, &sees, |endpoint| has_own(endpoint, plugin.digest())),
    });
    // A replaced bundled version is listed only while a source uses it.
    let own =
        own.enumerate().filter(|(at, version)| *at == 0 || !version.used_by.is_empty()).map(|(_, version)| version);
    let added = kept.into_iter().filter(|kept| kept.key == key).map(|kept| SourceProviderVersion {
        used_by: users(&snapshot, &catalog, key, &sees, |endpoint| has_added(endpoint, &kept.digest)),
        loaded: catalog.by_digest(key, &kept.digest).is_some(),
        load_error: catalog
            .unloaded(key)
            .find(|unloaded| unloaded.digest == kept.digest)
            .map(|unloaded| unloaded.error.clone()),
        signed_by: signed_by(catalog.by_digest(key, &kept.digest)),
        version: kept.version,
        digest: kept.digest,
        origin: "added".to_owned(),
        added_at: Some(time::write_ms(kept.inserted_at_ms)),
    });
    Ok(own.chain(added).collect())
}

fn signed_by(plugin: Option<&Plugin>) -> Option<String> {
    Some(plugin?.publisher_key()?.fingerprint())
}

/// Returns the source environments, in all environments, that use an added version: `shop in production`.
pub fn users_of_added(snapshot: &Snapshot, key: &str, digest: &str) -> Vec<String> {
    let endpoints = endpoints(snapshot, key).filter(|endpoint| has_added(endpoint, digest));
    endpoints.map(|endpoint| format!("{} in {}", endpoint.source, endpoint.environment)).collect()
}

fn endpoints<'a>(snapshot: &'a Snapshot, key: &'a str) -> impl Iterator<Item = &'a Endpoint> {
    let sources = snapshot.sources.values().filter(move |source| source.record.provider == key);
    sources.flat_map(|source| source.endpoints.values()).map(AsRef::as_ref)
}

fn users(
    snapshot: &Snapshot,
    catalog: &Catalog,
    key: &str,
    sees: &impl Fn(i64) -> bool,
    has: impl Fn(&Endpoint) -> bool,
) -> Vec<SourceProviderVersionUser> {
    let own = endpoints(snapshot, key).filter(|endpoint| sees(endpoint.environment_id) && has(endpoint));
    own.map(|endpoint| user(catalog, key, endpoint)).collect()
}

fn user(catalog: &Catalog, key: &str, endpoint: &Endpoint) -> SourceProviderVersionUser {
    let previous = choice::previous(catalog, key, endpoint).ok();
    SourceProviderVersionUser {
        source: endpoint.source.clone(),
        environment: endpoint.environment.clone(),
        follows_latest: endpoint.record.plugin.as_deref() == Some(LATEST),
        previous_version: previous.map(|(choice, _)| choice.plugin.manifest().version.clone()),
        quarantine: endpoint.guard.quarantine().map(quarantine),
        peak_memory_bytes: endpoint.guard.peak_memory(),
    }
}

fn quarantine(Quarantine { since_ms, faults, calls, passed }: Quarantine) -> PluginQuarantine {
    PluginQuarantine {
        since: time::write_ms(since_ms),
        calls,
        faults,
        tried_every_seconds: PROBE_EVERY_MS / 1000,
        good_tries: passed,
        good_tries_needed: PROBES,
    }
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
