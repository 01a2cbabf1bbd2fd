//! Changing settings.

use serde_json::{Map, Value};

use super::{
    BadSetting, KeyPaths, MAX_BODY_BYTES, MAX_REQUESTS_PER_SECOND, MAX_WINDOW_SECONDS, Settings,
    secret::{self, SIGNING_SECRET, WRITE_KEY},
    value::SettingValue,
};
use crate::{
    nearest::nearest,
    rotating_secret::SecretChange,
    verification::{self, HeaderFamily, Template},
};

/// Settings after a change.
pub struct ChangedSettings {
    /// The settings now in force.
    pub settings: Settings,
    /// The change of the signing secret.
    pub secret: SecretChange,
    /// The change of the write key.
    pub write_key: SecretChange,
    /// Notes for the operator about values that were changed before they were saved.
    pub notes: Vec<String>,
}

/// The context that a change is checked against.
#[derive(Clone, Copy)]
pub struct ChangeContext<'a> {
    /// The plugin's defaults, which null returns a setting to.
    pub defaults: &'a Settings,
    /// True if there is a signing secret now.
    pub has_secret: bool,
    /// True if there is a write key now.
    pub has_write_key: bool,
    /// The plugin's verification scheme.
    pub scheme: Option<&'a Template>,
    /// True if the server knows the URL that senders call.
    pub has_public_url: bool,
    /// The headers that the plugin's manifest keeps, in lower case.
    pub kept_headers: &'a [String],
    /// The largest `max_items` that the server allows.
    pub max_items_limit: u64,
}

impl Settings {
    /// Merges a change: null clears a setting, and an absent one stays. `options` are merged member by member; the caller,
    /// who has the plugin's schema, checks them. `endpoint` and `preprocess_script` are left to the caller too.
    pub fn change(
        &self,
        patch: &Map<String, Value>,
        context: ChangeContext<'_>,
    ) -> Result<ChangedSettings, BadSetting> {
        let mut settings = self.clone();
        let (mut secret, secret_note) = SIGNING_SECRET.read(patch)?;
        let (write_key, write_key_note) = WRITE_KEY.read(patch)?;
        let mut notes: Vec<String> = secret_note.into_iter().chain(write_key_note).collect();
        if let (SecretChange::Set { secret, .. }, Some(Template::SharedSecret(scheme))) = (&mut secret, context.scheme)
            && let Some(bare) = scheme.without_prefix(secret)
        {
            notes.push(format!(
                "signing_secret: {:?} before it was removed, because senders add it",
                scheme.prefix.trim()
            ));
            *secret = bare.to_owned();
        }
        for (name, value) in patch {
            let is_read = secret::NAMES.contains(&name.as_str());
            if !is_read && !matches!(name.as_str(), "endpoint" | "preprocess_script") {
                settings.set(name, value, context)?;
            }
        }
        if let (SecretChange::Set { secret, .. }, Some(scheme)) = (&secret, context.scheme) {
            scheme.check_secret(secret).map_err(|error| BadSetting::new("signing_secret", error.to_string()))?;
        }
        if let SecretChange::Set { secret: key, .. } = &write_key {
            secret::check_write_key(key)?;
        }
        let has_secret = secret.leaves_secret(context.has_secret);
        let has_write_key = write_key.leaves_secret(context.has_write_key);
        check_one_credential(has_secret, has_write_key, &write_key)?;
        // A first credential turns enforcement on unless the same request says otherwise.
        let had_credential = context.has_secret || context.has_write_key;
        if (has_secret || has_write_key) && !had_credential && !patch.contains_key("enforce_verification") {
            settings.enforce_verification = true;
        }
        if settings.enforce_verification && !has_secret && !has_write_key {
            let message = "it needs a signing_secret or a write_key; set one, or set enforce_verification to false";
            return Err(BadSetting::new("enforce_verification", message));
        }
        if settings.enforce_verification && !has_write_key && context.scheme.is_none() {
            let message = "this provider has no verification scheme, so nothing could be accepted; set it to false, or set a \
                           write_key";
            return Err(BadSetting::new("enforce_verification", message));
        }
        if settings.verification_headers.is_some() && context.scheme.and_then(HeaderFamily::of).is_none() {
            let message = "it chooses between the headers webhook-… and svix-…, and this provider's signature is in neither; \
                           leave it out, or send null";
            return Err(BadSetting::new("verification_headers", message));
        }
        if let (Some(_), Some(name)) = (settings.verification_headers, &settings.verification_header) {
            let message = format!(
                "verification_header names {name:?} as the only header of the signature; set one of the two to null"
            );
            return Err(BadSetting::new("verification_headers", message));
        }
        if settings.enforce_verification
            && !has_write_key
            && !context.has_public_url
            && context.scheme.is_some_and(Template::reads_address)
        {
            let message = "this provider signs the URL that it calls, and this server does not know its own, so nothing could \
                           be accepted; set public_url in the server's configuration and restart it, or set \
                           enforce_verification to false";
            return Err(BadSetting::new("enforce_verification", message));
        }
        if settings.verification_header.is_some() && context.scheme.is_some_and(|scheme| scheme.header().is_none()) {
            let message = "this provider's credential is in one of several headers, in the query or in the body; leave it out, or \
                           send null";
            return Err(BadSetting::new("verification_header", message));
        }
        let own = context.scheme.into_iter().flat_map(Template::credential_headers);
        let credentials: Vec<&str> = match settings.verification_header.as_deref() {
            Some(named) => vec![named],
            None => own.collect(),
        };
        if let Some(name) =
            settings.keep_headers.iter().find(|name| !verification::may_be_forwarded(name, credentials.iter().copied()))
        {
            let message = format!("{name:?} holds a credential and never leaves the door; take it out of the list");
            return Err(BadSetting::new("keep_headers", message));
        }
        if patch.keys().any(|name| name.ends_with("_path") || name == "keep_headers") {
            settings.check_header_paths(context.kept_headers, &credentials)?;
        }
        Ok(ChangedSettings { settings, secret, write_key, notes })
    }

