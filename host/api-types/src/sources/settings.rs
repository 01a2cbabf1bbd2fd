//! The settings of a source in one environment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Patch, RawJson};

/// The settings in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceSettings {
    /// The URL that the platform sends to. Read only.
    #[schema(value_type = String)]
    pub endpoint: Option<String>,
    /// True if requests that are not verified are refused (401).
    pub enforce_verification: bool,
    /// True if there is a `signing_secret`. The secret itself can be written and is never returned. Read only.
    pub signing_secret_set: bool,
    /// The time until which the replaced secret is valid too; null if only the current one is. Read only.
    #[schema(required, format = DateTime)]
    pub previous_signing_secret_until: Option<String>,
    /// True if there is a `write_key`. The key itself can be written and is never returned. Read only.
    #[serde(default)]
    pub write_key_set: bool,
    /// The time until which the replaced write key is valid too; null if only the current one is. Read only.
    #[serde(default)]
    #[schema(required, format = DateTime)]
    pub previous_write_key_until: Option<String>,
    /// The time until which replaced endpoints are valid too, the last of several; null if only `endpoint` is. Read only.
    #[schema(required, format = DateTime)]
    pub previous_endpoint_until: Option<String>,
    /// The header that holds the credential.
    #[schema(required)]
    pub verification_header: Option<String>,
    /// The headers that a Standard Webhooks signature is read from: `webhook`, `svix` or `either`; null for those of the
    /// plugin, or for either where the plugin names `svix-…`.
    #[serde(default)]
    #[schema(required)]
    pub verification_headers: Option<String>,
    /// The verification scheme of the platform, and the limits of that scheme. Read only.
    #[schema(required, value_type = Option<Object>)]
    pub verification_scheme: Option<Value>,
    /// True if batch items that the signature does not cover are accepted.
    pub trust_unsigned_batch_items: bool,
    /// True if an event whose idempotency key was seen within the window is a replay and is not executed again.
    pub enforce_idempotency: bool,
    /// The time for which idempotency keys are remembered, in seconds.
    pub idempotency_window_seconds: u64,
    /// True if `identify` events update users.
    pub handle_identifies: bool,
    /// The path to the event type; overrides the plugin.
    #[schema(required)]
    pub event_type_path: Option<String>,
    /// The path to the user id; overrides the plugin.
    #[schema(required)]
    pub user_id_path: Option<String>,
    /// The path to the data; overrides the plugin.
    #[schema(required)]
    pub data_path: Option<String>,
    /// The path to the idempotency key, or the paths to its parts; overrides the plugin.
    #[schema(required)]
    pub idempotency_key_path: Option<IdempotencyKeyPath>,
    /// The path to the time; overrides the plugin.
    #[schema(required)]
    pub timestamp_path: Option<String>,
    /// The origins whose pages may send from a browser, or `*` alone.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Headers that reach plugin, log and mappings, in addition to those of the plugin.
    pub keep_headers: Vec<String>,
    /// Paths that are redacted before anything is stored, in addition to those of the plugin.
    pub redact_paths: Vec<String>,
    /// The largest body after decompression, in bytes.
    pub max_body_bytes: u64,
    /// The most items of one request.
    pub max_items: u64,
    /// The most requests in a second; null for no limit.
    #[serde(default)]
    #[schema(required)]
    pub max_requests_per_second: Option<u64>,
    /// The answer to a request whose items were all rejected.
    pub on_reject: OnReject,
    /// The plugin's own settings with its defaults; see its provider's `options`.
    #[schema(value_type = Object)]
    pub options: RawJson,
    /// The script of a source whose provider is `script`; null for others. The same as `options.script`.
    #[serde(default)]
    #[schema(required)]
    pub preprocess_script: Option<PreprocessScript>,
}

/// A script that turns requests into events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreprocessScript {
    /// `javascript`.
    pub language: String,
    /// The script, with its function `main`.
    pub source: String,
}

/// The place of an idempotency key in an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum IdempotencyKeyPath {
    /// The path to the key.
    One(String),
    /// The paths to the parts of a key.
    Several(Vec<String>),
}

/// The answer to a request whose items were all rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnReject {
    /// 200: platforms that stop or drop their feed on a 4xx go on, and the request is kept for a replay.
    Accept,
    /// 422 with the reasons, for senders that a developer writes.
    Refuse,
}

