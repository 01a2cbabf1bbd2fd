//! Query parameters. A parameter that the operation does not have is refused, and an empty value counts as absent.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequestParts, Query},
    http::{Uri, request::Parts},
};
use inlet_core::{Uuid, nearest::nearest, time};
use inlet_engine::snapshot::Snapshot;
use inlet_store::Environment;

use super::error::ApiError;

/// The most characters of an unknown name that an error repeats.
const MAX_SHOWN_NAME: usize = 100;

/// The query parameters that are lists: `a=1,2` or `a[]=1`, `a[0]=1` and, for members of objects, `a[0][id]=1`.
const LISTS: [&str; 4] = ["include", "recipients[]", "objects[]", "tenant_ids"];

/// The names of an operation's query parameters, from its description. The router hands them to the extractors of
/// [`crate::auth`] with every request.
#[derive(Debug, Clone)]
pub struct KnownParams(pub Arc<[String]>);

/// Query parameters, decoded.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

impl Params {
    /// Reads the parameters of a URI.
    pub fn of(uri: &Uri) -> Self {
        // Reading pairs never fails: invalid UTF-8 is replaced, and a part without `=` is a name.
        let pairs = Query::try_from_uri(uri).map(|Query(pairs)| pairs);
        Self(pairs.unwrap_or_default())
    }

    /// Iterates over the names and values in their order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds a parameter.
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    #[cfg(test)]
    pub fn parse(query: &str) -> Self {
        Self::of(&format!("/?{query}").parse().unwrap())
    }

    /// Refuses a parameter that the operation does not have: it would be left out of account without a word.
    pub fn check_known(&self, KnownParams(known): &KnownParams) -> Result<(), ApiError> {
        let is_known = |name: &str| {
            let base = name.split_once('[').map_or(name, |(base, _)| base);
            known
                .iter()
                .any(|known| known == name || LISTS.contains(&known.as_str()) && known.trim_end_matches("[]") == base)
        };
        let Some((unknown, _)) = self.0.iter().find(|(name, _)| !is_known(name)) else { return Ok(()) };
        let names = || known.iter().map(String::as_str);
        let message = match (nearest(unknown, names()), known.is_empty()) {
            (_, true) => "there is no such query parameter; this operation has none".to_owned(),
            (Some(known), _) => format!("there is no such query parameter; the nearest is {known:?}"),
            (None, _) => {
                let all: Vec<&str> = names().collect();
                format!("there is no such query parameter; expected one of {}", all.join(", "))
            }
        };
        Err(ApiError::invalid(unknown.chars().take(MAX_SHOWN_NAME).collect::<String>(), message))
    }

    /// Returns the last value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rfind(|(given, _)| given == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Returns true if an `include` parameter names `what`: `include=a,b`, `include[]=a` or `include[0]=a`, repeatable.
    pub fn includes(&self, what: &str) -> bool {
        let is_include = |name: &str| name == "include" || name.starts_with("include[");
        self.0
            .iter()
            .filter(|(name, _)| is_include(name))
            .flat_map(|(_, values)| values.split(','))
            .any(|value| value.trim() == what)
    }

    /// Reads a list of texts: `name=a`, `name[]=a` or `name[0]=a`, repeatable.
    pub fn list(&self, name: &str) -> Vec<String> {
        let is_item = |given: &str| given == name || given.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
        let items = self.0.iter().filter(|(given, value)| is_item(given) && !value.is_empty());
        items.map(|(_, value)| value.clone()).collect()
    }

