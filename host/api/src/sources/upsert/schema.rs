//! The schema of a request to create or change a source.

#![expect(dead_code, reason = "these types describe; nothing is ever read into them")]

use std::collections::BTreeMap;

use inlet_core::{Uuid, actions};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};

/// A source to create or to change.
#[derive(ToSchema)]
pub struct PutSource {
    /// The source.
    source: SourceRequest,
}

/// What a source becomes.
#[derive(ToSchema)]
struct SourceRequest {
    /// For people.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// For people; null removes it.
    #[schema(min_length = 1, max_length = 4096)]
    description: Option<String>,
    /// For people, https or http; null removes it.
    #[schema(max_length = 2048)]
    custom_image_url: Option<String>,
    /// The plugin, one of `/v1/source_providers`. Required for a new source; then it stays.
    preconfigured_provider: Option<String>,
    /// By environment: only that of the query.
    environment_settings: Option<BTreeMap<String, EnvironmentRequest>>,
}

/// What becomes of a source in the environment.
#[derive(ToSchema)]
struct EnvironmentRequest {
    /// Merged into what there is: null clears, what is absent stays.
    settings: Option<SettingsRequest>,
    /// All mappings; those that are absent go.
    #[schema(max_items = 1000)]
    mappings: Option<Vec<MappingRequest>>,
}

/// Settings to change.
#[derive(ToSchema)]
struct SettingsRequest {
    /// Refuse (401) what is not verified. Needs a signing secret.
    enforce_verification: Option<bool>,
    /// What the platform signs with. Write only; a first one turns `enforce_verification` on, null ends the one that it
    /// replaced too.
    #[schema(write_only, min_length = 1, max_length = 1024)]
    signing_secret: Option<String>,
    /// How long the secret that `signing_secret` replaces stays good, a day if absent; 0 ends it at once, and may be sent
    /// without a secret. Write only.
    #[schema(write_only, minimum = 0, maximum = 2592000)]
    signing_secret_overlap_seconds: Option<u64>,
    /// The header that holds the credential, if not the plugin's.
    verification_header: Option<String>,
    /// Accept the items of a batch that its signature does not cover.
    trust_unsigned_batch_items: Option<bool>,
    /// Replay instead of executing again for an idempotency key seen within the window.
    enforce_idempotency: Option<bool>,
    /// How long an execution counts, in seconds.
    #[schema(minimum = 1, maximum = 7776000)]
    idempotency_window_seconds: Option<u64>,
    /// Identify users from `identify` events.
    handle_identifies: Option<bool>,
    /// Where the event type is, for example `body.type`; wins over the plugin.
    event_type_path: Option<String>,
    /// Where the user id is; wins over the plugin.
    user_id_path: Option<String>,
    /// Where the data is; wins over the plugin.
    data_path: Option<String>,
    /// Where the idempotency key is; wins over the plugin.
    idempotency_key_path: Option<String>,
    /// Where the time is; wins over the plugin.
    timestamp_path: Option<String>,
    /// Headers that may reach plugin, log and mappings besides those the plugin names.
    #[schema(max_items = 100)]
    keep_headers: Option<Vec<String>>,
    /// What is blanked before anything is stored, besides what the plugin names.
    #[schema(max_items = 100)]
    redact_paths: Option<Vec<String>>,
    /// The largest body, inflated.
    #[schema(minimum = 1, maximum = 268435456)]
    max_body_bytes: Option<u64>,
    /// The plugin's own settings, merged in turn; see its provider's `options`.
    #[schema(value_type = Option<Object>)]
    options: Option<Value>,
}

/// A mapping to make, to keep or to change.
#[derive(ToSchema)]
struct MappingRequest {
    /// Which one; without it, the one with the same event type, action and parameters, or a new one.
    id: Option<Uuid>,
    /// What it matches, for example `track/Order Completed`.
    event_type: String,
    #[schema(schema_with = action_type)]
    action_type: String,
    /// With what: paths into the event, `{"value": …}` for constants, objects.
    #[schema(value_type = Option<Object>)]
    action_parameters: Option<Value>,
    /// Inactive ones match nothing; true if absent.
    active: Option<bool>,
    /// True is the same as leaving it out of the list.
    is_deleted: Option<bool>,
}

fn action_type() -> Object {
    let names = actions::carried_out_list(|name| format!("`{name}`"));
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(format!("What it does; this version carries out {names}.")))
        .build()
}
