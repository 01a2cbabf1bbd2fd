//! Computes the new settings of a source environment. Null clears a setting, an absent setting stays, and a value equal to
//! the one in the response changes nothing.

use std::borrow::Cow;

use inlet_api_types::sources::{SettingsRequest, SourceSettings};
use inlet_core::{
    json,
    settings::{BadSetting, ChangeContext, ChangedSettings, Settings},
    verification::Template,
};
use inlet_sandbox::{Limits, Manifest, OptionsError, Plugin};
use serde_json::{Map, Value};

use super::preprocess_script;
use crate::error::ApiError;

/// Members of a response that cannot be changed.
const READ_ONLY: [&str; 4] = ["endpoint", "signing_secret_set", "write_key_set", "verification_scheme"];

/// Members of a response that expire by themselves and cannot be changed. An outdated value sent back is ignored, because
/// it was correct when it was read.
const EXPIRING: [&str; 3] = ["previous_signing_secret_until", "previous_write_key_until", "previous_endpoint_until"];

/// The state that a change starts from.
pub struct PresentSettings<'a> {
    /// The stored settings.
    pub settings: &'a Settings,
    /// The settings as a response shows them.
    pub response: SourceSettings,
    /// True if there is a signing secret.
    pub has_secret: bool,
    /// True if there is a write key.
    pub has_write_key: bool,
    /// The verification scheme in force.
    pub scheme: Option<&'a Template>,
    /// True if the server knows the URL that senders call.
    pub has_public_url: bool,
    /// The plugin's default settings, which null restores.
    pub defaults: &'a Settings,
    /// The plugin's manifest.
    pub manifest: &'a Manifest,
    /// The largest `max_items` that the server allows.
    pub max_items_limit: usize,
    /// True if another plugin checked the stored options.
    pub is_plugin_switched: bool,
}

/// Returns the settings after the change. `field` is the path of the settings in the request.
pub fn change(
    request: &SettingsRequest,
    field: &str,
    present: &PresentSettings<'_>,
) -> Result<ChangedSettings, ApiError> {
    let mut patch = read_patch(request, field)?;
    remove_unchanged(&mut patch, &present.response);
    let named = |error: BadSetting| ApiError::invalid(format!("{field}.{}", error.field), error.message);
    check_read_only(&patch).map_err(named)?;
    preprocess_script::move_to_options(&mut patch, present.manifest).map_err(named)?;
    let context = ChangeContext {
        defaults: present.defaults,
        has_secret: present.has_secret,
        has_write_key: present.has_write_key,
        scheme: present.scheme,
        has_public_url: present.has_public_url,
        kept_headers: &present.manifest.headers,
        max_items_limit: present.max_items_limit as u64,
    };
    let changed = present.settings.change(&patch, context).map_err(named)?;
    check_options(&changed.settings.options, present.manifest).map_err(named)?;
    Ok(changed)
}

/// Same as [`change`]. If the plugin or its options change, the plugin checks them too.
pub async fn checked_change(
    request: &SettingsRequest,
    field: &str,
    present: &PresentSettings<'_>,
    plugin: &Plugin,
    limits: &Limits,
) -> Result<ChangedSettings, ApiError> {
    let changed = change(request, field, present)?;
    let options = &changed.settings.options;
    if present.is_plugin_switched || *options != present.settings.options {
        let sent = serde_json::to_string(request).unwrap_or_default();
        let refused = |error: OptionsError| {
            let setting = preprocess_script::sent_for(&sent, &error.field);
            ApiError::invalid(format!("{field}.{setting}"), error.message)
        };
        plugin.check_options(&Value::Object(options.clone()), limits).await.map_err(refused)?;
    }
    Ok(changed)
}

/// Settings are small and are read as a tree by this server and by plugins anyway, so digits beyond a `f64` are refused.
fn read_patch(request: &SettingsRequest, field: &str) -> Result<Map<String, Value>, ApiError> {
    let text = serde_json::to_string(request).unwrap_or_default();
    let read = |(name, text): (Cow<'_, str>, &str)| match serde_json::from_str(text) {
        Ok(value) => Ok((name.into_owned(), value)),
        Err(_) => Err(ApiError::invalid(format!("{field}.{name}"), "it holds a number that is too large")),
    };
    json::members(&text).unwrap_or_default().into_iter().map(read).collect()
}

