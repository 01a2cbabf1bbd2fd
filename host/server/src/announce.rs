//! The server's first log lines: where it listens, and settings that need attention.

use std::time::Duration;

use inlet_engine::Engine;
use inlet_sandbox::Compilation;

use crate::config::{Config, UnknownVariable, unknown_variables};

/// The shortest `stop_timeout_seconds` without a warning.
const SHORT_STOP: Duration = Duration::from_secs(5);

/// Warns of settings that an operator may not intend, and logs that the server is ready: the last line of a start.
pub fn announce(engine: &Engine, config: &Config) {
    let catalog = engine.catalog();
    for UnknownVariable { name, nearest } in unknown_variables() {
        match nearest {
            Some(nearest) => {
                tracing::warn!(name, nearest, "a variable of this name means nothing; is the nearest one meant?")
            }
            None => tracing::warn!(name, "a variable of this name means nothing; OPERATING.md lists those there are"),
        }
    }
    for plugin in catalog.iter() {
        if let Compilation::NotCached { reason } = plugin.compilation() {
            let key = &plugin.manifest().key;
            tracing::warn!(key, reason, "a compiled plugin was not kept; it will be compiled again at the next start");
        }
    }
    if let Some(reason) = engine.sandbox.swap() {
        tracing::warn!(
            %reason,
            "memory can be swapped out, so used sandboxes are wiped whole instead of page by page: plugins take longer, and calls \
             on several cores wait for each other; for full speed keep this service from swapping (MemorySwapMax=0 in its \
             systemd unit, equal --memory and --memory-swap in Docker)"
        );
    }
    if config.admin_listen.is_none() && !config.listen.is_loopback() {
        tracing::warn!(
            listen = %config.listen,
            "the management API can be reached wherever webhooks can; give it an address of its own with --admin-listen"
        );
    }
    if config.trusted_proxies.is_empty() && !config.listen.is_loopback() {
        tracing::info!(
            "senders with private addresses are not limited by address, because a load balancer may be in front of them; \
             name its addresses in trusted_proxies, and each sender is limited by its own (X-Forwarded-For)"
        );
    }
    if config.stop_timeout_seconds < SHORT_STOP.as_secs() {
        tracing::warn!(stop_timeout_seconds = config.stop_timeout_seconds, "a stop may cut requests off");
    }
    let plugins: Vec<&str> = catalog.iter().map(|plugin| plugin.manifest().key.as_str()).collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        database = engine.store.database_kind(),
        schema = engine.store.schema_version(),
        listen = %config.listen,
        admin_listen = config.admin_listen.as_ref().map(ToString::to_string),
        data_dir = %config.data_dir.display(),
        plugins = plugins.join(", "),
        "ready"
    );
}
