//! Notes for the operator: the conditions of a source environment that need a decision or a repair.

use inlet_core::time;
use inlet_engine::{
    catalog::{Catalog, Unloaded, same_scheme},
    clock::now_ms,
    snapshot::Endpoint,
};
use inlet_store::LATEST;

use crate::sources::plugin::choice;

/// Returns the notes of one source environment.
pub fn notes_of(slug: &str, endpoint: &Endpoint, catalog: &Catalog) -> impl Iterator<Item = String> {
    [
        earlier_scheme(slug, endpoint),
        missing_plugin(slug, endpoint, catalog),
        kept_plugin(slug, endpoint, catalog),
        stayed_behind(slug, endpoint, catalog),
        endpoint.quarantine_note(),
        earlier_endpoint(slug, endpoint),
        short_window(slug, endpoint),
    ]
    .into_iter()
    .flatten()
}

/// Tells that the plugin has another verification scheme than the one in force.
fn earlier_scheme(slug: &str, endpoint: &Endpoint) -> Option<String> {
    let plugin = endpoint.plugin.as_ref()?;
    let is_same = same_scheme(plugin.manifest().verification.as_ref(), endpoint.scheme.as_ref());
    (!is_same)
        .then(|| format!("in {slug} the verification scheme in force is an earlier one; the plugin has another by now"))
}

/// Tells when an earlier endpoint was last used. An operator waits for that to stop before the endpoint expires.
fn earlier_endpoint(slug: &str, endpoint: &Endpoint) -> Option<String> {
    let until = time::write_ms(endpoint.previous_until_ms(now_ms())?);
    Some(match endpoint.previous_used_ms() {
        Some(used_ms) => {
            let used = time::write_ms(used_ms);
            format!("in {slug} a request came to an earlier endpoint at {used}; such an endpoint is good until {until}")
        }
        None => format!(
            "in {slug} an earlier endpoint is good until {until}; no request came to it since the server started"
        ),
    })
}

/// Tells why the source has no plugin, and how it gets one.
fn missing_plugin(slug: &str, endpoint: &Endpoint, catalog: &Catalog) -> Option<String> {
    if endpoint.plugin.is_some() {
        return None;
    }
    let key = &endpoint.plugin_ref.key;
    let pinned = endpoint.record.plugin.as_deref();
    let unloaded = match pinned {
        Some(LATEST) => catalog.unloaded(key).next_back(),
        Some(digest) => catalog.unloaded(key).find(|unloaded| unloaded.digest == digest),
        None => None,
    };
    Some(match (pinned, unloaded) {
        (Some(_), Some(Unloaded { version, error, .. })) => format!(
            "in {slug} the source has the version {version} of {key:?}, which does not load: {error}; requests get 503 until it \
             is added again (inlet plugin add) or the source uses another version (inlet plugin use)"
        ),
        (Some(digest), None) if digest != LATEST => format!(
            "in {slug} the source has the version {digest} of {key:?}, which is not in this server; requests get 503 until \
             it is added again (inlet plugin add) or the source uses another version (inlet plugin use)"
        ),
        _ => format!(
            "in {slug} this server has no plugin {key:?}; requests get 503 until it is added (inlet plugin add) or in \
             --plugins-dir"
        ),
    })
}

/// Tells why a source that follows `latest` did not get the latest version.
fn stayed_behind(slug: &str, endpoint: &Endpoint, catalog: &Catalog) -> Option<String> {
    let plugin = endpoint.plugin.as_ref().filter(|_| endpoint.record.plugin.as_deref() == Some(LATEST))?;
    let last = catalog.get(&plugin.manifest().key).filter(|last| last.digest() != plugin.digest())?;
    let differences = choice::differences(endpoint, last.manifest().verification.as_ref());
    let doubts = choice::doubts(&differences, choice::bad_options(endpoint, last));
    let (version, newest) = (&plugin.manifest().version, &last.manifest().version);
    (!doubts.is_empty()).then(|| {
        format!(
            "in {slug} the source follows latest and stays with the version {version}, because of {newest}: {}; look at it, \
             and use {newest} with POST /v1/sources/{{key}}/plugin and confirm true",
            doubts.join("; and ")
        )
    })
}

/// Tells that the source keeps a plugin that new sources do not get, because the plugin directory changed.
fn kept_plugin(slug: &str, endpoint: &Endpoint, catalog: &Catalog) -> Option<String> {
    let plugin = endpoint.plugin.as_ref().filter(|_| endpoint.record.plugin.is_none())?;
    let (key, version) = (&plugin.manifest().key, &plugin.manifest().version);
    let own = catalog.own(key);
    if own.is_some_and(|own| own.digest() == plugin.digest()) {
        return None;
    }
    let doubts = own.map_or_else(Vec::new, |own| {
        let differences = choice::differences(endpoint, own.manifest().verification.as_ref());
        choice::doubts(&differences, choice::bad_options(endpoint, own))
    });
    Some(match (own, catalog.directory().gone_file(plugin.digest())) {
        (Some(own), _) if !doubts.is_empty() => format!(
            "in {slug} the plugin's version {version} goes on until a restart, because of {}, which the server has by now: {}; \
             take it with POST /v1/sources/{{key}}/plugin and confirm true",
            own.manifest().version,
            doubts.join("; and ")
        ),
        (_, file) => format!(
            "in {slug} the plugin's version {version} goes on until a restart, though {:?} is gone from --plugins-dir; put \
             it back, or use another version",
            file.unwrap_or_default()
        ),
    })
}

/// Warns of an idempotency window shorter than the time for which the platform retries.
fn short_window(slug: &str, endpoint: &Endpoint) -> Option<String> {
    let hours = endpoint.plugin.as_ref()?.manifest().sender.as_ref()?.horizon_hours?;
    let (window, horizon) = (endpoint.settings.idempotency_window_seconds, (hours * 3600.0).ceil() as u64);
    (endpoint.settings.enforce_idempotency && window < horizon).then(|| {
        format!(
            "in {slug} keys are remembered for {window} s, and the platform tries again for up to {hours} h; a later try would \
             be carried out again; set idempotency_window_seconds to {horizon} or more"
        )
    })
}
