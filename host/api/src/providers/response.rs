//! Converts plugin manifests to responses.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use inlet_api_types::providers::{
    ExamplePayload, Plugin as PluginResponse, SourceProvider, SourceProviderAuthor, SourceProviderBranding,
    SourceProviderDefaultSettings, SourceProviderMapping, SourceProviderPlatform, SourceProviderSetupStep,
    SourceProviderVersion,
};
use inlet_core::log::PluginRef;
use inlet_sandbox::{
    Manifest, Plugin,
    manifest::{Author, SetupStep},
};
use serde_json::{Map, Value, json};

use crate::{query::Params, sources::upsert::preprocess_script, stored_json::stored_json, verification};

/// Returns key, version and digest of a loaded plugin.
pub fn plugin(plugin: &Plugin) -> PluginResponse {
    let Manifest { key, version, .. } = plugin.manifest();
    PluginResponse { key: key.clone(), version: version.clone(), digest: plugin.digest().to_owned() }
}

/// Returns key, version and digest of a plugin in the log.
pub fn plugin_ref(PluginRef { key, version, digest }: &PluginRef) -> PluginResponse {
    PluginResponse { key: key.clone(), version: version.clone(), digest: digest.clone() }
}

/// Returns the provider of a manifest and its digest, with the parts that the query parameter `include` names.
pub fn provider(
    manifest: Manifest,
    digest: &str,
    versions: Vec<SourceProviderVersion>,
    params: &Params,
) -> SourceProvider {
    let when = |part| params.includes(part).then_some(());
    SourceProvider {
        digest: digest.to_owned(),
        provider: platform(&manifest),
        default_settings: default_settings(&manifest),
        default_action_mappings: when("default_action_mappings").map(|()| suggested_mappings(&manifest)),
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

/// Returns the platform of a manifest.
pub fn platform(manifest: &Manifest) -> SourceProviderPlatform {
    SourceProviderPlatform {
        name: manifest.name.clone(),
        description: manifest.description.clone(),
        categories: manifest.categories.clone(),
        website_url: manifest.links.website.clone(),
        webhook_docs_url: manifest.links.docs.clone(),
        knock_tutorial_url: manifest.links.tutorial.clone(),
        webhook_config_deep_link: (),
        branding: manifest.icon.as_deref().map(branding),
        setup: manifest
            .setup
            .iter()
            .cloned()
            .map(|SetupStep { text, link }| SourceProviderSetupStep { text, link })
            .collect(),
        author: manifest.author.clone().map(|Author { name, link }| SourceProviderAuthor { name, link }),
        license: manifest.license.clone(),
    }
}

/// Returns the mark of a platform by its icon.
pub fn branding(icon: &str) -> SourceProviderBranding {
    let icon_image = format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(icon));
    SourceProviderBranding { icon_image, wordmark_images: Map::new() }
}

fn default_settings(manifest: &Manifest) -> SourceProviderDefaultSettings {
    let mut others = manifest.defaults.settings.clone();
    let plugin_options = manifest.check_options(&Value::Null).unwrap_or_default();
    let mut text = |name| others.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    SourceProviderDefaultSettings {
        event_type_path: text("event_type_path").unwrap_or_default(),
        idempotency_key_path: text("idempotency_key_path"),
        timestamp_path: text("timestamp_path"),
        enforce_verification: others.remove("enforce_verification").is_some_and(|value| value == true),
        preprocessing_script: preprocess_script::of_options(&manifest.key, &plugin_options.to_string()),
        others,
    }
}

fn suggested_mappings(manifest: &Manifest) -> Vec<SourceProviderMapping> {
    let suggested = manifest.defaults.mappings.iter().map(|mapping| SourceProviderMapping {
        event_type: mapping.event_type.clone(),
        action_type: mapping.action_type.clone(),
        action_parameters: mapping.action_parameters.clone(),
    });
    suggested.collect()
}

fn example_payloads(manifest: &Manifest) -> BTreeMap<String, Vec<ExamplePayload>> {
    let mut payloads: BTreeMap<String, Vec<ExamplePayload>> = BTreeMap::new();
    for example in &manifest.examples {
        let raw_body = example.text().trim().to_owned();
        let is_object = example.is_json() && raw_body.starts_with('{');
        let payload = ExamplePayload {
            body: is_object.then(|| stored_json(raw_body.as_str())),
            method: example.method(manifest).to_owned(),
            path: example.path.clone(),
            query: example.query.clone(),
            headers: example.headers.clone(),
            raw_body,
        };
        payloads.entry(example.event_type.clone()).or_default().push(payload);
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
        insta::assert_snapshot!(serde_json::to_string(&default_settings(&manifest)).unwrap(), @r#"{"event_type_path":"body.type","enforce_verification":false,"idempotency_key_path":null,"timestamp_path":null,"preprocessing_script":null,"enforce_idempotency":true}"#);
        insta::assert_snapshot!(serde_json::to_string(&platform(&manifest)).unwrap(), @r#"{"name":"CRM","description":"Contacts.","categories":["CRM"],"website_url":"https://example.com","webhook_docs_url":"https://example.com/docs","knock_tutorial_url":null,"webhook_config_deep_link":null,"branding":null,"setup":[],"author":null,"license":null}"#);
        insta::assert_snapshot!(serde_json::to_string(&suggested_mappings(&manifest)).unwrap(), @r#"[{"event_type":"contact","action_type":"users_identify","action_parameters":{}}]"#);
        insta::assert_snapshot!(serde_json::to_string(&example_payloads(&manifest)).unwrap(), @r#"{"contact":[{"body":{"n":1.10},"method":"POST","path":"","query":{},"headers":{},"raw_body":"{\"n\":1.10}"},{"body":null,"method":"POST","path":"","query":{},"headers":{"x-a":"b"},"raw_body":"[1]"}]}"#);
    }
}