    /// Refuses a path to a header that is not kept, which would never find anything.
    fn check_header_paths(&self, kept: &[String], credentials: &[&str]) -> Result<(), BadSetting> {
        let paths = [
            ("event_type_path", self.event_type_path.as_slice()),
            ("user_id_path", self.user_id_path.as_slice()),
            ("data_path", self.data_path.as_slice()),
            ("idempotency_key_path", self.idempotency_key_path.as_ref().map_or(&[], KeyPaths::as_slice)),
            ("timestamp_path", self.timestamp_path.as_slice()),
        ];
        for (setting, path) in
            paths.into_iter().flat_map(|(setting, paths)| paths.iter().map(move |path| (setting, path)))
        {
            let Some(name) = path.header() else { continue };
            if !verification::may_be_forwarded(&name, credentials.iter().copied()) {
                let message = format!("it reads the header {name:?}, which holds a credential and is never kept");
                return Err(BadSetting::new(setting, message));
            }
            if !kept.contains(&name) && !self.keep_headers.contains(&name) {
                let message = format!("it reads the header {name:?}, which is not kept; add {name:?} to keep_headers");
                return Err(BadSetting::new(setting, message));
            }
        }
        Ok(())
    }
}

/// Refuses a signing secret beside a write key. As alternatives the weaker one would count: a write key is public in browsers.
fn check_one_credential(has_secret: bool, has_write_key: bool, change: &SecretChange) -> Result<(), BadSetting> {
    if !has_secret || !has_write_key {
        return Ok(());
    }
    let (name, other) = match change {
        SecretChange::Set { .. } => (WRITE_KEY.secret, SIGNING_SECRET.secret),
        _ => (SIGNING_SECRET.secret, WRITE_KEY.secret),
    };
    let message = format!(
        "there is a {other}, and a source is verified by a signature or by a write key, never by either; send {other} null \
         too, or leave {name} out"
    );
    Err(BadSetting::new(name, message))
}

/// Refuses a name that is no setting.
fn unknown(name: &str) -> BadSetting {
    let known = serde_json::to_value(Settings::default()).unwrap_or_default();
    let known = known.as_object().into_iter().flat_map(Map::keys).map(String::as_str).chain(secret::NAMES);
    BadSetting::new(
        name,
        match nearest(name, known) {
            Some(known) => format!("there is no such setting; the nearest is {known:?}"),
            None => "there is no such setting; see /openapi.json for those there are".to_owned(),
        },
    )
}

impl Settings {
    fn set(&mut self, name: &str, value: &Value, context: ChangeContext<'_>) -> Result<(), BadSetting> {
        let defaults = context.defaults;
        let field = SettingValue { name, value };
        match name {
            "enforce_verification" => self.enforce_verification = field.bool(defaults.enforce_verification)?,
            "verification_header" => self.verification_header = field.header(&defaults.verification_header)?,
            "verification_headers" => {
                self.verification_headers = field.verification_headers(defaults.verification_headers)?;
            }
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
            "idempotency_key_path" => {
                self.idempotency_key_path = field.key_paths(&defaults.idempotency_key_path)?;
            }
            "timestamp_path" => self.timestamp_path = field.path(&defaults.timestamp_path)?,
            "allowed_origins" => self.allowed_origins = field.origins(&defaults.allowed_origins)?,
            "keep_headers" => self.keep_headers = field.headers(&defaults.keep_headers)?,
            "redact_paths" => self.redact_paths = field.paths(&defaults.redact_paths)?,
            "max_body_bytes" => self.max_body_bytes = field.number(1..=MAX_BODY_BYTES)?.or(defaults.max_body_bytes),
            "max_items" => {
                let number = field.number(1..=context.max_items_limit);
                let named = |error: BadSetting| match value {
                    Value::Number(_) => {
                        BadSetting::new(name, format!("{}, the server's max_items_limit", error.message))
                    }
                    _ => error,
                };
                self.max_items = number.map_err(named)?.or(defaults.max_items);
            }
            "max_requests_per_second" => {
                let number = field.number(1..=MAX_REQUESTS_PER_SECOND)?;
                self.max_requests_per_second = number.or(defaults.max_requests_per_second);
            }
            "on_reject" => self.on_reject = field.on_reject()?.or(defaults.on_reject),
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
            _ => return Err(unknown(name)),
        }
        Ok(())
    }
}
