//! What a `POST` or a `PATCH` of an environment asks for.

use std::ops::RangeInclusive;

use inlet_store::{EnvironmentSettings, KeepBodies};
use utoipa::ToSchema;

use crate::{
    body::{Given, JsonBody, Object},
    error::ApiError,
};

/// The longest slug and name, in characters.
const MAX_SLUG: usize = 64;
const MAX_NAME: usize = 255;
/// For how long anything may be kept, in days.
const DAYS: RangeInclusive<i64> = 1..=3650;
/// How long logs are kept unless something else is asked for, in days.
const DEFAULT_DAYS: i64 = 30;

/// An environment to create.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `read_new` reads")]
pub struct CreateEnvironment {
    /// In URLs; unique; never changes. Of a-z, 0-9, _ and -.
    #[schema(min_length = 1, max_length = 64)]
    slug: String,
    /// For people.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// How long its logs are kept, in days; 30 if absent.
    #[schema(minimum = 1, maximum = 3650)]
    retention_days: Option<i64>,
    /// How long bodies are kept, in days; null or absent: as long as the logs.
    #[schema(minimum = 1, maximum = 3650)]
    body_retention_days: Option<i64>,
    /// `all`, or `failures`: events that did not fail lose their bodies; `all` if absent.
    keep_bodies: Option<String>,
    /// Show its logs without the values that came; false if absent.
    hide_personal_data: Option<bool>,
}

/// What becomes of an environment: what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `read_change` reads")]
pub struct UpdateEnvironment {
    /// For people.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// How long its logs are kept, in days.
    #[schema(minimum = 1, maximum = 3650)]
    retention_days: Option<i64>,
    /// How long bodies are kept, in days; null: as long as the logs.
    #[schema(minimum = 1, maximum = 3650)]
    body_retention_days: Option<i64>,
    /// `all`, or `failures`: events that did not fail lose their bodies.
    keep_bodies: Option<String>,
    /// Show its logs without the values that came.
    hide_personal_data: Option<bool>,
}

/// Reads a new environment: its slug, and the rest.
pub fn read_new(body: &JsonBody) -> Result<(String, EnvironmentSettings), ApiError> {
    let mut top = body.given().object()?;
    let slug = read_slug(&top.take_required("slug", "a string")?)?;
    let name = read_name(&top.take_required("name", "a string")?)?;
    let new = EnvironmentSettings {
        name,
        retention_days: DEFAULT_DAYS,
        body_retention_days: None,
        keep_bodies: KeepBodies::All,
        hide_personal_data: false,
    };
    let settings = read_settings(&mut top, new)?;
    top.finish()?;
    Ok((slug, settings))
}

/// Reads a change of an environment. What a `GET` shows may be sent back.
pub fn read_change(body: &JsonBody, slug: &str, present: EnvironmentSettings) -> Result<EnvironmentSettings, ApiError> {
    let mut top = body.given().object()?;
    if let Some(given) = top.take_some("slug")
        && given.string()? != slug
    {
        return Err(given.refuse(format!("this environment is {slug:?} and keeps its slug; leave it out")));
    }
    let mut settings = read_settings(&mut top, present)?;
    if let Some(given) = top.take_some("name") {
        settings.name = read_name(&given)?;
    }
    top.ignore(&["created_at"]);
    top.finish()?;
    Ok(settings)
}

fn read_settings(top: &mut Object<'_>, present: EnvironmentSettings) -> Result<EnvironmentSettings, ApiError> {
    let mut settings = present;
    if let Some(given) = top.take_some("retention_days") {
        settings.retention_days = read_days(&given)?;
    }
    match top.take("body_retention_days") {
        None => {}
        Some(given) if given.is_null() => settings.body_retention_days = None,
        Some(given) => settings.body_retention_days = Some(read_days(&given)?),
    }
    if let Some(given) = top.take_some("keep_bodies") {
        let name = given.string()?;
        settings.keep_bodies = KeepBodies::parse(&name)
            .ok_or_else(|| given.refuse(format!("found {name:?}, expected \"all\" or \"failures\"")))?;
    }
    if let Some(given) = top.take_some("hide_personal_data") {
        settings.hide_personal_data = given.bool()?;
    }
    Ok(settings)
}

