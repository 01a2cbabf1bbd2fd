//! The server's checks of a translation: the same code that reads events in the server, with default settings.

use std::sync::Arc;

use inlet_core::{
    Uuid,
    contract::{Request, Translation},
    event::{self, Context},
    idempotency::HashKey,
    log::{EventLog, PluginRef},
    mapping::MappingIndex,
    path::Path,
    settings::Settings,
    verification::Verdict,
};
use inlet_sandbox::Plugin;

/// Returns the log entry of each item as the server would write it, without mappings: rejected where an event breaks a
/// rule of the server. The error is the sentence of a translation that is refused whole.
pub(super) fn log_entries(
    plugin: &Plugin,
    request: &Request,
    translation: &Translation,
) -> Result<Vec<EventLog>, String> {
    let manifest = plugin.manifest();
    let redact_paths: Vec<Path> = manifest.redact_paths.iter().filter_map(|path| Path::parse(path).ok()).collect();
    // Nothing is looked up or kept, so any key will do.
    let hash_key = HashKey([0; 16]);
    let context = Context {
        source_environment: 0,
        settings: &Settings::default(),
        redact_paths: &redact_paths,
        mappings: &MappingIndex::default(),
        vars: "{}",
        hash_key: &hash_key,
        plugin: Arc::new(PluginRef {
            key: manifest.key.clone(),
            version: manifest.version.clone(),
            digest: plugin.digest().to_owned(),
        }),
        verdict: Verdict::NotConfigured,
        received_at_ms: i64::try_from(request.received_at_ms).unwrap_or(i64::MAX),
        headers: event::headers_json(&request.headers),
        withheld: &[],
        guest_logs: None,
    };
    let prepared = event::prepare(&context, &request.body, translation, &mut Uuid::now_v7);
    let prepared = prepared.map_err(|oversize| format!("the plugin's output would not be taken: {oversize}"))?;
    Ok(prepared.into_iter().map(|item| item.log).collect())
}
