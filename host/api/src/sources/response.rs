//! Converts sources, settings and mappings to responses. A response never holds a signing secret, only that one is set.

use std::{collections::BTreeMap, sync::Arc};

use inlet_api_types::RawJson;
use inlet_core::{path::Path, settings::Settings, time, verification::Template};
use inlet_engine::{
    EngineOptions,
    clock::now_ms,
    snapshot::{Endpoint, Source},
};
use inlet_store::MappingRecord;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{stored_json::stored_json, verification};

/// A platform that sends events.
#[derive(Serialize, ToSchema)]
#[schema(as = Source)]
pub struct ShownSource {
    /// In URLs; unique.
    key: String,
    /// For people.
    name: String,
    /// For people.
    #[schema(required)]
    description: Option<String>,
    /// For people.
    #[schema(required)]
    custom_image_url: Option<String>,
    /// The plugin that translates its requests; one of `/v1/source_providers`.
    preconfigured_provider: String,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed, in any environment.
    #[schema(format = DateTime)]
    updated_at: String,
    /// By environment; null in a list that was not asked to include it.
    #[schema(required)]
    environment_settings: Option<BTreeMap<String, ShownEnvironment>>,
}

impl ShownSource {
    /// Returns the source without its settings.
    pub fn brief(source: &Source) -> Self {
        let record = &source.record;
        Self {
            key: record.key.clone(),
            name: record.name.clone(),
            description: record.description.clone(),
            custom_image_url: record.custom_image_url.clone(),
            preconfigured_provider: record.provider.clone(),
            created_at: time::write_ms(record.created_at_ms),
            updated_at: time::write_ms(record.updated_at_ms),
            environment_settings: None,
        }
    }

    /// Returns the source with its settings in these environments.
    pub fn with_settings<'a>(
        source: &Source,
        endpoints: impl Iterator<Item = (&'a String, &'a Arc<Endpoint>)>,
        options: &EngineOptions,
    ) -> Self {
        let settings = endpoints.map(|(slug, endpoint)| (slug.clone(), ShownEnvironment::of(endpoint, options)));
        Self { environment_settings: Some(settings.collect()), ..Self::brief(source) }
    }
}

/// How one environment treats a source.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceEnvironmentSettings)]
pub struct ShownEnvironment {
    /// When settings or mappings were last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Counts the changes; the `ETag`.
    version: i64,
    /// What is in force.
    settings: ShownSettings,
    /// Which events cause which actions; oldest first.
    mappings: Vec<ShownMapping>,
}

impl ShownEnvironment {
    fn of(endpoint: &Endpoint, options: &EngineOptions) -> Self {
        let record = &endpoint.record;
        Self {
            updated_at: time::write_ms(record.updated_at_ms),
            version: record.version,
            settings: ShownSettings::of(endpoint, options),
            mappings: record.mappings.iter().map(ShownMapping::of).collect(),
        }
    }
}

/// The settings in force.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceSettings)]
pub struct ShownSettings {
    /// Returns the URL that the platform sends to. Read only.
    #[schema(value_type = String)]
    endpoint: Option<String>,
    /// Refuse (401) what is not verified.
    enforce_verification: bool,
    /// Whether there is a `signing_secret`, which can be written and is never shown. Read only.
    signing_secret_set: bool,
    /// Until when the secret that was replaced is good besides; null if only the current one is. Read only.
    #[schema(required, format = DateTime)]
    previous_signing_secret_until: Option<String>,
    /// Until when an endpoint that was replaced is good besides, the last of them if there are several; null if only
    /// `endpoint` is. Read only.
    #[schema(required, format = DateTime)]
    previous_endpoint_until: Option<String>,
    /// The header that holds the credential.
    #[schema(required)]
    verification_header: Option<String>,
    /// How the platform proves itself, and what that does not cover. Read only.
    #[schema(required, value_type = Option<Object>)]
    verification_scheme: Option<Value>,
    /// Accept the items of a batch that its signature does not cover.
    trust_unsigned_batch_items: bool,
    /// Replay instead of executing again for an idempotency key seen within the window.
    enforce_idempotency: bool,
    /// How long an execution counts, in seconds.
    idempotency_window_seconds: u64,
    /// Identify users from `identify` events.
    handle_identifies: bool,
    /// Where the event type is; wins over the plugin.
    #[schema(required)]
    event_type_path: Option<String>,
    /// Where the user id is; wins over the plugin.
    #[schema(required)]
    user_id_path: Option<String>,
    /// Where the data is; wins over the plugin.
    #[schema(required)]
    data_path: Option<String>,
    /// Where the idempotency key is; wins over the plugin.
    #[schema(required)]
    idempotency_key_path: Option<String>,
    /// Where the time is; wins over the plugin.
    #[schema(required)]
    timestamp_path: Option<String>,
    /// Headers that reach plugin, log and mappings besides those the plugin names.
    keep_headers: Vec<String>,
    /// What is blanked before anything is stored, besides what the plugin names.
    redact_paths: Vec<String>,
    /// The largest body, inflated.
    max_body_bytes: u64,
    /// The plugin's own settings, its defaults filled in; see its provider's `options`.
    #[schema(value_type = Object)]
    options: RawJson,
    /// Not supported: always null.
    #[schema(required, value_type = Option<Object>)]
    preprocess_script: (),
}

