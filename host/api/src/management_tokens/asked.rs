//! What a `POST` of a management token asks for.

use std::collections::BTreeSet;

use inlet_core::time;
use inlet_engine::snapshot::Snapshot;
use inlet_store::Author;
use utoipa::ToSchema;

use crate::{
    body::{Given, JsonBody},
    error::ApiError,
    scope::Scope,
};

/// The longest name, in characters.
const MAX_NAME: usize = 255;
/// The longest life of a token that ends at all, in days.
const MAX_DAYS: i64 = 3650;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A token to create.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `Asked::read` reads")]
pub struct CreateManagementToken {
    /// For people, and what the log of changes says.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// What it may do: `read`; `operate` (sources, settings, mappings, replays) and `plugins`, which include it; `admin`,
    /// which includes all.
    #[schema(min_items = 1)]
    scopes: Vec<String>,
    /// Where it is good; null or absent: everywhere, in environments to come too.
    #[schema(min_items = 1)]
    environments: Option<Vec<String>>,
    /// From when on it is refused; null or absent: never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Instead of `expires_at`: how long it is good, in days.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<i64>,
}

/// What a `POST` of a management token asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// For people.
    pub name: String,
    /// At least one; each once.
    pub scopes: BTreeSet<Scope>,
    /// By environment id; none: everywhere.
    pub environment_ids: Option<Vec<i64>>,
    /// In milliseconds since 1970; none: never.
    pub expires_at_ms: Option<i64>,
}

impl Asked {
    /// Reads a body.
    pub fn read(body: &JsonBody, snapshot: &Snapshot, now_ms: i64) -> Result<Self, ApiError> {
        let id_of = |slug: &str| snapshot.environment(slug).map(|environment| environment.id);
        Self::read_with(body, id_of, now_ms)
    }

    fn read_with(body: &JsonBody, id_of: impl Fn(&str) -> Option<i64>, now_ms: i64) -> Result<Self, ApiError> {
        let mut top = body.given().object()?;
        let name = read_name(&top.take_required("name", "a string")?)?;
        let scopes = read_scopes(&top.take_required("scopes", "an array of scopes")?)?;
        let environments = top.take_some("environments");
        let (at, in_days) = (top.take_some("expires_at"), top.take_some("expires_in_days"));
        top.finish()?;
        let expires_at_ms = match (at, in_days) {
            (Some(_), Some(given)) => return Err(given.refuse("expires_at is given too; give one of them")),
            (Some(given), None) => Some(read_time(&given, now_ms)?),
            (None, Some(given)) => Some(now_ms.saturating_add(read_days(&given)?.saturating_mul(DAY_MS))),
            (None, None) => None,
        };
        let environment_ids = environments.map(|given| read_environments(&given, id_of)).transpose()?;
        Ok(Self { name, scopes, environment_ids, expires_at_ms })
    }
}

fn read_name(given: &Given<'_>) -> Result<String, ApiError> {
    let name = given.string()?;
    if [Author::BOOTSTRAP, Author::DEMO].contains(&name.as_str()) {
        return Err(given.refuse(format!("{name:?} is what the server calls its own; choose another name")));
    }
    match name.chars().count() {
        0 => Err(given.refuse("it is empty; expected a text")),
        count if count > MAX_NAME => {
            Err(given.refuse(format!("found {count} characters, expected at most {MAX_NAME}")))
        }
        _ => Ok(name),
    }
}

fn read_scopes(given: &Given<'_>) -> Result<BTreeSet<Scope>, ApiError> {
    let read = |given: &Given<'_>| {
        let name = given.string()?;
        Scope::parse(&name).ok_or_else(|| {
            let known = Scope::ALL.map(Scope::as_str).join(", ");
            given.refuse(format!("found {name:?}, expected one of {known}"))
        })
    };
    let scopes: BTreeSet<Scope> = given.items()?.iter().map(read).collect::<Result<_, _>>()?;
    match scopes.is_empty() {
        true => Err(given.refuse("it is empty, and such a token could do nothing; name at least one scope")),
        false => Ok(scopes),
    }
}

fn read_environments(given: &Given<'_>, id_of: impl Fn(&str) -> Option<i64>) -> Result<Vec<i64>, ApiError> {
    let read = |given: &Given<'_>| {
        let slug = given.string()?;
        let unknown = || format!("there is no environment {slug:?}; GET /v1/environments lists those there are");
        id_of(&slug).ok_or_else(|| given.refuse(unknown()))
    };
    let ids: BTreeSet<i64> = given.items()?.iter().map(read).collect::<Result<_, _>>()?;
    match ids.is_empty() {
        true => Err(given.refuse("it is empty, and such a token would be good nowhere; leave it out for everywhere")),
        false => Ok(ids.into_iter().collect()),
    }
}

