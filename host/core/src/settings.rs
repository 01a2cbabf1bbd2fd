//! The settings of a source environment: which there are, what they mean, and how a change is taken.
//!
//! Source of the rules: semantics.md §2 to §4 and §7. The signing secret is a setting to write, but it is never kept here:
//! what is here can be shown.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use crate::signing_secret::SecretChange;
use crate::{path::Path, signing_secret, verification};

/// The idempotency window unless something else is set: 24 hours, in seconds.
pub const DEFAULT_WINDOW_SECONDS: u64 = 24 * 60 * 60;
/// The longest idempotency window: 90 days, in seconds.
pub const MAX_WINDOW_SECONDS: u64 = 90 * 24 * 60 * 60;
/// The largest body limit that can be set, in bytes.
pub const MAX_BODY_BYTES: u64 = 256 * 1024 * 1024;

/// What an operator can set, as it is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Refuse (401) what is not verified.
    pub enforce_verification: bool,
    /// The header that holds the credential, in lower case, where the operator named another than the plugin.
    pub verification_header: Option<String>,
    /// Accept the items of a batch that its signature does not cover.
    pub trust_unsigned_batch_items: bool,
    /// Replay instead of executing again for a key seen within the window.
    pub enforce_idempotency: bool,
    /// How long an execution counts.
    pub idempotency_window_seconds: u64,
    /// Identify users from `identify` events.
    pub handle_identifies: bool,
    /// Where the event type is; wins over the plugin.
    pub event_type_path: Option<Path>,
    /// Where the user id is; wins over the plugin.
    pub user_id_path: Option<Path>,
    /// Where the data is; wins over the plugin.
    pub data_path: Option<Path>,
    /// Where the idempotency key is; wins over the plugin.
    pub idempotency_key_path: Option<Path>,
    /// Where the time is; wins over the plugin.
    pub timestamp_path: Option<Path>,
    /// Headers that may leave the door besides those the manifest lists, in lower case.
    pub keep_headers: Vec<String>,
    /// What is blanked before anything is stored, besides the manifest's.
    pub redact_paths: Vec<Path>,
    /// The body limit, where the operator set one.
    pub max_body_bytes: Option<u64>,
    /// The plugin's own.
    pub options: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enforce_verification: false,
            verification_header: None,
            trust_unsigned_batch_items: false,
            enforce_idempotency: false,
            idempotency_window_seconds: DEFAULT_WINDOW_SECONDS,
            handle_identifies: false,
            event_type_path: None,
            user_id_path: None,
            data_path: None,
            idempotency_key_path: None,
            timestamp_path: None,
            keep_headers: Vec::new(),
            redact_paths: Vec::new(),
            max_body_bytes: None,
            options: Map::new(),
        }
    }
}

/// Why a setting is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct BadSetting {
    /// The setting's name.
    pub field: String,
    /// What was found, what was expected.
    pub message: String,
}

impl BadSetting {
    /// An error about a setting.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

/// Settings after a change.
pub struct Changed {
    /// What is in force now.
    pub settings: Settings,
    /// What becomes of the secret.
    pub secret: SecretChange,
}

/// What a change is checked against.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// What null returns to: the plugin's defaults.
    pub defaults: &'a Settings,
    /// Whether there is a secret now.
    pub has_secret: bool,
    /// The plugin's verification scheme.
    pub scheme: Option<&'a verification::Template>,
}

impl Settings {
    /// Merges a change: null clears, what is absent stays. `options` are merged in turn and are checked by the caller,
    /// who has the plugin's schema. `endpoint` and `preprocess_script` are the caller's too.
    pub fn change(&self, patch: &Map<String, Value>, terms: Terms<'_>) -> Result<Changed, BadSetting> {
        let mut settings = self.clone();
        let secret = SecretChange::read(patch)?;
        for (name, value) in patch {
            let is_read = signing_secret::NAMES.contains(&name.as_str());
            if !is_read && !matches!(name.as_str(), "endpoint" | "preprocess_script") {
                settings.set(name, value, terms.defaults)?;
            }
        }
        if let (SecretChange::Set { secret, .. }, Some(scheme)) = (&secret, terms.scheme) {
            scheme.check_secret(secret).map_err(|error| BadSetting::new("signing_secret", error.to_string()))?;
        }
        let has_secret = match secret {
            SecretChange::Keep | SecretChange::EndPrevious => terms.has_secret,
            SecretChange::Clear => false,
            SecretChange::Set { .. } => true,
        };
        // Whoever gives a first secret wants it used; the same request may say otherwise.
        if has_secret && !terms.has_secret && !patch.contains_key("enforce_verification") {
            settings.enforce_verification = true;
        }
        if settings.enforce_verification && !has_secret {
            let message = "it needs a signing_secret; set one, or set enforce_verification to false";
            return Err(BadSetting::new("enforce_verification", message));
        }
        if settings.enforce_verification && terms.scheme.is_none() {
            let message = "this provider has no verification scheme, so nothing could be accepted; set it to false";
            return Err(BadSetting::new("enforce_verification", message));
        }
        let credential = settings.verification_header.as_deref().or(terms.scheme.map(verification::Template::header));
        if let Some(name) =
            settings.keep_headers.iter().find(|name| !verification::may_leave_the_door(name, credential))
        {
            let message = format!("{name:?} holds a credential and never leaves the door; take it out of the list");
            return Err(BadSetting::new("keep_headers", message));
        }
        Ok(Changed { settings, secret })
    }