/// The values in force that are not stored settings.
pub struct InForce<'a> {
    /// The full URL. A source that is being created has none yet.
    pub endpoint: Option<String>,
    /// True if there is a signing secret.
    pub signing_secret_set: bool,
    /// When the previous secret expires, in milliseconds since 1970.
    pub previous_signing_secret_until_ms: Option<i64>,
    /// When the last of the previous URLs expires, in milliseconds since 1970.
    pub previous_endpoint_until_ms: Option<i64>,
    /// The header that holds the credential.
    pub credential_header: Option<&'a str>,
    /// The verification scheme.
    pub scheme: Option<&'a Template>,
    /// The body limit, in bytes.
    pub max_body_bytes: u64,
    /// The plugin's options with its defaults, as JSON.
    pub options: String,
}

impl ShownSettings {
    /// Returns the settings of a source environment.
    pub fn of(endpoint: &Endpoint, options: &EngineOptions) -> Self {
        let now_ms = now_ms();
        let previous = endpoint.record.previous_signing_secret.as_ref().map(|previous| previous.until_ms);
        let in_force = InForce {
            endpoint: Some(url(endpoint, options)),
            signing_secret_set: endpoint.record.signing_secret.is_some(),
            previous_signing_secret_until_ms: previous.filter(|until_ms| now_ms < *until_ms),
            previous_endpoint_until_ms: endpoint.previous_until_ms(now_ms),
            credential_header: endpoint.credential_header.as_deref(),
            scheme: endpoint.scheme.as_ref(),
            max_body_bytes: endpoint.max_body_bytes as u64,
            options: endpoint.options.clone(),
        };
        Self::new(&endpoint.settings, in_force)
    }

    /// Combines stored settings with the other values in force.
    pub fn new(settings: &Settings, in_force: InForce<'_>) -> Self {
        let path = |path: &Option<Path>| path.as_ref().map(Path::to_string);
        Self {
            endpoint: in_force.endpoint,
            enforce_verification: settings.enforce_verification,
            signing_secret_set: in_force.signing_secret_set,
            previous_signing_secret_until: in_force.previous_signing_secret_until_ms.map(time::write_ms),
            previous_endpoint_until: in_force.previous_endpoint_until_ms.map(time::write_ms),
            verification_header: in_force.credential_header.map(str::to_owned),
            verification_scheme: in_force.scheme.map(verification::shown),
            trust_unsigned_batch_items: settings.trust_unsigned_batch_items,
            enforce_idempotency: settings.enforce_idempotency,
            idempotency_window_seconds: settings.idempotency_window_seconds,
            handle_identifies: settings.handle_identifies,
            event_type_path: path(&settings.event_type_path),
            user_id_path: path(&settings.user_id_path),
            data_path: path(&settings.data_path),
            idempotency_key_path: path(&settings.idempotency_key_path),
            timestamp_path: path(&settings.timestamp_path),
            keep_headers: settings.keep_headers.clone(),
            redact_paths: settings.redact_paths.iter().map(Path::to_string).collect(),
            max_body_bytes: in_force.max_body_bytes,
            options: stored_json(in_force.options),
            preprocess_script: (),
        }
    }
}

/// Returns the URL that the platform sends to.
pub fn url(endpoint: &Endpoint, options: &EngineOptions) -> String {
    format!("{}/integrations/receive/{}", options.base_url, endpoint.record.token)
}

/// Which events cause which action.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceMapping)]
pub struct ShownMapping {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// What it matches.
    event_type: String,
    /// What it does, for example `workflows_trigger`.
    action_type: String,
    /// With what: paths into the event, `{"value": …}` for constants, objects.
    #[schema(value_type = Object)]
    action_parameters: RawJson,
    /// Inactive ones match nothing.
    active: bool,
    /// Always false: a deleted mapping is not shown.
    is_deleted: bool,
    /// Its age: older ones of one action type come first.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl ShownMapping {
    fn of(record: &MappingRecord) -> Self {
        Self {
            id: record.id.to_string(),
            event_type: record.event_type.clone(),
            action_type: record.action_type.clone(),
            action_parameters: stored_json(record.parameters.as_str()),
            active: record.active,
            is_deleted: false,
            created_at: time::write_ms(record.created_at_ms),
            updated_at: time::write_ms(record.updated_at_ms),
        }
    }
}
