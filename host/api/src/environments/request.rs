//! Requests that create or change an environment.

use inlet_api_types::{
    Days,
    environments::{CreateEnvironment, UpdateEnvironment},
};
use inlet_store::{EnvironmentSettings, KeepBodies};

use crate::error::ApiError;

/// The longest slug, in characters.
const MAX_SLUG: usize = 64;
/// The longest name, in characters.
const MAX_NAME: usize = 255;
/// The default retention of logs, in days.
const DEFAULT_DAYS: i64 = 30;

/// Checks a request and returns the slug and the settings of the new environment.
pub fn create(request: CreateEnvironment) -> Result<(String, EnvironmentSettings), ApiError> {
    check_slug(&request.slug)?;
    check_name(&request.name)?;
    let settings = EnvironmentSettings {
        name: request.name,
        retention_days: request.retention_days.map_or(DEFAULT_DAYS, Days::get),
        body_retention_days: request.body_retention_days.map(Days::get),
        keep_bodies: request.keep_bodies.as_deref().map_or(Ok(KeepBodies::All), parse_keep_bodies)?,
        hide_personal_data: request.hide_personal_data.unwrap_or_default(),
    };
    Ok((request.slug, settings))
}

/// Applies a request to the present settings of the environment `slug`.
pub fn update(
    request: UpdateEnvironment,
    slug: &str,
    present: EnvironmentSettings,
) -> Result<EnvironmentSettings, ApiError> {
    if request.slug.is_some_and(|given| given != slug) {
        let message = format!("this environment is {slug:?} and keeps its slug; leave it out");
        return Err(ApiError::invalid("slug", message));
    }
    request.name.as_deref().map_or(Ok(()), check_name)?;
    let keep_bodies = request.keep_bodies.as_deref().map(parse_keep_bodies).transpose()?;
    Ok(EnvironmentSettings {
        name: request.name.unwrap_or(present.name),
        retention_days: request.retention_days.map_or(present.retention_days, Days::get),
        body_retention_days: request.body_retention_days.map(Days::get).apply(present.body_retention_days),
        keep_bodies: keep_bodies.unwrap_or(present.keep_bodies),
        hide_personal_data: request.hide_personal_data.unwrap_or(present.hide_personal_data),
    })
}

fn check_slug(slug: &str) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    match (1..=MAX_SLUG).contains(&slug.len()) && slug.bytes().all(allowed) {
        true => Ok(()),
        false => {
            let message = format!("found {slug:?}, expected 1 to {MAX_SLUG} of the characters a-z, 0-9, _ and -");
            Err(ApiError::invalid("slug", message))
        }
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    match name.chars().count() {
        0 => Err(ApiError::invalid("name", "it is empty; expected a text")),
        count if count > MAX_NAME => {
            Err(ApiError::invalid("name", format!("found {count} characters, expected at most {MAX_NAME}")))
        }
        _ => Ok(()),
    }
}

fn parse_keep_bodies(name: &str) -> Result<KeepBodies, ApiError> {
    KeepBodies::parse(name)
        .ok_or_else(|| ApiError::invalid("keep_bodies", format!("found {name:?}, expected \"all\" or \"failures\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    fn read_new(body: &JsonBody) -> Result<(String, EnvironmentSettings), ApiError> {
        create(body.read()?)
    }

    fn read_change(body: &JsonBody, slug: &str, present: EnvironmentSettings) -> Result<EnvironmentSettings, ApiError> {
        update(body.read()?, slug, present)
    }

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
