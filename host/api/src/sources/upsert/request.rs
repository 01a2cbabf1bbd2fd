//! Checks the request to create or change a source as far as that needs no configuration.

use std::collections::BTreeMap;

use inlet_api_types::{
    Patch,
    sources::{EnvironmentRequest, MappingRequest, SettingsRequest, UpsertSource},
};
use inlet_core::json;

use super::preprocess_script::{HTTP, PREPROCESS_SCRIPT, SCRIPT};
use crate::error::ApiError;

/// The longest key, in characters.
const MAX_KEY: usize = 64;
/// The longest name, in characters.
const MAX_NAME: usize = 255;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 4096;
/// The longest URL, in characters.
const MAX_URL: usize = 2048;

/// The member that names the source.
pub const NAME_FIELD: &str = "source.name";

/// The member that names the plugin.
pub const PROVIDER_FIELD: &str = "source.preconfigured_provider";

/// A checked request to create or change a source, about one environment.
#[derive(Debug)]
pub struct UpsertRequest {
    /// Human-readable name; none to keep the present one.
    pub name: Option<String>,
    /// The change of the description.
    pub description: Patch<String>,
    /// The change of the image.
    pub custom_image_url: Patch<String>,
    /// The plugin's key.
    pub provider: Option<String>,
    /// Settings to merge into those of the environment.
    pub settings: Option<SettingsRequest>,
    /// All mappings of the environment.
    pub mappings: Option<Vec<MappingRequest>>,
    environment: String,
}

impl UpsertRequest {
    /// Checks a request about this environment. The response of a `GET` is a valid request.
    pub fn check(request: UpsertSource, environment: &str) -> Result<Self, ApiError> {
        let source = request.source;
        source.name.as_deref().map_or(Ok(()), |name| check_text(NAME_FIELD, name, MAX_NAME))?;
        check_patch(&source.description, |text| check_text("source.description", text, MAX_DESCRIPTION))?;
        check_patch(&source.custom_image_url, check_url)?;
        let EnvironmentRequest { settings, mappings, .. } =
            only_environment(source.environment_settings.unwrap_or_default(), environment)?;
        Ok(Self {
            name: source.name,
            description: source.description,
            custom_image_url: source.custom_image_url,
            provider: source.preconfigured_provider,
            settings,
            mappings,
            environment: environment.to_owned(),
        })
    }

    /// Returns the key of the plugin of a new source. A source with a `preprocess_script` gets the plugin that runs it, if it names
    /// no other than the one for any HTTP request.
    pub fn provider_of_new(&self) -> Option<&str> {
        match self.provider.as_deref() {
            None | Some(HTTP) if self.has_script() => Some(SCRIPT),
            named => named,
        }
    }

    /// Returns true if a request that names the plugin `found` may be about a source that has `present`: it created the source
    /// with a `preprocess_script`.
    pub fn means_script(&self, found: &str, present: &str) -> bool {
        self.has_script() && (found, present) == (HTTP, SCRIPT)
    }

    fn has_script(&self) -> bool {
        let settings = serde_json::to_string(&self.settings).unwrap_or_default();
        json::member(&settings, PREPROCESS_SCRIPT).is_some_and(|script| script.trim() != "null")
    }

    /// Returns the path of a member of the environment's configuration.
    pub fn field(&self, member: &str) -> String {
        format!("source.environment_settings.{}.{member}", self.environment)
    }
}

/// Checks the key of a source.
pub fn check_key(key: &str) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    match (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(allowed) {
        true => Ok(()),
        false => {
            let message = format!("found {key:?}, expected 1 to {MAX_KEY} of the characters a-z, 0-9, _ and -");
            Err(ApiError::invalid("key", message))
        }
    }
}

fn only_environment(
    environments: BTreeMap<String, EnvironmentRequest>,
    environment: &str,
) -> Result<EnvironmentRequest, ApiError> {
    let mut found = EnvironmentRequest::default();
    for (slug, request) in environments {
        if slug != environment {
            let message = format!(
                "this request is about the environment {environment:?} only; put the other in a request of its own"
            );
            return Err(ApiError::invalid(format!("source.environment_settings.{slug}"), message));
        }
        found = request;
    }
    Ok(found)
}

