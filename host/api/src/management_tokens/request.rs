//! The request that creates a management token.

use std::collections::BTreeSet;

use inlet_api_types::management_tokens::CreateManagementToken;
use inlet_core::time;
use inlet_engine::snapshot::Snapshot;
use inlet_store::Author;

use crate::{error::ApiError, scope::Scope};

/// The longest name, in characters.
const MAX_NAME: usize = 255;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A checked request.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// Human-readable name.
    pub name: String,
    /// At least one scope, each once.
    pub scopes: BTreeSet<Scope>,
    /// Ids of the environments that the token is limited to; none if it is not limited.
    pub environment_ids: Option<Vec<i64>>,
    /// In milliseconds since 1970; none if the token does not expire.
    pub expires_at_ms: Option<i64>,
}

impl TokenRequest {
    /// Checks a request.
    pub fn check(request: CreateManagementToken, snapshot: &Snapshot, now_ms: i64) -> Result<Self, ApiError> {
        let id_of = |slug: &str| snapshot.environment(slug).map(|environment| environment.id);
        Self::check_with(request, id_of, now_ms)
    }

    fn check_with(
        request: CreateManagementToken,
        id_of: impl Fn(&str) -> Option<i64>,
        now_ms: i64,
    ) -> Result<Self, ApiError> {
        let CreateManagementToken { name, scopes, environments, expires_at, expires_in_days } = request;
        check_name(&name)?;
        let scopes = parse_scopes(&scopes)?;
        let expires_at_ms = match (expires_at, expires_in_days) {
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid("expires_in_days", "expires_at is given too; give one of them"));
            }
            (Some(text), None) => Some(parse_expiry(&text, now_ms)?),
            (None, Some(days)) => Some(now_ms.saturating_add(days.get().saturating_mul(DAY_MS))),
            (None, None) => None,
        };
        let environment_ids = environments.map(|slugs| find_environments(&slugs, id_of)).transpose()?;
        Ok(Self { name, scopes, environment_ids, expires_at_ms })
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let refuse = |message: String| Err(ApiError::invalid("name", message));
    if [Author::BOOTSTRAP, Author::DEMO].contains(&name) {
        return refuse(format!("{name:?} is what the server calls its own; choose another name"));
    }
    match name.chars().count() {
        0 => refuse("it is empty; expected a text".to_owned()),
        count if count > MAX_NAME => refuse(format!("found {count} characters, expected at most {MAX_NAME}")),
        _ => Ok(()),
    }
}

fn parse_scopes(names: &[String]) -> Result<BTreeSet<Scope>, ApiError> {
    let parse = |(index, name): (usize, &String)| {
        Scope::parse(name).ok_or_else(|| {
            let known = Scope::ALL.map(Scope::as_str).join(", ");
            ApiError::invalid(format!("scopes[{index}]"), format!("found {name:?}, expected one of {known}"))
        })
    };
    match names.is_empty() {
        true => {
            let message = "it is empty, and such a token could do nothing; name at least one scope";
            Err(ApiError::invalid("scopes", message))
        }
        false => names.iter().enumerate().map(parse).collect(),
    }
}

fn find_environments(slugs: &[String], id_of: impl Fn(&str) -> Option<i64>) -> Result<Vec<i64>, ApiError> {
    let find = |(index, slug): (usize, &String)| {
        id_of(slug).ok_or_else(|| {
            let message = format!("there is no environment {slug:?}; GET /v1/environments lists those there are");
            ApiError::invalid(format!("environments[{index}]"), message)
        })
    };
    let ids: BTreeSet<i64> = slugs.iter().enumerate().map(find).collect::<Result<_, _>>()?;
    match ids.is_empty() {
        true => {
            let message = "it is empty, and such a token would be good nowhere; leave it out for everywhere";
            Err(ApiError::invalid("environments", message))
        }
        false => Ok(ids.into_iter().collect()),
    }
}

fn parse_expiry(text: &str, now_ms: i64) -> Result<i64, ApiError> {
    let refuse = |message: String| ApiError::invalid("expires_at", message);
    let at_ms = time::parse(text)
        .map(|us| us.div_euclid(1000))
        .ok_or_else(|| refuse(format!("found {text:?}, expected a time such as 2026-01-02T03:04:05Z")))?;
    match at_ms > now_ms {
        true => Ok(at_ms),
        false => Err(refuse(format!("{} is past; expected a time to come", time::write_ms(at_ms)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    fn read(text: &str) -> Result<TokenRequest, String> {
        let id_of = |slug: &str| ["development", "production"].iter().position(|known| *known == slug);
        JsonBody::of(text)
            .read()
            .and_then(|request| TokenRequest::check_with(request, |slug| id_of(slug).map(|at| at as i64), 1000))
            .map_err(|error| format!("{}: {error}", error.field().unwrap_or("-")))
    }

    #[test]
    fn a_token_is_good_everywhere_for_ever_unless_it_is_said() {
        let request = read(r#"{"name":"CI","scopes":["operate","read","operate"]}"#).unwrap();
        assert_eq!(request.scopes, BTreeSet::from([Scope::Read, Scope::Operate]));
        assert_eq!((request.environment_ids, request.expires_at_ms), (None, None));
        let request = read(
            r#"{"name":"CI","scopes":["read"],"environments":["production","development","production"],
                "expires_in_days":1}"#,
        );
        let request = request.unwrap();
        assert_eq!((request.environment_ids, request.expires_at_ms), (Some(vec![0, 1]), Some(1000 + DAY_MS)));
        let request = read(r#"{"name":"CI","scopes":["read"],"expires_at":"1970-01-01T00:00:02Z"}"#).unwrap();
        assert_eq!(request.expires_at_ms, Some(2000));
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
        insta::assert_snapshot!(with(r#""scope":"read""#), @r#"scope: there is no such member; the nearest is "scopes""#);
    }
}