/// Removes members equal to the response, so that sending back a response does not store defaults as explicit settings.
/// `enforce_verification` stays, because its presence stops a first secret from turning it on.
fn remove_unchanged(patch: &mut Map<String, Value>, response: &SourceSettings) {
    let shown = serde_json::to_value(response).unwrap_or_default();
    if let (Some(Value::Object(options)), Some(shown)) = (patch.get_mut("options"), shown.get("options")) {
        options.retain(|name, value| shown.get(name) != Some(value));
    }
    patch.retain(|name, value| {
        let is_given = name == "enforce_verification" || shown.get(name) != Some(value);
        is_given && !EXPIRING.contains(&name.as_str())
    });
}

fn check_read_only(patch: &Map<String, Value>) -> Result<(), BadSetting> {
    if let Some(name) = READ_ONLY.into_iter().find(|name| patch.contains_key(*name)) {
        return Err(BadSetting::new(name, "it is read only and now another; leave it out"));
    }
    Ok(())
}

fn check_options(options: &Map<String, Value>, manifest: &Manifest) -> Result<(), BadSetting> {
    // The schema check does not name the unknown option, so unknown options are found here first.
    let schema = manifest.options.as_ref();
    let closed = schema.is_some_and(|schema| schema["additionalProperties"] == false);
    if let Some(properties) = schema.and_then(|schema| schema["properties"].as_object()).filter(|_| closed)
        && let Some(unknown) = options.keys().find(|name| !properties.contains_key(*name))
    {
        let known: Vec<&str> = properties.keys().map(String::as_str).collect();
        let message = format!("the plugin has no such option; it has {}", known.join(", "));
        return Err(BadSetting::new(&format!("options.{unknown}"), message));
    }
    match manifest.check_options(&Value::Object(options.clone())) {
        Ok(_) => Ok(()),
        Err(error) if error.field == "top level" => Err(BadSetting::new("options", error.message)),
        Err(error) => Err(BadSetting::new(&format!("options.{}", error.field), error.message)),
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::settings::SecretChange;

    use super::*;
    use crate::{
        body::JsonBody,
        sources::response::{self, InForce},
    };

    /// A body with a path for the refusals.
    #[derive(serde::Deserialize)]
    struct Body {
        s: SettingsRequest,
    }

    fn manifest() -> Manifest {
        let manifest = serde_json::json!({
            "key": "http", "name": "HTTP", "version": "0.1.0", "contract": "0.1.0", "description": "Any.",
            "categories": ["Infrastructure"],
            "links": {"website": "https://example.com", "docs": "https://example.com/docs"},
            "verification": {"scheme": "shared_secret", "header": "x-webhook-secret"},
            "options": {
                "type": "object",
                "properties": {"depth": {"type": "integer", "default": 3}, "tag": {"type": "string"}},
                "additionalProperties": false,
            },
        });
        serde_json::from_value(manifest).unwrap()
    }

    fn attempt(current: &Settings, patch: &str) -> Result<ChangedSettings, ApiError> {
        let (manifest, defaults) = (manifest(), Settings::default());
        let scheme = manifest.verification.as_ref();
        let options = manifest.check_options(&Value::Object(current.options.clone())).unwrap().to_string();
        let in_force = InForce {
            provider: "http",
            endpoint: Some("http://127.0.0.1:8080/integrations/receive/token".to_owned()),
            signing_secret_set: false,
            write_key_set: false,
            previous_write_key_until_ms: None,
            previous_signing_secret_until_ms: None,
            previous_endpoint_until_ms: None,
            credential_header: current.verification_header.as_deref().or(scheme.and_then(Template::header)),
            scheme,
            max_body_bytes: current.max_body_bytes.unwrap_or(manifest.max_body_bytes),
            max_items: current.max_items.unwrap_or(20_000),
            on_reject: current.on_reject.unwrap_or(manifest.on_reject),
            options,
        };
        let response = response::settings(current, in_force);
        let (defaults, manifest) = (&defaults, &manifest);
        let max_items_limit = 50_000;
        let present = PresentSettings {
            settings: current,
            response,
            has_write_key: false,
            has_secret: false,
            scheme,
            has_public_url: true,
            defaults,
            manifest,
            max_items_limit,
            is_plugin_switched: false,
        };
        let body = JsonBody::of(&format!(r#"{{"s":{patch}}}"#));
        change(&body.read::<Body>()?.s, "s", &present)
    }

    fn error(patch: &str) -> String {
        match attempt(&Settings::default(), patch) {
            Ok(_) => panic!("it was taken"),
            Err(error) => format!("{}: {error}", error.field().unwrap_or("-")),
        }
    }

    #[test]
    fn what_is_given_as_it_is_shown_changes_nothing() {
        let shown = r#"{"endpoint":"http://127.0.0.1:8080/integrations/receive/token","signing_secret_set":false,
            "verification_header":"x-webhook-secret","max_body_bytes":5242880,"max_items":20000,"on_reject":"accept","preprocess_script":null,
            "previous_signing_secret_until":"2026-01-02T03:04:05.000Z","previous_endpoint_until":null,
            "verification_scheme":{"scheme":"shared_secret","header":"x-webhook-secret"},"options":{"depth":3}}"#;
        let changed = attempt(&Settings::default(), shown).unwrap();
        assert_eq!(changed.settings, Settings::default());
        assert!(changed.secret == SecretChange::Keep);
    }

    #[test]
    fn a_first_secret_enforces_unless_the_same_request_says_otherwise() {
        let enforced = |patch| attempt(&Settings::default(), patch).unwrap().settings.enforce_verification;
        assert!(enforced(r#"{"signing_secret":"s"}"#));
        assert!(!enforced(r#"{"signing_secret":"s","enforce_verification":false}"#));
    }

    #[test]
    fn options_merge_and_are_checked() {
        let changed = attempt(&Settings::default(), r#"{"options":{"depth":5,"tag":"x"}}"#).unwrap();
        assert_eq!(Value::Object(changed.settings.options.clone()), serde_json::json!({"depth": 5, "tag": "x"}));
        let changed = attempt(&changed.settings, r#"{"options":{"depth":null}}"#).unwrap();
        assert_eq!(Value::Object(changed.settings.options), serde_json::json!({"tag": "x"}));
        insta::assert_snapshot!(error(r#"{"options":{"depth":"deep"}}"#), @r#"s.options.depth: expected integer, found "deep""#);
        insta::assert_snapshot!(error(r#"{"options":{"dept":1}}"#), @"s.options.dept: the plugin has no such option; it has depth, tag");
        insta::assert_snapshot!(error(r#"{"options":[]}"#), @"s.options: found an array, expected an object or null");
    }

    #[test]
    fn refusals_name_the_setting() {
        insta::assert_snapshot!(error(r#"{"enforce_idempotency":"yes"}"#), @"s.enforce_idempotency: found a string, expected true, false or null");
        insta::assert_snapshot!(error(r#"{"enforce_idempotence":true}"#), @r#"s.enforce_idempotence: there is no such setting; the nearest is "enforce_idempotency""#);
        insta::assert_snapshot!(error(r#"{"endpoint":"https://elsewhere.example"}"#), @"s.endpoint: it is read only and now another; leave it out");
        insta::assert_snapshot!(error(r#"{"signing_secret_set":true}"#), @"s.signing_secret_set: it is read only and now another; leave it out");
        insta::assert_snapshot!(error(r#"{"preprocess_script":{"language":"javascript","source":""}}"#), @r#"s.preprocess_script: a source of the provider "http" runs no script; create one with the provider "script", which does"#);
        insta::assert_snapshot!(error(r#"{"max_body_bytes":1e400}"#), @"s.max_body_bytes: it holds a number that is too large");
        insta::assert_snapshot!(error("[]"), @"s: found an array, expected an object");
    }
}
