//! Who may ask: the operator with the management token, or an environment's own code with one of its keys.
//!
//! Tokens and keys are known by their SHA-256 only, so that looking one up takes no time that depends on it.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use subtle::ConstantTimeEq as _;

use super::error::{ApiError, Kind};
use crate::{app::App, configuration::hash_token};

/// The bearer of the management token.
pub struct Operator;

/// The bearer of an environment's key.
pub struct EnvironmentKey {
    /// The environment's database id.
    pub environment_id: i64,
}

enum Bearer {
    Operator,
    Environment(i64),
}

impl FromRequestParts<App> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match recognise(&parts.headers, app)? {
            Bearer::Operator => Ok(Operator),
            Bearer::Environment(_) => {
                let message = "this is an environment's key; here the management token is needed";
                Err(ApiError::new(Kind::Forbidden, message))
            }
        }
    }
}

impl FromRequestParts<App> for EnvironmentKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match recognise(&parts.headers, app)? {
            Bearer::Environment(environment_id) => Ok(EnvironmentKey { environment_id }),
            Bearer::Operator => {
                let message = "this is the management token; here an environment's key (sk_…) is needed, which \
                               POST /v1/environments/{slug}/api_keys makes";
                Err(ApiError::new(Kind::Forbidden, message))
            }
        }
    }
}

fn recognise(headers: &HeaderMap, app: &App) -> Result<Bearer, ApiError> {
    let token = bearer_token(headers)?;
    if bool::from(hash_token(token).ct_eq(&app.management_token)) {
        return Ok(Bearer::Operator);
    }
    match app.configuration().api_key_environment(token) {
        Some(environment_id) => Ok(Bearer::Environment(environment_id)),
        None => {
            Err(ApiError::new(Kind::Unauthorized, "the bearer token is not known here; check it, or make a new one"))
        }
    }
}

/// The token of `Authorization: Bearer …`, sent once.
fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let refused = |message: &str| ApiError::new(Kind::Unauthorized, message);
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| refused("there is no credential; send Authorization: Bearer <token>"))?;
    if values.next().is_some() {
        return Err(refused("there are several Authorization headers; send one"));
    }
    value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| refused("the credential is not a bearer token; send Authorization: Bearer <token>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_sent_once() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            bearer_token(&headers).map(str::to_owned).map_err(|error| error.to_string())
        };
        assert_eq!(read(&["Bearer a"]).as_deref(), Ok("a"));
        assert_eq!(read(&["bearer  a"]).as_deref(), Ok("a"));
        insta::assert_snapshot!(read(&[]).unwrap_err(), @"there is no credential; send Authorization: Bearer <token>");
        insta::assert_snapshot!(read(&["Bearer a", "Bearer a"]).unwrap_err(), @"there are several Authorization headers; send one");
        let not_one = "the credential is not a bearer token; send Authorization: Bearer <token>".to_owned();
        for value in ["Basic YTpi", "Bearer", "Bearer  ", "a"] {
            assert_eq!(read(&[value]), Err(not_one.clone()), "{value}");
        }
    }
}
