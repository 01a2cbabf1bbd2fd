//! The settings of a source environment.
//!
//! Source of the rules: semantics.md §2 to §4 and §7. A signing secret is set like a setting, but it is never kept here:
//! everything here can be shown.

mod bad_setting;
mod change;
mod key_paths;
mod on_reject;
mod origin;
mod secret;
mod value;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{path::Path, verification::VerificationHeaders};

pub use crate::rotating_secret::SecretChange;
pub use bad_setting::BadSetting;
pub use change::{ChangeContext, ChangedSettings};
pub use key_paths::{KeyPaths, MAX_KEY_PATHS};
pub use on_reject::OnReject;
pub use origin::ANY_ORIGIN;

/// The default idempotency window: 24 hours, in seconds.
pub const DEFAULT_WINDOW_SECONDS: u64 = 24 * 60 * 60;
/// The longest idempotency window: 90 days, in seconds.
pub const MAX_WINDOW_SECONDS: u64 = 90 * 24 * 60 * 60;
/// The largest body limit that can be set, in bytes.
pub const MAX_BODY_BYTES: u64 = 256 * 1024 * 1024;
/// The largest number of requests in a second that can be set.
pub const MAX_REQUESTS_PER_SECOND: u64 = 100_000;

/// The settings in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// True if a request that is not verified is refused with 401.
    pub enforce_verification: bool,
    /// The header that holds the credential, in lower case, where the operator named another than the plugin.
    pub verification_header: Option<String>,
    /// The names of a Standard Webhooks signature's headers; none for those of the plugin, or for either where it names
    /// `svix-…`.
    pub verification_headers: Option<VerificationHeaders>,
    /// True to accept the items of a batch that its signature does not cover.
    pub trust_unsigned_batch_items: bool,
    /// True to replay an event whose key was executed within the window.
    pub enforce_idempotency: bool,
    /// The time for which an execution counts, in seconds.
    pub idempotency_window_seconds: u64,
    /// True to identify users from `identify` events.
    pub handle_identifies: bool,
    /// The path to the event type; it wins over the plugin, as the other paths do.
    pub event_type_path: Option<Path>,
    /// The path to the user id.
    pub user_id_path: Option<Path>,
    /// The path to the data.
    pub data_path: Option<Path>,
    /// The path to the idempotency key, or the paths to its parts.
    pub idempotency_key_path: Option<KeyPaths>,
    /// The path to the time of the event.
    pub timestamp_path: Option<Path>,
    /// The origins whose pages may send from a browser, as browsers write them, or [`ANY_ORIGIN`] alone.
    pub allowed_origins: Vec<String>,
    /// Headers that are forwarded besides the manifest's, in lower case.
    pub keep_headers: Vec<String>,
    /// Paths that are blanked before anything is stored, besides the manifest's.
    pub redact_paths: Vec<Path>,
    /// The body limit in bytes, if the operator set one.
    pub max_body_bytes: Option<u64>,
    /// The most items of a request, if the operator set a number.
    pub max_items: Option<u64>,
    /// The most requests in a second, if the operator set a number.
    pub max_requests_per_second: Option<u64>,
    /// The answer to a request whose items were all rejected, if the operator chose one.
    pub on_reject: Option<OnReject>,
    /// The plugin's own settings.
    pub options: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enforce_verification: false,
            verification_header: None,
            verification_headers: None,
            trust_unsigned_batch_items: false,
            enforce_idempotency: false,
            idempotency_window_seconds: DEFAULT_WINDOW_SECONDS,
            handle_identifies: false,
            event_type_path: None,
            user_id_path: None,
            data_path: None,
            idempotency_key_path: None,
            timestamp_path: None,
            allowed_origins: Vec::new(),
            keep_headers: Vec::new(),
            redact_paths: Vec::new(),
            max_body_bytes: None,
            max_items: None,
            max_requests_per_second: None,
            on_reject: None,
            options: Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::verification;

    fn scheme() -> verification::Template {
        serde_json::from_str(r#"{"scheme":"shared_secret","header":"x-webhook-secret"}"#).unwrap()
    }

    fn change(current: &Settings, has_secret: bool, patch: Value) -> Result<ChangedSettings, BadSetting> {
        let (defaults, scheme) = (Settings { handle_identifies: true, ..Settings::default() }, scheme());
        let kept_headers = ["x-kept".to_owned()];
        let context = ChangeContext {
            has_public_url: true,
            defaults: &defaults,
            has_secret,
            has_write_key: false,
            scheme: Some(&scheme),
            kept_headers: &kept_headers,
            max_items_limit: 50_000,
        };
        current.change(patch.as_object().unwrap(), context)
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
    fn a_source_is_verified_by_a_signature_or_a_write_key_and_never_by_either() {
        let change = |has: [bool; 2], patch: Value| {
            let defaults = Settings::default();
            let [has_secret, has_write_key] = has;
            let context = ChangeContext {
                has_public_url: true,
                defaults: &defaults,
                has_secret,
                has_write_key,
                scheme: None,
                kept_headers: &[],
                max_items_limit: 50_000,
            };
            Settings::default().change(patch.as_object().unwrap(), context).map_err(|error| error.to_string())
        };
        let first = change([false, false], json!({"write_key": " wk\n"})).unwrap();
        assert!(first.settings.enforce_verification, "no scheme is needed");
        assert!(matches!(&first.write_key, SecretChange::Set { secret, .. } if secret == "wk"));
        assert_eq!(first.notes, ["write_key: white space around it was removed"]);
        assert!(!change([false, true], json!({"write_key": "new"})).unwrap().settings.enforce_verification);
        let instead = change([true, false], json!({"write_key": "wk", "signing_secret": null})).unwrap();
        assert!(instead.secret == SecretChange::Clear && !instead.settings.enforce_verification);

        let error = |has, patch| change(has, patch).map(|_| ()).unwrap_err();
        insta::assert_snapshot!(error([false, false], json!({"write_key": "wk", "signing_secret": "s"})), @"write_key: there is a signing_secret, and a source is verified by a signature or by a write key, never by either; send signing_secret null too, or leave write_key out");
        insta::assert_snapshot!(error([true, false], json!({"write_key": "wk"})), @"write_key: there is a signing_secret, and a source is verified by a signature or by a write key, never by either; send signing_secret null too, or leave write_key out");
        insta::assert_snapshot!(error([false, true], json!({"signing_secret": "s"})), @"signing_secret: there is a write_key, and a source is verified by a signature or by a write key, never by either; send write_key null too, or leave signing_secret out");
        insta::assert_snapshot!(error([false, false], json!({"write_key": "a:b"})), @"write_key: it holds a colon, a space or a character beyond ASCII, which an SDK cannot send as a user name; expected visible ASCII characters without a colon");
        insta::assert_snapshot!(error([false, false], json!({"write_key": ""})), @"write_key: expected a string of 1 to 1024 bytes, or null");
        insta::assert_snapshot!(error([false, true], json!({"write_key_overlap_seconds": 5})), @"write_key_overlap_seconds: it says how long the previous secret stays good once write_key is set; send both, or 0 to end the previous one now");
        insta::assert_snapshot!(error([false, true], json!({"write_key": null, "enforce_verification": true})), @"enforce_verification: it needs a signing_secret or a write_key; set one, or set enforce_verification to false");
    }

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        let read = |origins: Value| {
            let changed = change(&Settings::default(), false, json!({"allowed_origins": origins}));
            changed.map(|changed| changed.settings.allowed_origins).map_err(|error| error.to_string())
        };
        let good = [
            "https://app.example.com",
            "http://localhost:3000",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
        ];
        assert_eq!(read(json!(good)).unwrap(), good);
        assert_eq!(read(json!(["*"])).unwrap(), ["*"]);
        assert_eq!(read(json!(null)).unwrap(), [""; 0]);
        let error = |origins| read(origins).unwrap_err();
        insta::assert_snapshot!(error(json!(["https://app.example.com/"])), @r#"allowed_origins: found "https://app.example.com/", and browsers send that origin as "https://app.example.com"; write it so"#);
        insta::assert_snapshot!(error(json!(["https://App.example.com:443"])), @r#"allowed_origins: found "https://App.example.com:443", and browsers send that origin as "https://app.example.com"; write it so"#);
        insta::assert_snapshot!(error(json!(["https://bücher.example/a?b"])), @r#"allowed_origins: found "https://bücher.example/a?b", and browsers send that origin as "https://xn--bcher-kva.example"; write it so"#);
        insta::assert_snapshot!(error(json!(["app.example.com"])), @r#"allowed_origins: found "app.example.com", expected an origin such as "https://app.example.com", or "*" alone for every origin"#);
        insta::assert_snapshot!(error(json!(["null"])), @r#"allowed_origins: found "null", expected an origin such as "https://app.example.com", or "*" alone for every origin"#);
        insta::assert_snapshot!(error(json!(["https://*.example.com"])), @r#"allowed_origins: found "https://*.example.com", expected an origin such as "https://app.example.com", or "*" alone for every origin"#);
        insta::assert_snapshot!(error(json!(["*", "https://app.example.com"])), @r#"allowed_origins: "*" allows every origin; send it alone, or take it out"#);
        insta::assert_snapshot!(error(json!("*")), @"allowed_origins: found a string, expected an array of at most 100 strings or null");
    }

    #[test]
    fn refusals_name_the_field() {
        let on = Settings { enforce_verification: true, ..Settings::default() };
        let error = |current: &Settings, has_secret, patch| {
            change(current, has_secret, patch).map(|_| ()).unwrap_err().to_string()
        };
        let off = Settings::default();
        insta::assert_snapshot!(error(&off, false, json!({"enforce_verification": true})), @"enforce_verification: it needs a signing_secret or a write_key; set one, or set enforce_verification to false");
        insta::assert_snapshot!(error(&on, true, json!({"signing_secret": null})), @"enforce_verification: it needs a signing_secret or a write_key; set one, or set enforce_verification to false");
        insta::assert_snapshot!(error(&off, false, json!({"signing_secret": 42})), @"signing_secret: expected a string of 1 to 16384 bytes, or null");
        insta::assert_snapshot!(error(&off, false, json!({"handle_identify": true})), @r#"handle_identify: there is no such setting; the nearest is "handle_identifies""#);
        insta::assert_snapshot!(error(&off, false, json!({"enforce_idempotency": "yes"})), @"enforce_idempotency: found a string, expected true, false or null");
        insta::assert_snapshot!(error(&off, false, json!({"idempotency_window_seconds": 0})), @"idempotency_window_seconds: found 0, expected a whole number from 1 to 7776000");
        insta::assert_snapshot!(error(&off, false, json!({"event_type_path": "a..b"})), @r#"event_type_path: an empty name at character 3 of the path "a..b"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error(&off, false, json!({"keep_headers": ["Authorization"]})), @r#"keep_headers: "authorization" holds a credential and never leaves the door; take it out of the list"#);
        insta::assert_snapshot!(error(&off, false, json!({"keep_headers": ["X-Webhook-Secret"]})), @r#"keep_headers: "x-webhook-secret" holds a credential and never leaves the door; take it out of the list"#);
        insta::assert_snapshot!(error(&off, false, json!({"keep_headers": ["a b"]})), @r#"keep_headers: "a b" is not a header's name"#);
        insta::assert_snapshot!(error(&off, false, json!({"on_reject": "drop"})), @r#"on_reject: found "drop", expected "accept" (200) or "refuse" (422)"#);
        insta::assert_snapshot!(error(&off, false, json!({"on_reject": 422})), @r#"on_reject: found a number, expected "accept" (200), "refuse" (422) or null"#);
        insta::assert_snapshot!(error(&off, false, json!({"max_items": 0})), @"max_items: found 0, expected a whole number from 1 to 50000, the server's max_items_limit");
        insta::assert_snapshot!(error(&off, false, json!({"max_items": 50_001})), @"max_items: found 50001, expected a whole number from 1 to 50000, the server's max_items_limit");
    }

    #[test]
    fn a_path_to_a_header_that_is_not_kept_is_refused() {
        let error = |current: &Settings, patch| change(current, true, patch).map(|_| ()).unwrap_err().to_string();
        let off = Settings::default();
        insta::assert_snapshot!(error(&off, json!({"event_type_path": "headers.X-Topic"})), @r#"event_type_path: it reads the header "x-topic", which is not kept; add "x-topic" to keep_headers"#);
        insta::assert_snapshot!(error(&off, json!({"timestamp_path": "headers[\"x-at\"]"})), @r#"timestamp_path: it reads the header "x-at", which is not kept; add "x-at" to keep_headers"#);
        insta::assert_snapshot!(error(&off, json!({"user_id_path": "headers.x-webhook-secret"})), @r#"user_id_path: it reads the header "x-webhook-secret", which holds a credential and is never kept"#);
        assert!(change(&off, true, json!({"event_type_path": "headers.X-Kept"})).is_ok());
        let both = json!({"event_type_path": "headers.x-topic", "keep_headers": ["X-Topic"]});
        let current = change(&off, true, both).unwrap().settings;
        insta::assert_snapshot!(error(&current, json!({"keep_headers": null})), @r#"event_type_path: it reads the header "x-topic", which is not kept; add "x-topic" to keep_headers"#);
        // What was saved before stays until one of them is changed.
        let earlier = Settings { keep_headers: Vec::new(), ..current };
        assert!(change(&earlier, true, json!({"handle_identifies": true})).is_ok());
    }

    #[test]
    fn the_headers_of_a_signature_are_chosen_where_there_is_a_choice() {
        let change = |scheme: &str, patch: Value| {
            let scheme = serde_json::from_str(scheme).unwrap();
            let context = ChangeContext {
                has_public_url: true,
                defaults: &Settings::default(),
                has_secret: false,
                has_write_key: false,
                scheme: Some(&scheme),
                kept_headers: &[],
                max_items_limit: 50_000,
            };
            let changed = Settings::default().change(patch.as_object().unwrap(), context);
            changed.map(|changed| changed.settings.verification_headers).map_err(|error| error.to_string())
        };
        let standard = r#"{"scheme":"signature","header":"webhook-signature","algorithm":"hmac_sha256","encoding":"base64",
            "signed":["{body}"]}"#;
        let either = change(standard, json!({"verification_headers": "either"}));
        assert_eq!(either, Ok(Some(VerificationHeaders::Either)));
        assert_eq!(change(standard, json!({"verification_headers": null})), Ok(None));
        let error = |scheme, patch| change(scheme, patch).unwrap_err();
        insta::assert_snapshot!(error(standard, json!({"verification_headers": "Svix"})), @r#"verification_headers: found "Svix", expected webhook, svix, either or null"#);
        insta::assert_snapshot!(error(standard, json!({"verification_headers": "svix", "verification_header": "x-sig"})), @r#"verification_headers: verification_header names "x-sig" as the only header of the signature; set one of the two to null"#);
        let shared = r#"{"scheme":"shared_secret","header":"x-webhook-secret"}"#;
        insta::assert_snapshot!(error(shared, json!({"verification_headers": "svix"})), @"verification_headers: it chooses between the headers webhook-… and svix-…, and this provider's signature is in neither; leave it out, or send null");
    }

    #[test]
    fn a_secret_pasted_as_it_stands_in_its_header_loses_the_name_of_the_scheme() {
        let change = |prefix: &str, secret: &str| {
            let scheme = json!({"scheme": "shared_secret", "header": "authorization", "prefix": prefix});
            let scheme = serde_json::from_value(scheme).unwrap();
            let context = ChangeContext {
                has_public_url: true,
                defaults: &Settings::default(),
                has_secret: false,
                has_write_key: false,
                scheme: Some(&scheme),
                kept_headers: &[],
                max_items_limit: 50_000,
            };
            let patch = json!({"signing_secret": secret});
            let changed = Settings::default().change(patch.as_object().unwrap(), context).unwrap();
            let SecretChange::Set { secret, .. } = changed.secret else { panic!("no secret") };
            (secret, changed.notes)
        };
        let note = r#"signing_secret: "Bearer" before it was removed, because senders add it"#;
        assert_eq!(change("Bearer ", "bearer TOKEN"), ("TOKEN".to_owned(), vec![note.to_owned()]));
        assert_eq!(
            change("Bearer ", "Bearer\n"),
            ("Bearer".to_owned(), vec!["signing_secret: white space around it was removed".to_owned()])
        );
        assert_eq!(change("Bearer ", "TOKEN"), ("TOKEN".to_owned(), Vec::new()));
        assert_eq!(change("", "Bearer TOKEN"), ("Bearer TOKEN".to_owned(), Vec::new()));
    }

    #[test]
    fn an_idempotency_key_has_one_path_or_several() {
        let off = Settings::default();
        let set =
            |value: Value| change(&off, false, json!({"idempotency_key_path": value})).map(|changed| changed.settings);
        let shown = |value: Value| {
            let settings = set(value).unwrap();
            let text = serde_json::to_string(&settings).unwrap();
            assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
            serde_json::to_value(&settings).unwrap()["idempotency_key_path"].clone()
        };
        assert_eq!(shown(json!("data.id")), json!("data.id"), "as earlier versions stored it");
        assert_eq!(shown(json!(["data.id"])), json!("data.id"));
        assert_eq!(shown(json!(["data.id", "data.updated_at"])), json!(["data.id", "data.updated_at"]));
        assert_eq!(shown(Value::Null), Value::Null);
        let error = |value: Value| set(value).unwrap_err().to_string();
        insta::assert_snapshot!(error(json!([])), @"idempotency_key_path: found 0 paths, expected 1 to 10");
        insta::assert_snapshot!(error(json!(vec!["a"; 11])), @"idempotency_key_path: found 11 paths, expected 1 to 10");
        insta::assert_snapshot!(error(json!(["a", 7])), @"idempotency_key_path: found an array, expected a path (a string), an array of paths or null");
        insta::assert_snapshot!(error(json!(7)), @"idempotency_key_path: found a number, expected a path (a string), an array of paths or null");
        insta::assert_snapshot!(error(json!(["a", "b..c"])), @r#"idempotency_key_path: an empty name at character 3 of the path "b..c"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error(json!(["a", "headers.x-id"])), @r#"idempotency_key_path: it reads the header "x-id", which is not kept; add "x-id" to keep_headers"#);
    }

    #[test]
    fn options_merge() {
        let current = change(&Settings::default(), false, json!({"options": {"a": 1, "b": 2}})).unwrap().settings;
        let changed = change(&current, false, json!({"options": {"a": null, "c": 3}})).unwrap().settings;
        assert_eq!(Value::Object(changed.options), json!({"b": 2, "c": 3}));
    }

    #[test]
    fn what_is_stored_reads_back() {
        let settings = change(
            &Settings::default(),
            false,
            json!({"redact_paths": ["a[0].b"], "max_body_bytes": 5, "on_reject": "refuse", "max_items": 7, "max_requests_per_second": 3}),
        );
        let settings = settings.unwrap().settings;
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
    }
}