fn read_time(given: &Given<'_>, now_ms: i64) -> Result<i64, ApiError> {
    let text = given.string()?;
    let at_ms = time::parse(&text)
        .map(|us| us.div_euclid(1000))
        .ok_or_else(|| given.refuse(format!("found {text:?}, expected a time such as 2026-01-02T03:04:05Z")))?;
    match at_ms > now_ms {
        true => Ok(at_ms),
        false => Err(given.refuse(format!("{} is past; expected a time to come", time::write_ms(at_ms)))),
    }
}

fn read_days(given: &Given<'_>) -> Result<i64, ApiError> {
    let text = given.text.trim();
    text.parse().ok().filter(|days| (1..=MAX_DAYS).contains(days)).ok_or_else(|| {
        let found: String = text.chars().take(40).collect();
        given.refuse(format!("found {found}, expected a whole number of days from 1 to {MAX_DAYS}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Asked, String> {
        let id_of = |slug: &str| ["development", "production"].iter().position(|known| *known == slug);
        Asked::read_with(&JsonBody::of(text), |slug| id_of(slug).map(|at| at as i64), 1000)
            .map_err(|error| format!("{}: {error}", error.field().unwrap_or("-")))
    }

    #[test]
    fn a_token_is_good_everywhere_for_ever_unless_it_is_said() {
        let asked = read(r#"{"name":"CI","scopes":["operate","read","operate"]}"#).unwrap();
        assert_eq!(asked.scopes, BTreeSet::from([Scope::Read, Scope::Operate]));
        assert_eq!((asked.environment_ids, asked.expires_at_ms), (None, None));
        let asked = read(
            r#"{"name":"CI","scopes":["read"],"environments":["production","development","production"],
                "expires_in_days":1}"#,
        );
        let asked = asked.unwrap();
        assert_eq!((asked.environment_ids, asked.expires_at_ms), (Some(vec![0, 1]), Some(1000 + DAY_MS)));
        let asked = read(r#"{"name":"CI","scopes":["read"],"expires_at":"1970-01-01T00:00:02Z"}"#).unwrap();
        assert_eq!(asked.expires_at_ms, Some(2000));
    }

    #[test]
    fn refusals_name_the_member() {
        let error = |text: &str| read(text).unwrap_err();
        let with = |more: &str| read(&format!(r#"{{"name":"CI","scopes":["read"],{more}}}"#)).unwrap_err();
        insta::assert_snapshot!(error(r#"{"scopes":["read"]}"#), @"name: it is missing; expected a string");
        insta::assert_snapshot!(error(r#"{"name":"bootstrap","scopes":["read"]}"#), @r#"name: "bootstrap" is what the server calls its own; choose another name"#);
        insta::assert_snapshot!(error(r#"{"name":"CI"}"#), @"scopes: it is missing; expected an array of scopes");
        insta::assert_snapshot!(error(r#"{"name":"CI","scopes":[]}"#), @"scopes: it is empty, and such a token could do nothing; name at least one scope");
        insta::assert_snapshot!(error(r#"{"name":"CI","scopes":["read","root"]}"#), @r#"scopes[1]: found "root", expected one of read, operate, plugins, admin"#);
        insta::assert_snapshot!(with(r#""environments":[]"#), @"environments: it is empty, and such a token would be good nowhere; leave it out for everywhere");
        insta::assert_snapshot!(with(r#""environments":["moon"]"#), @r#"environments[0]: there is no environment "moon"; GET /v1/environments lists those there are"#);
        insta::assert_snapshot!(with(r#""expires_at":"1970-01-01T00:00:01Z""#), @"expires_at: 1970-01-01T00:00:01.000Z is past; expected a time to come");
        insta::assert_snapshot!(with(r#""expires_at":"soon""#), @r#"expires_at: found "soon", expected a time such as 2026-01-02T03:04:05Z"#);
        insta::assert_snapshot!(with(r#""expires_in_days":0"#), @"expires_in_days: found 0, expected a whole number of days from 1 to 3650");
        insta::assert_snapshot!(with(r#""expires_in_days":1,"expires_at":"2030-01-01""#), @"expires_in_days: expires_at is given too; give one of them");
        insta::assert_snapshot!(with(r#""scope":"read""#), @"scope: there is no such member; see /openapi.json for those there are");
    }
}