fn check_patch(patch: &Patch<String>, check: impl FnOnce(&str) -> Result<(), ApiError>) -> Result<(), ApiError> {
    match patch {
        Patch::Keep | Patch::Clear => Ok(()),
        Patch::Set(text) => check(text),
    }
}

fn check_text(field: &str, text: &str, max: usize) -> Result<(), ApiError> {
    match text.chars().count() {
        0 => Err(ApiError::invalid(field, "it is empty; expected a text")),
        count if count > max => {
            Err(ApiError::invalid(field, format!("found {count} characters, expected at most {max}")))
        }
        _ => Ok(()),
    }
}

fn check_url(url: &str) -> Result<(), ApiError> {
    const FIELD: &str = "source.custom_image_url";
    check_text(FIELD, url, MAX_URL)?;
    // The URL is shown as an image. Another scheme, such as javascript:, could run code there.
    match url.starts_with("https://") || url.starts_with("http://") {
        true => Ok(()),
        false => Err(ApiError::invalid(FIELD, "expected a URL that begins with https:// or http://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;
    fn read(body: &str) -> Result<UpsertRequest, ApiError> {
        UpsertRequest::check(JsonBody::of(body).read()?, "development")
    }

    fn error(body: &str) -> String {
        let Err(error) = read(body) else { panic!("it was accepted") };
        format!("{}: {error}", error.field().unwrap_or("-"))
    }

    #[test]
    fn what_a_get_shows_may_be_sent_back() {
        let request = read(
            r#"{"source":{"key":"k","name":"N","description":null,"preconfigured_provider":"http","created_at":"x",
                "updated_at":"x","environment_settings":{"development":{"updated_at":"x","version":3,
                "settings":{"max_body_bytes":5},"mappings":[]}}}}"#,
        )
        .unwrap();
        assert_eq!((request.name.as_deref(), &request.description), (Some("N"), &Patch::Clear));
        assert_eq!(request.custom_image_url, Patch::Keep);
        assert_eq!(request.field("settings"), "source.environment_settings.development.settings");
        assert!(request.settings.is_some() && request.mappings.is_some_and(|mappings| mappings.is_empty()));
    }

    #[test]
    fn what_is_absent_or_null_changes_nothing() {
        for settings in
            ["", r#","environment_settings":null"#, r#","environment_settings":{"development":{"settings":null}}"#]
        {
            let request = read(&format!(r#"{{"source":{{"name":null{settings}}}}}"#)).unwrap();
            assert!(request.name.is_none() && request.settings.is_none() && request.mappings.is_none());
        }
    }

    #[test]
    fn refusals_name_the_member() {
        insta::assert_snapshot!(error("[]"), @"-: the body: found an array, expected an object");
        insta::assert_snapshot!(error("{}"), @"source: it is missing; expected an object");
        insta::assert_snapshot!(error(r#"{"source":{"name":7}}"#), @"source.name: found a number, expected a string");
        insta::assert_snapshot!(error(r#"{"source":{"name":""}}"#), @"source.name: it is empty; expected a text");
        insta::assert_snapshot!(error(r#"{"source":{"name":"N","descripton":"x"}}"#), @r#"source.descripton: there is no such member; the nearest is "description""#);
        insta::assert_snapshot!(error(r#"{"source":{"name":"N","custom_image_url":"javascript:alert(1)"}}"#), @"source.custom_image_url: expected a URL that begins with https:// or http://");
        insta::assert_snapshot!(error(r#"{"source":{"name":"N","environment_settings":{"production":{}}}}"#), @r#"source.environment_settings.production: this request is about the environment "development" only; put the other in a request of its own"#);
        insta::assert_snapshot!(error(r#"{"source":{"name":"N","environment_settings":{"development":{"setting":{}}}}}"#), @r#"source.environment_settings.development.setting: there is no such member; the nearest is "settings""#);
    }

    #[test]
    fn keys_are_plain() {
        for key in ["a", "segment-web_2", &"k".repeat(64)] {
            assert_eq!(check_key(key), Ok(()));
        }
        for key in ["", "A", "a b", "é", "a/b", &"k".repeat(65)] {
            assert_eq!(check_key(key).unwrap_err().field(), Some("key"));
        }
        insta::assert_snapshot!(check_key("My Source").unwrap_err(), @r#"found "My Source", expected 1 to 64 of the characters a-z, 0-9, _ and -"#);
    }
}