    fn set(&mut self, name: &str, value: &Value, defaults: &Settings) -> Result<(), BadSetting> {
        let field = Field { name, value };
        match name {
            "enforce_verification" => self.enforce_verification = field.bool(defaults.enforce_verification)?,
            "verification_header" => self.verification_header = field.header(&defaults.verification_header)?,
            "trust_unsigned_batch_items" => {
                self.trust_unsigned_batch_items = field.bool(defaults.trust_unsigned_batch_items)?;
            }
            "enforce_idempotency" => self.enforce_idempotency = field.bool(defaults.enforce_idempotency)?,
            "idempotency_window_seconds" => {
                self.idempotency_window_seconds =
                    field.number(1..=MAX_WINDOW_SECONDS)?.unwrap_or(defaults.idempotency_window_seconds);
            }
            "handle_identifies" => self.handle_identifies = field.bool(defaults.handle_identifies)?,
            "event_type_path" => self.event_type_path = field.path(&defaults.event_type_path)?,
            "user_id_path" => self.user_id_path = field.path(&defaults.user_id_path)?,
            "data_path" => self.data_path = field.path(&defaults.data_path)?,
            "idempotency_key_path" => self.idempotency_key_path = field.path(&defaults.idempotency_key_path)?,
            "timestamp_path" => self.timestamp_path = field.path(&defaults.timestamp_path)?,
            "keep_headers" => self.keep_headers = field.headers(&defaults.keep_headers)?,
            "redact_paths" => self.redact_paths = field.paths(&defaults.redact_paths)?,
            "max_body_bytes" => self.max_body_bytes = field.number(1..=MAX_BODY_BYTES)?.or(defaults.max_body_bytes),
            "options" => match value {
                Value::Null => self.options = defaults.options.clone(),
                Value::Object(options) => {
                    for (name, value) in options {
                        match value {
                            Value::Null => drop(self.options.remove(name)),
                            value => drop(self.options.insert(name.clone(), value.clone())),
                        }
                    }
                }
                _ => return Err(field.expected("an object")),
            },
            _ => return Err(BadSetting::new(name, "there is no such setting; see /openapi.json for those there are")),
        }
        Ok(())
    }
}

/// One member of a change.
struct Field<'a> {
    name: &'a str,
    value: &'a Value,
}