    /// Reads a flag; false if it is absent.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid(name, format!("found {other:?}, expected true or false"))),
        }
    }

    /// Reads an id.
    pub fn id(&self, name: &str) -> Result<Option<Uuid>, ApiError> {
        let read = |text: &str| {
            Uuid::try_parse(text).map_err(|_| {
                ApiError::invalid(name, format!("found {text:?}, expected an id as this API gives them (a UUID)"))
            })
        };
        self.get(name).map(read).transpose()
    }

    /// Reads a time, in milliseconds since 1970, rounded up.
    pub fn time_ms(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let read = |text: &str| {
            time::parse(text).map(|us| -(-us).div_euclid(1000)).ok_or_else(|| {
                ApiError::invalid(name, format!("found {text:?}, expected a time such as 2026-01-02T03:04:05Z"))
            })
        };
        self.get(name).map(read).transpose()
    }

    /// Finds the environment that the parameter `environment` names.
    pub fn environment<'a>(&self, snapshot: &'a Snapshot) -> Result<Option<&'a Environment>, ApiError> {
        let find = |slug: &str| {
            snapshot.environment(slug).ok_or_else(|| {
                let message = format!("there is no environment {slug:?}; expected {}", slugs(snapshot));
                ApiError::invalid("environment", message)
            })
        };
        self.get("environment").map(find).transpose()
    }

    /// Finds the environment that the required parameter `environment` names.
    pub fn required_environment<'a>(&self, snapshot: &'a Snapshot) -> Result<&'a Environment, ApiError> {
        self.environment(snapshot)?.ok_or_else(|| {
            let message = format!("this query parameter is missing; expected {}", slugs(snapshot));
            ApiError::invalid("environment", message)
        })
    }
}

fn slugs(snapshot: &Snapshot) -> String {
    let slugs: Vec<&str> = snapshot.environments.iter().map(|environment| environment.slug.as_str()).collect();
    slugs.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn include_is_taken_in_every_form() {
        for query in [
            "include=actions",
            "include[]=actions",
            "include%5B%5D=actions",
            "include[0]=actions",
            "include=more,actions",
            "include=more&include=actions",
        ] {
            assert!(Params::parse(query).includes("actions"), "{query}");
        }
        for query in ["", "include", "include=", "include=action", "includes=actions"] {
            assert!(!Params::parse(query).includes("actions"), "{query}");
        }
    }

    #[test]
    fn an_empty_value_is_none_and_the_last_of_several_counts() {
        let params = Params::parse("a=&b=1&b=2&c&d=%41+%ff");
        assert_eq!((params.get("a"), params.get("b"), params.get("c")), (None, Some("2"), None));
        assert_eq!(params.get("d"), Some("A \u{fffd}"));
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_the_nearest() {
        let known = KnownParams(["environment", "event", "include", "user_id"].map(str::to_owned).into());
        let check = |query: &str| {
            let error = Params::parse(query).check_known(&known).err();
            error.map(|error| format!("{}: {error}", error.field().unwrap_or("-")))
        };
        for query in ["", "environment=x&event=", "include[]=a&include%5B0%5D=b", "include=a"] {
            assert_eq!(check(query), None, "{query}");
        }
        insta::assert_snapshot!(check("environment=x&user=u").unwrap(), @r#"user: there is no such query parameter; the nearest is "user_id""#);
        insta::assert_snapshot!(check("event[]=x").unwrap(), @r#"event[]: there is no such query parameter; the nearest is "event""#);
        insta::assert_snapshot!(check("zzz").unwrap(), @"zzz: there is no such query parameter; expected one of environment, event, include, user_id");
        let none = Params::parse("a=1").check_known(&KnownParams([].into())).unwrap_err();
        insta::assert_snapshot!(none, @"there is no such query parameter; this operation has none");
    }

    #[test]
    fn times_and_ids() {
        let params = Params::parse("t=2026-01-02T03:04:05.0001Z&u=2026-01-02T03:04:05+00:00&v=x&i=7");
        assert_eq!(params.time_ms("t"), Ok(Some(1_767_323_045_001)), "nothing before the time itself");
        assert_eq!(params.time_ms("u"), Ok(Some(1_767_323_045_000)), "a plus sign that was not escaped");
        insta::assert_snapshot!(params.time_ms("v").unwrap_err(), @r#"found "x", expected a time such as 2026-01-02T03:04:05Z"#);
        insta::assert_snapshot!(params.id("i").unwrap_err(), @r#"found "7", expected an id as this API gives them (a UUID)"#);
    }
}
