//! Converts sources, settings and mappings to responses. A response never holds a signing secret, only that one is set.

use std::sync::Arc;

use inlet_api_types::sources::{
    self, IdempotencyKeyPath, Source, SourceEnvironmentSettings, SourceMapping, SourceSettings,
};
use inlet_core::{
    path::Path,
    settings::{KeyPaths, OnReject, Settings},
    time,
    verification::Template,
};
use inlet_engine::{
    EngineOptions,
    clock::now_ms,
    snapshot::{Endpoint, Source as SourceSnapshot},
};
use inlet_store::MappingRecord;

use super::upsert::preprocess_script;
use crate::{stored_json::stored_json, verification};

/// Returns the source without its settings.
pub fn source(source: &SourceSnapshot) -> Source {
    let record = &source.record;
    Source {
        key: record.key.clone(),
        name: record.name.clone(),
        description: record.description.clone(),
        custom_image_url: record.custom_image_url.clone(),
        preconfigured_provider: record.provider.clone(),
        created_at: time::write_ms(record.created_at_ms),
        updated_at: time::write_ms(record.updated_at_ms),
        environment_settings: None,
        environment_status: None,
    }
}

/// Returns the source with its settings in these environments.
pub fn source_with_settings<'a>(
    snapshot: &SourceSnapshot,
    endpoints: impl Iterator<Item = (&'a String, &'a Arc<Endpoint>)>,
    options: &EngineOptions,
) -> Source {
    let settings = endpoints.map(|(slug, endpoint)| (slug.clone(), environment_settings(endpoint, options)));
    Source { environment_settings: Some(settings.collect()), ..source(snapshot) }
}

fn environment_settings(endpoint: &Endpoint, options: &EngineOptions) -> SourceEnvironmentSettings {
    let record = &endpoint.record;
    SourceEnvironmentSettings {
        updated_at: time::write_ms(record.updated_at_ms),
        version: record.version,
        settings: settings_of(endpoint, options),
        mappings: record.mappings.iter().map(mapping).collect(),
    }
}

/// The values in force that are not stored settings.
pub struct InForce<'a> {
    /// The key of the plugin.
    pub provider: &'a str,
    /// The full URL. A source that is being created has none yet.
    pub endpoint: Option<String>,
    /// True if there is a signing secret.
    pub signing_secret_set: bool,
    /// When the previous secret expires, in milliseconds since 1970.
    pub previous_signing_secret_until_ms: Option<i64>,
    /// True if there is a write key.
    pub write_key_set: bool,
    /// When the previous write key expires, in milliseconds since 1970.
    pub previous_write_key_until_ms: Option<i64>,
    /// When the last of the previous URLs expires, in milliseconds since 1970.
    pub previous_endpoint_until_ms: Option<i64>,
    /// The header that holds the credential.
    pub credential_header: Option<&'a str>,
    /// The verification scheme.
    pub scheme: Option<&'a Template>,
    /// The body limit, in bytes.
    pub max_body_bytes: u64,
    /// The most items of a request.
    pub max_items: u64,
    /// The answer to a request whose items were all rejected.
    pub on_reject: OnReject,
    /// The plugin's options with its defaults, as JSON.
    pub options: String,
}

/// Returns the settings of a source environment.
pub fn settings_of(endpoint: &Endpoint, options: &EngineOptions) -> SourceSettings {
    let now_ms = now_ms();
    let previous = endpoint.record.previous_signing_secret.as_ref().map(|previous| previous.until_ms);
    let previous_key = endpoint.record.write_keys.previous.as_ref().map(|previous| previous.until_ms);
    let in_force = InForce {
        provider: &endpoint.plugin_ref.key,
        endpoint: Some(url(endpoint, options)),
        signing_secret_set: endpoint.record.signing_secret.is_some(),
        previous_signing_secret_until_ms: previous.filter(|until_ms| now_ms < *until_ms),
        write_key_set: endpoint.has_write_key(),
        previous_write_key_until_ms: previous_key.filter(|until_ms| now_ms < *until_ms),
        previous_endpoint_until_ms: endpoint.previous_until_ms(now_ms),
        credential_header: endpoint.credential_header.as_deref(),
        scheme: endpoint.scheme.as_ref(),
        max_body_bytes: endpoint.max_body_bytes as u64,
        max_items: endpoint.limits.items as u64,
        on_reject: endpoint.on_reject,
        options: endpoint.options.clone(),
    };
    settings(&endpoint.settings, in_force)
}

/// Combines stored settings with the other values in force.
pub fn settings(settings: &Settings, in_force: InForce<'_>) -> SourceSettings {
    let path = |path: &Option<Path>| path.as_ref().map(Path::to_string);
    SourceSettings {
        endpoint: in_force.endpoint,
        enforce_verification: settings.enforce_verification,
        signing_secret_set: in_force.signing_secret_set,
        previous_signing_secret_until: in_force.previous_signing_secret_until_ms.map(time::write_ms),
        write_key_set: in_force.write_key_set,
        previous_write_key_until: in_force.previous_write_key_until_ms.map(time::write_ms),
        previous_endpoint_until: in_force.previous_endpoint_until_ms.map(time::write_ms),
        verification_header: in_force.credential_header.map(str::to_owned),
        verification_headers: settings.verification_headers.map(|chosen| chosen.as_str().to_owned()),
        verification_scheme: in_force.scheme.map(verification::shown),
        trust_unsigned_batch_items: settings.trust_unsigned_batch_items,
        enforce_idempotency: settings.enforce_idempotency,
        idempotency_window_seconds: settings.idempotency_window_seconds,
        handle_identifies: settings.handle_identifies,
        event_type_path: path(&settings.event_type_path),
        user_id_path: path(&settings.user_id_path),
        data_path: path(&settings.data_path),
        idempotency_key_path: settings.idempotency_key_path.as_ref().map(key_path),
        timestamp_path: path(&settings.timestamp_path),
        allowed_origins: settings.allowed_origins.clone(),
        keep_headers: settings.keep_headers.clone(),
        redact_paths: settings.redact_paths.iter().map(Path::to_string).collect(),
        max_body_bytes: in_force.max_body_bytes,
        max_items: in_force.max_items,
        max_requests_per_second: settings.max_requests_per_second,
        on_reject: match in_force.on_reject {
            OnReject::Accept => sources::OnReject::Accept,
            OnReject::Refuse => sources::OnReject::Refuse,
        },
        preprocess_script: preprocess_script::of_options(in_force.provider, &in_force.options),
        options: stored_json(in_force.options),
    }
}

fn key_path(paths: &KeyPaths) -> IdempotencyKeyPath {
    match paths.as_slice() {
        [only] => IdempotencyKeyPath::One(only.to_string()),
        several => IdempotencyKeyPath::Several(several.iter().map(Path::to_string).collect()),
    }
}

/// Returns the URL that the platform sends to.
pub fn url(endpoint: &Endpoint, options: &EngineOptions) -> String {
    format!("{}/integrations/receive/{}", options.base_url, endpoint.record.token)
}

/// Returns a mapping.
pub fn mapping(record: &MappingRecord) -> SourceMapping {
    SourceMapping {
        id: record.id.to_string(),
        event_type: record.event_type.clone(),
        action_type: record.action_type.clone(),
        when: record.when.as_deref().map(stored_json),
        action_parameters: stored_json(record.parameters.as_str()),
        active: record.active,
        is_deleted: false,
        created_at: time::write_ms(record.created_at_ms),
        updated_at: time::write_ms(record.updated_at_ms),
    }
}