fn read_slug(given: &Given<'_>) -> Result<String, ApiError> {
    let slug = given.string()?;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    match (1..=MAX_SLUG).contains(&slug.len()) && slug.bytes().all(allowed) {
        true => Ok(slug),
        false => {
            let message = format!("found {slug:?}, expected 1 to {MAX_SLUG} of the characters a-z, 0-9, _ and -");
            Err(given.refuse(message))
        }
    }
}

fn read_name(given: &Given<'_>) -> Result<String, ApiError> {
    let name = given.string()?;
    match name.chars().count() {
        0 => Err(given.refuse("it is empty; expected a text")),
        count if count > MAX_NAME => {
            Err(given.refuse(format!("found {count} characters, expected at most {MAX_NAME}")))
        }
        _ => Ok(name),
    }
}

fn read_days(given: &Given<'_>) -> Result<i64, ApiError> {
    let text = given.text.trim();
    text.parse().ok().filter(|days| DAYS.contains(days)).ok_or_else(|| {
        let found: String = text.chars().take(40).collect();
        given.refuse(format!("found {found}, expected a whole number of days from {} to {}", DAYS.start(), DAYS.end()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_environment_has_defaults() {
        let (slug, settings) = read_new(&JsonBody::of(r#"{"slug":"eu-1","name":"Europe"}"#)).unwrap();
        assert_eq!((slug.as_str(), settings.retention_days, settings.body_retention_days), ("eu-1", 30, None));
        assert!(settings.keep_bodies == KeepBodies::All && !settings.hide_personal_data);
    }

    #[test]
    fn what_is_absent_stays_and_null_clears_the_retention_of_bodies() {
        let read = |present, text: &str| read_change(&JsonBody::of(text), "eu", present).unwrap();
        let (_, present) = read_new(&JsonBody::of(r#"{"slug":"eu","name":"E"}"#)).unwrap();
        let text = r#"{"body_retention_days":7,"keep_bodies":"failures","hide_personal_data":true}"#;
        let changed = read(present.clone(), text);
        assert_eq!((changed.name.as_str(), changed.body_retention_days), ("E", Some(7)));
        assert!(changed.keep_bodies == KeepBodies::Failures && changed.hide_personal_data);
        assert_eq!(read(changed.clone(), r#"{"slug":"eu","created_at":"x","name":null}"#), changed);
        assert_eq!(read(changed, r#"{"body_retention_days":null}"#).body_retention_days, None);
    }

    #[test]
    fn refusals_name_the_member() {
        let show = |error: ApiError| format!("{}: {error}", error.field().unwrap_or("-"));
        let new = |text: &str| show(read_new(&JsonBody::of(text)).unwrap_err());
        insta::assert_snapshot!(new(r#"{"name":"E"}"#), @"slug: it is missing; expected a string");
        insta::assert_snapshot!(new(r#"{"slug":"E U","name":"E"}"#), @r#"slug: found "E U", expected 1 to 64 of the characters a-z, 0-9, _ and -"#);
        insta::assert_snapshot!(new(r#"{"slug":"e","name":""}"#), @"name: it is empty; expected a text");
        insta::assert_snapshot!(new(r#"{"slug":"e","name":"E","retention_days":0}"#), @"retention_days: found 0, expected a whole number of days from 1 to 3650");
        insta::assert_snapshot!(new(r#"{"slug":"e","name":"E","body_retention_days":1.5}"#), @"body_retention_days: found 1.5, expected a whole number of days from 1 to 3650");
        insta::assert_snapshot!(new(r#"{"slug":"e","name":"E","keep_bodies":"none"}"#), @r#"keep_bodies: found "none", expected "all" or "failures""#);
        insta::assert_snapshot!(new(r#"{"slug":"e","name":"E","hide_personal_data":"yes"}"#), @"hide_personal_data: found a string, expected true or false");
        insta::assert_snapshot!(new(r#"{"slug":"e","name":"E","color":"red"}"#), @"color: there is no such member; see /openapi.json for those there are");
        let (_, present) = read_new(&JsonBody::of(r#"{"slug":"eu","name":"E"}"#)).unwrap();
        let error = show(read_change(&JsonBody::of(r#"{"slug":"us"}"#), "eu", present).unwrap_err());
        insta::assert_snapshot!(error, @r#"slug: this environment is "eu" and keeps its slug; leave it out"#);
    }
}
