//! Converts plugin manifests to responses.

use std::collections::BTreeMap;

use inlet_api_types::RawJson;
use inlet_core::log::PluginRef;
use inlet_sandbox::{Manifest, Plugin, manifest::Example};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::versions::ShownVersion;
use crate::{query::Params, stored_json::stored_json, verification};

/// A plugin of one version.
#[derive(Serialize, ToSchema)]
#[schema(as = Plugin)]
pub struct ShownPlugin {
    /// For example `segment`.
    key: String,
    /// Its version.
    version: String,
    /// `sha256:` and the digest of the component.
    digest: String,
}

impl ShownPlugin {
    /// A plugin that is loaded.
    pub fn of(plugin: &Plugin) -> Self {
        let Manifest { key, version, .. } = plugin.manifest();
        Self { key: key.clone(), version: version.clone(), digest: plugin.digest().to_owned() }
    }
}

impl From<&PluginRef> for ShownPlugin {
    fn from(PluginRef { key, version, digest }: &PluginRef) -> Self {
        Self { key: key.clone(), version: version.clone(), digest: digest.clone() }
    }
}

/// A platform that sources can be made for.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceProvider)]
pub struct ShownProvider {
    /// What `preconfigured_provider` names.
    key: String,
    /// The plugin's version.
    version: String,
    /// `sha256:` and the digest of the component.
    digest: String,
    /// The contract version that the plugin was built against.
    contract: String,
    /// About the platform.
    provider: Platform,
    /// What a new source starts with.
    default_settings: DefaultSettings,
    /// Methods that the endpoint takes.
    methods: Vec<String>,
    /// Request headers that the plugin reads, in lower case.
    headers: Vec<String>,
    /// Query parameters that the plugin reads; `*` is all of them.
    query: Vec<String>,
    /// The largest body, inflated.
    max_body_bytes: u64,
    /// How the platform proves itself, and what that does not cover.
    #[schema(required, value_type = Option<Object>)]
    verification: Option<Value>,
    /// How the platform sends: `retries`, `horizon_hours`, `timeout_ms`, `success`, `batch_max`.
    #[schema(required, value_type = Option<Object>)]
    sender: Option<Value>,
    /// What is blanked before an event is stored.
    redact_paths: Vec<String>,
    /// A JSON Schema of the plugin's own settings.
    #[schema(required, value_type = Option<Object>)]
    options: Option<Value>,
    /// What there is of it: what the server came with, then what was added, in that order.
    versions: Vec<ShownVersion>,
    /// Mappings offered to the operator; only if included.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_action_mappings: Option<Vec<OfferedMapping>>,
    /// Example payloads by event type; only if included.
    #[serde(skip_serializing_if = "Option::is_none")]
    example_payloads: Option<BTreeMap<String, Vec<ExamplePayload>>>,
    /// Always empty; only if included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    static_fields: Option<Map<String, Value>>,
}

impl ShownProvider {
    /// The provider with what the parameters include, by what a plugin of that digest says about itself.
    pub fn of((manifest, digest): (Manifest, &str), versions: Vec<ShownVersion>, params: &Params) -> Self {
        let when = |what| params.includes(what).then_some(());
        Self {
            digest: digest.to_owned(),
            provider: Platform::of(&manifest),
            default_settings: DefaultSettings::of(&manifest),
            default_action_mappings: when("default_action_mappings").map(|()| offered_mappings(&manifest)),
            example_payloads: when("example_payloads").map(|()| example_payloads(&manifest)),
            static_fields: when("static_fields").map(|()| Map::new()),
            verification: manifest.verification.as_ref().map(verification::shown),
            sender: manifest.sender.as_ref().map(|sender| json!(sender)),
            key: manifest.key,
            version: manifest.version,
            contract: manifest.contract,
            methods: manifest.methods,
            headers: manifest.headers,
            query: manifest.query,
            max_body_bytes: manifest.max_body_bytes,
            redact_paths: manifest.redact_paths,
            options: manifest.options,
            versions,
        }
    }
}

/// About the platform.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceProviderPlatform)]
pub struct Platform {
    /// Its name.
    name: String,
    /// A sentence or two.
    description: String,
    /// For grouping in lists.
    categories: Vec<String>,
    /// The platform.
    website_url: String,
    /// The platform's documentation of its webhooks.
    webhook_docs_url: String,
    /// How to set the platform up.
    #[schema(required)]
    knock_tutorial_url: Option<String>,
    /// Always null.
    #[schema(required, value_type = Option<String>)]
    webhook_config_deep_link: (),
    /// Always null.
    #[schema(required, value_type = Option<Object>)]
    branding: (),
}

impl Platform {
    /// What a manifest says about the platform.
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            name: manifest.name.clone(),
            description: manifest.description.clone(),
            categories: manifest.categories.clone(),
            website_url: manifest.links.website.clone(),
            webhook_docs_url: manifest.links.docs.clone(),
            knock_tutorial_url: manifest.links.tutorial.clone(),
            webhook_config_deep_link: (),
            branding: (),
        }
    }
}