/// Settings to change. Null restores the default of the plugin, an absent setting stays.
///
/// Values are [`RawJson`], because the server checks them by the rules of the setting and of the plugin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "Settings to change. Null restores the default of the plugin, an absent setting stays.")]
pub struct SettingsRequest {
    /// Refuse (401) requests that are not verified. Needs a signing secret or a write key.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub enforce_verification: Patch<RawJson>,
    /// The secret that the platform signs with. Write only. A first one turns `enforce_verification` on. Null removes the
    /// secret and the one that it replaced.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 16384)]
    pub signing_secret: Patch<RawJson>,
    /// The time for which the secret replaced by `signing_secret` stays valid, in seconds; a day if absent. 0 ends it at
    /// once, and may be sent without a secret. Write only.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<u64>, write_only, minimum = 0, maximum = 2592000)]
    pub signing_secret_overlap_seconds: Patch<RawJson>,
    /// The key that the SDKs of Segment and RudderStack send: as the user name of HTTP Basic, as `?writeKey=`, or as `writeKey`
    /// in the body. It stands in place of a signature, never beside a `signing_secret`. Visible ASCII characters without a
    /// colon. Write only. A first one turns `enforce_verification` on. Null removes the key and the one that it replaced.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 1024)]
    pub write_key: Patch<RawJson>,
    /// The time for which the key replaced by `write_key` stays valid, in seconds; a day if absent. 0 ends it at once, and may
    /// be sent without a key. Write only.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<u64>, write_only, minimum = 0, maximum = 2592000)]
    pub write_key_overlap_seconds: Patch<RawJson>,
    /// The header that holds the credential, if not the plugin's.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub verification_header: Patch<RawJson>,
    /// The headers that a Standard Webhooks signature is read from: `webhook` (`webhook-id`, `webhook-timestamp`,
    /// `webhook-signature`), `svix` (`svix-id`, …) or `either`. Null for those of the plugin, or for either where the plugin names `svix-…`.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub verification_headers: Patch<RawJson>,
    /// Accept batch items that the signature does not cover.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub trust_unsigned_batch_items: Patch<RawJson>,
    /// Treat an event whose idempotency key was seen within the window as a replay, and do not execute it again.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub enforce_idempotency: Patch<RawJson>,
    /// The time for which idempotency keys are remembered, in seconds.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 7776000)]
    pub idempotency_window_seconds: Patch<RawJson>,
    /// Update users from `identify` events.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub handle_identifies: Patch<RawJson>,
    /// The path to the event type, for example `body.type`; overrides the plugin.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub event_type_path: Patch<RawJson>,
    /// The path to the user id; overrides the plugin.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub user_id_path: Patch<RawJson>,
    /// The path to the data; overrides the plugin.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub data_path: Patch<RawJson>,
    /// The path to the idempotency key, or 1 to 10 paths to its parts: all must be there, and they are joined by `:`.
    /// Overrides the plugin.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<IdempotencyKeyPath>)]
    pub idempotency_key_path: Patch<RawJson>,
    /// The path to the time; overrides the plugin.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub timestamp_path: Patch<RawJson>,
    /// The origins whose pages may send from a browser, such as `https://app.example.com`, or `*` alone: the endpoint answers
    /// their preflights and lets them read its answers. It keeps nobody out: other programs send what origin they like.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub allowed_origins: Patch<RawJson>,
    /// Headers that reach plugin, log and mappings, in addition to those of the plugin.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub keep_headers: Patch<RawJson>,
    /// Paths that are redacted before anything is stored, in addition to those of the plugin.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub redact_paths: Patch<RawJson>,
    /// The largest body after decompression, in bytes.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 268435456)]
    pub max_body_bytes: Patch<RawJson>,
    /// The most items of one request, up to the server's `max_items_limit`. A request with more is stored as failed with the
    /// code `too_many_items`, or answered 413 where `on_reject` is `refuse`.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub max_items: Patch<RawJson>,
    /// The most requests in a second, of those that are admitted by their verification. Further ones are answered 429 and not
    /// stored. Servers that share the database share the number.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 100000)]
    pub max_requests_per_second: Patch<RawJson>,
    /// The answer to a request whose items were all rejected.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<OnReject>)]
    pub on_reject: Patch<RawJson>,
    /// The plugin's own settings, merged with the present ones; see its provider's `options`.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Object>)]
    pub options: Patch<RawJson>,
    /// Further members: read-only settings of a response, which must be unchanged, and unknown ones, which are refused.
    #[serde(flatten)]
    #[schema(ignore)]
    pub others: BTreeMap<String, Value>,
}
