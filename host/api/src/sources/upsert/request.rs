//! Checks the request to create or change a source as far as that needs no configuration.

use crate::{
    body::{Given, JsonBody},
    error::ApiError,
};

/// The longest key, in characters.
const MAX_KEY: usize = 64;
/// The longest name, in characters.
const MAX_NAME: usize = 255;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 4096;
/// The longest URL, in characters.
const MAX_URL: usize = 2048;

/// A request to create or change a source, about one environment.
pub struct UpsertRequest<'a> {
    /// Human-readable name.
    pub name: String,
    /// The change of the description.
    pub description: TextChange,
    /// The change of the image.
    pub custom_image_url: TextChange,
    /// The plugin's key.
    pub preconfigured_provider: Option<Given<'a>>,
    /// Settings to merge into those of the environment.
    pub settings: Option<Given<'a>>,
    /// All mappings of the environment.
    pub mappings: Option<Given<'a>>,
}

/// A change of an optional text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextChange {
    /// Keeps the present text.
    Keep,
    /// Sets or removes the text.
    Set(Option<String>),
}

impl TextChange {
    /// Returns the text after the change.
    pub fn apply(&self, present: Option<&String>) -> Option<String> {
        match self {
            TextChange::Keep => present.cloned(),
            TextChange::Set(text) => text.clone(),
        }
    }
}

impl<'a> UpsertRequest<'a> {
    /// Checks a body about this environment. The response of a `GET` is a valid body.
    pub fn read(body: &'a JsonBody, environment: &str) -> Result<Self, ApiError> {
        let mut top = body.given().object()?;
        let mut source = top.take_required("source", "an object")?.object()?;
        top.finish()?;
        let name = source.take_required("name", "a string")?;
        let description = source.take("description");
        let custom_image_url = source.take("custom_image_url");
        let preconfigured_provider = source.take_some("preconfigured_provider");
        let (settings, mappings) = match source.take_some("environment_settings") {
            Some(given) => read_environments(&given, environment)?,
            None => (None, None),
        };
        source.ignore(&["key", "created_at", "updated_at"]);
        source.finish()?;
        Ok(Self {
            name: read_text(&name, MAX_NAME)?,
            description: read_change(description, |given| read_text(given, MAX_DESCRIPTION))?,
            custom_image_url: read_change(custom_image_url, read_url)?,
            preconfigured_provider,
            settings,
            mappings,
        })
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

type Environment<'a> = (Option<Given<'a>>, Option<Given<'a>>);

fn read_environments<'a>(given: &Given<'a>, environment: &str) -> Result<Environment<'a>, ApiError> {
    let mut found = (None, None);
    for (slug, given) in given.object()?.rest() {
        if slug != environment {
            return Err(given.refuse(format!(
                "this request is about the environment {environment:?} only; put the other in a request of its own"
            )));
        }
        let mut members = given.object()?;
        found = (members.take_some("settings"), members.take_some("mappings"));
        members.ignore(&["updated_at", "version"]);
        members.finish()?;
    }
    Ok(found)
}

fn read_change(
    given: Option<Given<'_>>,
    read: impl Fn(&Given<'_>) -> Result<String, ApiError>,
) -> Result<TextChange, ApiError> {
    match given {
        None => Ok(TextChange::Keep),
        Some(given) if given.is_null() => Ok(TextChange::Set(None)),
        Some(given) => Ok(TextChange::Set(Some(read(&given)?))),
    }
}

fn read_text(given: &Given<'_>, most: usize) -> Result<String, ApiError> {
    let text = given.string()?;
    match text.chars().count() {
        0 => Err(given.refuse("it is empty; expected a text")),
        count if count > most => Err(given.refuse(format!("found {count} characters, expected at most {most}"))),
        _ => Ok(text),
    }
}

fn read_url(given: &Given<'_>) -> Result<String, ApiError> {
    let url = read_text(given, MAX_URL)?;
    // The URL is shown as an image. Another scheme, such as javascript:, could run code there.
    match url.starts_with("https://") || url.starts_with("http://") {
        true => Ok(url),
        false => Err(given.refuse("expected a URL that begins with https:// or http://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn error(body: &str) -> String {
        let body = JsonBody::of(body);
        match UpsertRequest::read(&body, "development") {
            Ok(_) => panic!("it was taken"),
            Err(error) => format!("{}: {error}", error.field().unwrap_or("-")),
        }
    }

    #[test]
    fn what_a_get_shows_may_be_sent_back() {
        let body = JsonBody::of(
            r#"{"source":{"key":"k","name":"N","description":null,"preconfigured_provider":"http","created_at":"x",
                "updated_at":"x","environment_settings":{"development":{"updated_at":"x","version":3,
                "settings":{"max_body_bytes":5},"mappings":[]}}}}"#,
        );
        let request = UpsertRequest::read(&body, "development").unwrap();
        assert_eq!((request.name.as_str(), request.description), ("N", TextChange::Set(None)));
        assert_eq!(request.custom_image_url, TextChange::Keep);
        assert_eq!(request.settings.unwrap().field, "source.environment_settings.development.settings");
        assert_eq!(request.mappings.unwrap().text, "[]");
    }

    #[test]
    fn what_is_absent_or_null_changes_nothing() {
        for settings in
            ["", r#","environment_settings":null"#, r#","environment_settings":{"development":{"settings":null}}"#]
        {
            let body = JsonBody::of(&format!(r#"{{"source":{{"name":"N"{settings}}}}}"#));
            let request = UpsertRequest::read(&body, "development").unwrap();
            assert!(request.settings.is_none() && request.mappings.is_none());
        }
    }

    #[test]
    fn refusals_name_the_member() {
        insta::assert_snapshot!(error("[]"), @"-: the body: found an array, expected an object");
        insta::assert_snapshot!(error("{}"), @"source: it is missing; expected an object");
        insta::assert_snapshot!(error(r#"{"source":{}}"#), @"source.name: it is missing; expected a string");
        insta::assert_snapshot!(error(r#"{"source":{"name":7}}"#), @"source.name: found a number, expected a string");
        insta::assert_snapshot!(error(r#"{"source":{"name":""}}"#), @"source.name: it is empty; expected a text");
        insta::assert_snapshot!(error(r#"{"source":{"name":"N","descripton":"x"}}"#), @"source.descripton: there is no such member; see /openapi.json for those there are");
        insta::assert_snapshot!(error(r#"{"source":{"name":"N","custom_image_url":"javascript:alert(1)"}}"#), @"source.custom_image_url: expected a URL that begins with https:// or http://");
        insta::assert_snapshot!(error(r#"{"source":{"name":"N","environment_settings":{"production":{}}}}"#), @r#"source.environment_settings.production: this request is about the environment "development" only; put the other in a request of its own"#);
        insta::assert_snapshot!(error(r#"{"source":{"name":"N","environment_settings":{"development":{"setting":{}}}}}"#), @"source.environment_settings.development.setting: there is no such member; see /openapi.json for those there are");
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