impl Field<'_> {
    fn expected(&self, what: &str) -> BadSetting {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        BadSetting::new(self.name, format!("found {found}, expected {what} or null"))
    }

    fn bool(&self, default: bool) -> Result<bool, BadSetting> {
        match self.value {
            Value::Null => Ok(default),
            Value::Bool(value) => Ok(*value),
            _ => Err(self.expected("true, false")),
        }
    }

    fn number(&self, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, BadSetting> {
        match self.value {
            Value::Null => Ok(None),
            Value::Number(number) => match number.as_u64().filter(|number| range.contains(number)) {
                Some(number) => Ok(Some(number)),
                None => Err(BadSetting::new(
                    self.name,
                    format!("found {number}, expected a whole number from {} to {}", range.start(), range.end()),
                )),
            },
            _ => Err(self.expected("a whole number")),
        }
    }

    fn path(&self, default: &Option<Path>) -> Result<Option<Path>, BadSetting> {
        match self.value {
            Value::Null => Ok(default.clone()),
            Value::String(text) => {
                Path::parse(text).map(Some).map_err(|error| BadSetting::new(self.name, error.to_string()))
            }
            _ => Err(self.expected("a path (a string)")),
        }
    }

    fn strings(&self) -> Result<Option<Vec<&str>>, BadSetting> {
        match self.value {
            Value::Null => Ok(None),
            Value::Array(items) if items.len() <= 100 => items
                .iter()
                .map(Value::as_str)
                .collect::<Option<Vec<_>>>()
                .map(Some)
                .ok_or_else(|| self.expected("an array of strings")),
            _ => Err(self.expected("an array of at most 100 strings")),
        }
    }

    fn paths(&self, default: &[Path]) -> Result<Vec<Path>, BadSetting> {
        let Some(texts) = self.strings()? else { return Ok(default.to_vec()) };
        texts
            .into_iter()
            .map(|text| Path::parse(text).map_err(|error| BadSetting::new(self.name, error.to_string())))
            .collect()
    }

    fn header(&self, default: &Option<String>) -> Result<Option<String>, BadSetting> {
        match self.value {
            Value::Null => Ok(default.clone()),
            Value::String(name) => self.header_name(name).map(Some),
            _ => Err(self.expected("a header's name")),
        }
    }

    fn headers(&self, default: &[String]) -> Result<Vec<String>, BadSetting> {
        let Some(names) = self.strings()? else { return Ok(default.to_vec()) };
        names.into_iter().map(|name| self.header_name(name)).collect()
    }

    /// A header's name (RFC 9110 token) in lower case.
    fn header_name(&self, name: &str) -> Result<String, BadSetting> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        match !name.is_empty() && name.len() <= 256 && name.bytes().all(token) {
            true => Ok(name.to_ascii_lowercase()),
            false => Err(BadSetting::new(self.name, format!("{name:?} is not a header's name"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scheme() -> verification::Template {
        serde_json::from_str(r#"{"scheme":"shared_secret","header":"x-webhook-secret"}"#).unwrap()
    }

    fn change(current: &Settings, has_secret: bool, patch: Value) -> Result<Changed, BadSetting> {
        let (defaults, scheme) = (Settings { handle_identifies: true, ..Settings::default() }, scheme());
        let terms = Terms { defaults: &defaults, has_secret, scheme: Some(&scheme) };
        current.change(patch.as_object().unwrap(), terms)
    }

    #[test]
    fn what_is_absent_stays_and_null_clears() {
        let current = Settings {
            enforce_idempotency: true,
            event_type_path: Some(Path::parse("body.type").unwrap()),
            ..Settings::default()
        };
        let changed = change(&current, false, json!({"handle_identifies": null, "event_type_path": null})).unwrap();
        assert!(changed.settings.enforce_idempotency);
        assert!(changed.settings.handle_identifies, "null returns to the provider's default");
        assert_eq!(changed.settings.event_type_path, None);
        assert!(changed.secret == SecretChange::Keep);
    }

    #[test]
    fn the_first_secret_turns_enforcement_on_unless_the_request_says_otherwise() {
        let off = Settings::default();
        assert!(change(&off, false, json!({"signing_secret": "s"})).unwrap().settings.enforce_verification);
        let kept_off = change(&off, false, json!({"signing_secret": "s", "enforce_verification": false})).unwrap();
        assert!(!kept_off.settings.enforce_verification);
        let second = change(&off, true, json!({"signing_secret": "t"})).unwrap();
        assert!(!second.settings.enforce_verification, "only the first one does");
    }

    #[test]
    fn refusals_name_the_field() {
        let on = Settings { enforce_verification: true, ..Settings::default() };
        let error = |current: &Settings, has_secret, patch| {
            change(current, has_secret, patch).map(|_| ()).unwrap_err().to_string()
        };
        let off = Settings::default();
        insta::assert_snapshot!(error(&off, false, json!({"enforce_verification": true})), @"enforce_verification: it needs a signing_secret; set one, or set enforce_verification to false");
        insta::assert_snapshot!(error(&on, true, json!({"signing_secret": null})), @"enforce_verification: it needs a signing_secret; set one, or set enforce_verification to false");
        insta::assert_snapshot!(error(&off, false, json!({"signing_secret": 42})), @"signing_secret: expected a string of 1 to 1024 bytes, or null");
        insta::assert_snapshot!(error(&off, false, json!({"handle_identify": true})), @"handle_identify: there is no such setting; see /openapi.json for those there are");
        insta::assert_snapshot!(error(&off, false, json!({"enforce_idempotency": "yes"})), @"enforce_idempotency: found a string, expected true, false or null");
        insta::assert_snapshot!(error(&off, false, json!({"idempotency_window_seconds": 0})), @"idempotency_window_seconds: found 0, expected a whole number from 1 to 7776000");
        insta::assert_snapshot!(error(&off, false, json!({"event_type_path": "a..b"})), @r#"event_type_path: an empty name at character 3 of the path "a..b"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error(&off, false, json!({"keep_headers": ["Authorization"]})), @r#"keep_headers: "authorization" holds a credential and never leaves the door; take it out of the list"#);
        insta::assert_snapshot!(error(&off, false, json!({"keep_headers": ["X-Webhook-Secret"]})), @r#"keep_headers: "x-webhook-secret" holds a credential and never leaves the door; take it out of the list"#);
        insta::assert_snapshot!(error(&off, false, json!({"keep_headers": ["a b"]})), @r#"keep_headers: "a b" is not a header's name"#);
    }

    #[test]
    fn options_merge() {
        let current = change(&Settings::default(), false, json!({"options": {"a": 1, "b": 2}})).unwrap().settings;
        let changed = change(&current, false, json!({"options": {"a": null, "c": 3}})).unwrap().settings;
        assert_eq!(Value::Object(changed.options), json!({"b": 2, "c": 3}));
    }

    #[test]
    fn what_is_stored_reads_back() {
        let settings = change(&Settings::default(), false, json!({"redact_paths": ["a[0].b"], "max_body_bytes": 5}));
        let settings = settings.unwrap().settings;
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
    }
}
