//! The quarantine of a plugin in one source environment. [`inlet_core::quarantine`] decides.
//!
//! While no plugin fails, a request reads one number and writes none. Only requests that a sender sends are counted: a
//! retry or a replay failed before, and would count against the plugin twice. A wait for a sandbox is not counted.

mod guard;
mod shared;

use inlet_core::{
    log::PluginRef,
    quarantine::{Change, PROBE_EVERY_MS, PROBES},
    time,
};
use metrics::gauge;

pub use self::guard::Guard;

/// The code of items that the quarantine held back.
pub const CODE: &str = "quarantined";

/// The reason of items that the quarantine held back.
pub const REASON: &str = "the plugin was not run: it failed on most of this source's requests and is quarantined; once \
                          it works again, or the source uses another version, replay this with POST …/replays and the \
                          code \"quarantined\"";

/// Describes a quarantine to an operator. `slug` is the environment's, `since_ms` the begin in milliseconds since 1970.
pub(crate) fn describe(slug: &str, plugin: &PluginRef, since_ms: i64) -> String {
    let since = time::write_ms(since_ms);
    let (version, every) = (&plugin.version, PROBE_EVERY_MS / 1000);
    format!(
        "in {slug} the version {version} of the plugin is quarantined since {since}, because it failed on most requests: they \
         are stored and not run, but for one every {every} s; {PROBES} that go well in a row end it, and POST \
         /v1/sources/{{key}}/plugin at once; then replay them with POST …/replays and the code \"{CODE}\""
    )
}

/// Sets the metric of a source environment.
pub(crate) fn set_gauge(source: &str, environment: &str, plugin: &str, is_quarantined: bool) {
    let labels =
        [("source", source.to_owned()), ("environment", environment.to_owned()), ("plugin", plugin.to_owned())];
    gauge!("inlet_plugin_quarantined", &labels).set(if is_quarantined { 1.0 } else { 0.0 });
}

/// Reports the begin or the end of a quarantine that another server decided.
fn report_elsewhere(source: &str, environment: &str, plugin: &PluginRef, change: Change) {
    let PluginRef { key, version, digest } = plugin;
    let is_quarantined = matches!(change, Change::Began { .. });
    set_gauge(source, environment, key, is_quarantined);
    tracing::info!(
        source,
        environment,
        plugin = key,
        version,
        digest,
        is_quarantined,
        "another server of the database began or ended the quarantine of a plugin"
    );
}

/// Reports the begin or the end of a quarantine in the server's log and its metrics.
pub(crate) fn report(source: &str, environment: &str, plugin: &PluginRef, change: Change) {
    let PluginRef { key, version, digest } = plugin;
    set_gauge(source, environment, key, matches!(change, Change::Began { .. }));
    match change {
        Change::Began { faults, calls } => tracing::error!(
            source,
            environment,
            plugin = key,
            version,
            digest,
            faults,
            calls,
            "a plugin fails on most requests and is quarantined; they are stored and not run until it works again"
        ),
        Change::Ended => {
            tracing::info!(source, environment, plugin = key, version, digest, "a plugin is no longer quarantined");
        }
    }
}