/// What a new source starts with. Other settings that the manifest sets are here too.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceProviderDefaultSettings)]
pub struct DefaultSettings {
    /// Where the event type is; empty: the plugin finds it.
    event_type_path: String,
    /// Whether what is not verified is refused. A first signing secret turns it on.
    enforce_verification: bool,
    /// Where the idempotency key is; null: the plugin finds it.
    #[schema(required)]
    idempotency_key_path: Option<String>,
    /// Where the time is; null: the plugin finds it.
    #[schema(required)]
    timestamp_path: Option<String>,
    /// Not supported: always null.
    #[schema(required, value_type = Option<Object>)]
    preprocessing_script: (),
    #[serde(flatten)]
    #[schema(ignore)]
    others: Map<String, Value>,
}

impl DefaultSettings {
    fn of(manifest: &Manifest) -> Self {
        let mut others = manifest.defaults.settings.clone();
        let mut text = |name| others.remove(name).and_then(|value| value.as_str().map(str::to_owned));
        Self {
            event_type_path: text("event_type_path").unwrap_or_default(),
            idempotency_key_path: text("idempotency_key_path"),
            timestamp_path: text("timestamp_path"),
            enforce_verification: others.remove("enforce_verification").is_some_and(|value| value == true),
            preprocessing_script: (),
            others,
        }
    }
}

/// A mapping offered to the operator.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceProviderMapping)]
pub struct OfferedMapping {
    /// What it matches.
    event_type: String,
    /// What it does.
    action_type: String,
    /// With what.
    #[schema(value_type = Object)]
    action_parameters: Map<String, Value>,
}

fn offered_mappings(manifest: &Manifest) -> Vec<OfferedMapping> {
    let offered = manifest.defaults.mappings.iter().map(|mapping| OfferedMapping {
        event_type: mapping.event_type.clone(),
        action_type: mapping.action_type.clone(),
        action_parameters: mapping.action_parameters.clone(),
    });
    offered.collect()
}

/// What the platform sends.
#[derive(Serialize, ToSchema)]
pub struct ExamplePayload {
    /// The body, if it is one object; else null.
    #[schema(required, value_type = Option<Object>)]
    body: Option<RawJson>,
    /// Headers that matter.
    headers: BTreeMap<String, String>,
    /// The body as text, as it would be sent.
    raw_body: String,
}

fn example_payloads(manifest: &Manifest) -> BTreeMap<String, Vec<ExamplePayload>> {
    let mut payloads: BTreeMap<String, Vec<ExamplePayload>> = BTreeMap::new();
    for Example { event_type, headers, body } in &manifest.examples {
        let raw_body = match body {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        let body = raw_body.starts_with('{').then(|| stored_json(raw_body.as_str()));
        let payload = ExamplePayload { body, headers: headers.clone(), raw_body };
        payloads.entry(event_type.clone()).or_default().push(payload);
    }
    payloads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_as_it_is_shown() {
        let manifest: Manifest = serde_json::from_value(json!({
            "key": "acme/crm", "name": "CRM", "version": "1.2.0", "contract": "0.1.0", "description": "Contacts.",
            "categories": ["CRM"],
            "links": {"website": "https://example.com", "docs": "https://example.com/docs"},
            "defaults": {
                "settings": {"event_type_path": "body.type", "enforce_idempotency": true},
                "mappings": [{"event_type": "contact", "action_type": "users_identify"}],
            },
            "examples": [
                {"event_type": "contact", "body": "\n{\"n\":1.10}\n"},
                {"event_type": "contact", "headers": {"x-a": "b"}, "body": [1]},
            ],
        }))
        .unwrap();
        insta::assert_snapshot!(serde_json::to_string(&DefaultSettings::of(&manifest)).unwrap(), @r#"{"event_type_path":"body.type","enforce_verification":false,"idempotency_key_path":null,"timestamp_path":null,"preprocessing_script":null,"enforce_idempotency":true}"#);
        insta::assert_snapshot!(serde_json::to_string(&Platform::of(&manifest)).unwrap(), @r#"{"name":"CRM","description":"Contacts.","categories":["CRM"],"website_url":"https://example.com","webhook_docs_url":"https://example.com/docs","knock_tutorial_url":null,"webhook_config_deep_link":null,"branding":null}"#);
        insta::assert_snapshot!(serde_json::to_string(&offered_mappings(&manifest)).unwrap(), @r#"[{"event_type":"contact","action_type":"users_identify","action_parameters":{}}]"#);
        insta::assert_snapshot!(serde_json::to_string(&example_payloads(&manifest)).unwrap(), @r#"{"contact":[{"body":{"n":1.10},"headers":{},"raw_body":"{\"n\":1.10}"},{"body":null,"headers":{"x-a":"b"},"raw_body":"[1]"}]}"#);
    }
}
