//! Authentication: an operator with a management token, or an environment's own code with an API key. A page of the
//! server itself names its operator in process ([`crate::in_process`]); the same checks follow.
//!
//! Tokens and keys are looked up by their SHA-256, so that the time of a look-up does not depend on the secret. The
//! access of an operation is given in the table of [`crate::routes`]. The extractor [`Operator`], which every handler
//! gets, checks the bearer against it, and against every environment that the path or the query names. Both extractors
//! refuse query parameters that the operation does not have, once they know the bearer.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderMap, header, request::Parts},
};
use inlet_core::time;
use inlet_engine::{
    Engine,
    clock::now_ms,
    snapshot::{Snapshot, TokenHash, hash_token},
};
use inlet_store::{Author, Credential, Environment, ManagementTokenRecord};
use subtle::ConstantTimeEq as _;

use super::{
    error::{ApiError, Kind},
    in_process::Caller,
    query::{KnownParams, Params},
    scope::{Access, Scope},
};

/// The bearer of a management token that permits the operation.
#[derive(Clone)]
pub struct Operator {
    /// None for the token that the server was started with, which permits everything everywhere.
    token: Option<Arc<ManagementTokenRecord>>,
    /// The person that a trusted proxy has signed in.
    person: Option<Arc<str>>,
}

/// The token of an operator, as a session refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRef {
    /// The database id; none for the token that the server was started with.
    pub id: Option<i64>,
    /// SHA-256 of the token.
    pub hash: TokenHash,
}

/// The bearer of an API key of an environment.
pub struct EnvironmentKey {
    /// Database id of the environment.
    pub environment_id: i64,
}

/// The bearer of an API key, or of a management token that permits the operation, with the environment that it names.
pub struct EnvironmentReader {
    /// Database id of the environment.
    pub environment_id: i64,
    /// True if received values are hidden from the bearer. Nothing is hidden from the code of the environment.
    pub hides_personal_data: bool,
    /// The operator in the log of changes; none for the code of the environment.
    pub author: Option<Author>,
}

impl EnvironmentReader {
    /// Refuses an operator from whom the environment hides personal data, where nothing else would be left to read.
    pub fn may_see_personal_data(&self) -> Result<(), ApiError> {
        match self.hides_personal_data {
            false => Ok(()),
            true => {
                let message = "this environment hides personal data; only its own code, with its key, sees its users, \
                               objects and tenants";
                Err(ApiError::new(Kind::Forbidden, message))
            }
        }
    }
}

/// The log of the environment whose key was used, which the body of the request counts for: its source environment's id.
#[derive(Clone, Copy)]
pub struct KeyLog(pub i64);

enum Bearer {
    Operator(Operator),
    Environment(i64),
}

impl Operator {
    /// Returns the operator with a management token, and how a session refers to the token.
    ///
    /// # Errors
    ///
    /// If the token is not known, or has expired; the error says so.
    pub fn of_token(engine: &Engine, token: &str) -> Result<(Self, TokenRef), ApiError> {
        let hash = hash_token(token);
        match recognise(&hash, engine, &engine.snapshot())? {
            Bearer::Operator(operator) => {
                let id = operator.token.as_ref().map(|token| token.id);
                Ok((operator, TokenRef { id, hash }))
            }
            Bearer::Environment(_) => {
                let message = "this is the key of an environment's own code; expected a management token (im_…)";
                Err(ApiError::new(Kind::Unauthorized, message))
            }
        }
    }

    /// Returns the operator and the hash of a stored token, or of the one that the server was started with. A token that
    /// is deleted or has expired has none.
    pub fn of_stored(engine: &Engine, id: Option<i64>) -> Option<(Self, TokenHash)> {
        let Some(id) = id else { return Some((Self { token: None, person: None }, engine.management_token)) };
        let snapshot = engine.snapshot();
        let token = snapshot.management_token_with_id(id)?;
        check_expiry(token, now_ms()).ok()?;
        engine.last_used.now(Credential::ManagementToken(id));
        Some((Self { token: Some(token.clone()), person: None }, token.hash))
    }

    /// Names the person, whom a trusted proxy has signed in.
    pub fn for_person(self, name: &str) -> Self {
        Self { person: Some(name.into()), ..self }
    }

    /// The human-readable name of the token, or of the person whom a trusted proxy has signed in.
    pub fn name(&self) -> &str {
        match (&self.person, &self.token) {
            (Some(person), _) => person,
            (None, Some(token)) => &token.name,
            (None, None) => Author::BOOTSTRAP,
        }
    }

    /// Returns true if the token has a scope, so that a page can leave out what would be refused.
    pub fn can(&self, wanted: Scope) -> bool {
        self.may(wanted).is_ok()
    }

    /// The author in the log of changes.
    pub fn author(&self) -> Author {
        Author { token_id: self.token.as_ref().map(|token| token.id), name: self.name().to_owned() }
    }

    /// Returns the reference by which a session or a link names the token.
    pub fn token_ref(&self, engine: &Engine) -> TokenRef {
        match &self.token {
            Some(token) => TokenRef { id: Some(token.id), hash: token.hash },
            None => TokenRef { id: None, hash: engine.management_token },
        }
    }

    /// Database ids of the environments that the token is limited to; none if it is not limited.
    pub fn environment_ids(&self) -> Option<&[i64]> {
        self.token.as_ref()?.environment_ids.as_deref()
    }

    /// Returns true if the token gives access to an environment. Lists leave out other environments.
    pub fn sees(&self, environment_id: i64) -> bool {
        self.environment_ids().is_none_or(|ids| ids.contains(&environment_id))
    }

    /// Returns true if the token is still there and has not expired, for answers that take long.
    pub fn is_valid(&self, snapshot: &Snapshot, now_ms: i64) -> bool {
        let Some(token) = &self.token else { return true };
        let present = snapshot.management_token(&token.hash).filter(|present| present.id == token.id);
        present.is_some_and(|present| check_expiry(present, now_ms).is_ok())
    }

    /// Refuses an environment that the token gives no access to. The extractor has checked those of the path and the query.
    pub fn may_see(&self, environment: &Environment) -> Result<(), ApiError> {
        match self.sees(environment.id) {
            true => Ok(()),
            false => Err(elsewhere()),
        }
    }

    /// Refuses to tell a token that is limited to some environments that another one does not exist.
    pub fn may_know_of_others(&self) -> Result<(), ApiError> {
        match self.environment_ids() {
            None => Ok(()),
            Some(_) => Err(elsewhere()),
        }
    }

    /// Refuses a token that is limited to some environments.
    pub fn may_see_all(&self) -> Result<(), ApiError> {
        match self.environment_ids() {
            None => Ok(()),
            Some(_) => {
                let message = "this token is limited to some environments, and this concerns all of them; use a token \
                               that is not limited";
                Err(ApiError::new(Kind::Forbidden, message))
            }
        }
    }

    /// Refuses a token without a scope that only some uses of an operation need. The extractor has checked the scope of
    /// the operation itself.
    pub fn may(&self, wanted: Scope) -> Result<(), ApiError> {
        let Some(token) = &self.token else { return Ok(()) };
        let mut scopes = token.scopes.iter().filter_map(|name| Scope::parse(name));
        match scopes.any(|scope| scope.includes(wanted)) {
            true => Ok(()),
            false => {
                let (has, wanted) = (token.scopes.join(", "), wanted.as_str());
                let message =
                    format!("this token has the scope {has}; here {wanted} is needed: use a token that has it");
                Err(ApiError::new(Kind::Forbidden, message))
            }
        }
    }

    /// Checks the environments that the query and the path name.
    async fn may_see_address(&self, parts: &mut Parts, snapshot: &Snapshot) -> Result<(), ApiError> {
        if self.environment_ids().is_none() {
            return Ok(());
        }
        let mut slugs: Vec<String> = Params::of(&parts.uri).get("environment").map(str::to_owned).into_iter().collect();
        if let Ok(params) = RawPathParams::from_request_parts(parts, &()).await {
            let named = params.iter().filter(|(name, _)| matches!(*name, "slug" | "environment"));
            slugs.extend(named.map(|(_, slug)| slug.to_owned()));
        }
        // An unknown environment is refused like a forbidden one, so that a limited token cannot probe names.
        let own = |slug: &String| snapshot.environment(slug).is_some_and(|found| self.sees(found.id));
        match slugs.iter().all(own) {
            true => Ok(()),
            false => Err(elsewhere()),
        }
    }
}

fn elsewhere() -> ApiError {
    let message = "this token is limited to other environments; name one of its own (GET /v1/environments lists them), \
                   or use another token";
    ApiError::new(Kind::Forbidden, message)
}

impl FromRequestParts<Engine> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, ApiError> {
        let snapshot = engine.snapshot();
        match bearer(parts, engine, &snapshot)? {
            Bearer::Operator(operator) => {
                let access = parts.extensions.get::<Access>().copied().unwrap_or(Access::Anyone);
                operator.may(wanted_scope(access)?)?;
                if let Access::Everywhere(_) = access {
                    operator.may_see_all()?;
                }
                operator.may_see_address(parts, &snapshot).await?;
                check_params(parts)?;
                Ok(operator)
            }
            Bearer::Environment(_) => {
                let message = "this is an environment's key; here the management token is needed";
                Err(ApiError::new(Kind::Forbidden, message))
            }
        }
    }
}

/// Returns the scope that an operation needs. An operation for operators without a scope is closed to all.
fn wanted_scope(access: Access) -> Result<Scope, ApiError> {
    access.scope().ok_or_else(|| {
        tracing::error!("an operation for management tokens has no scope; please report it");
        ApiError::new(Kind::Internal, "the server does not know who may do this; please report it")
    })
}

impl FromRequestParts<Engine> for EnvironmentKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, ApiError> {
        let snapshot = engine.snapshot();
        match bearer(parts, engine, &snapshot)? {
            Bearer::Environment(environment_id) => {
                check_params(parts)?;
                if let Some(log) = snapshot.api_log(environment_id) {
                    parts.extensions.insert(KeyLog(log.id));
                }
                Ok(EnvironmentKey { environment_id })
            }
            Bearer::Operator(_) => {
                let message = "this is the management token; here an environment's key (sk_…) is needed, which \
                               POST /v1/environments/{slug}/api_keys makes";
                Err(ApiError::new(Kind::Forbidden, message))
            }
        }
    }
}

impl FromRequestParts<Engine> for EnvironmentReader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, ApiError> {
        let snapshot = engine.snapshot();
        match bearer(parts, engine, &snapshot)? {
            Bearer::Environment(environment_id) => {
                check_params(parts)?;
                let named = Params::of(&parts.uri).environment(&snapshot)?;
                if named.is_some_and(|named| named.id != environment_id) {
                    let message =
                        "this key is of another environment; leave the parameter out, or use a key of that one";
                    return Err(ApiError::new(Kind::Forbidden, message));
                }
                Ok(Self { environment_id, hides_personal_data: false, author: None })
            }
            Bearer::Operator(operator) => {
                let access = parts.extensions.get::<Access>().copied().unwrap_or(Access::Anyone);
                operator.may(wanted_scope(access)?)?;
                operator.may_see_address(parts, &snapshot).await?;
                check_params(parts)?;
                let environment = Params::of(&parts.uri).required_environment(&snapshot)?.clone();
                operator.may_see(&environment)?;
                Ok(Self {
                    environment_id: environment.id,
                    hides_personal_data: environment.hide_personal_data,
                    author: Some(operator.author()),
                })
            }
        }
    }
}

/// Refuses query parameters that the operation does not have.
fn check_params(parts: &Parts) -> Result<(), ApiError> {
    match parts.extensions.get::<KnownParams>() {
        Some(known) => Params::of(&parts.uri).check_known(known),
        None => Ok(()),
    }
}

/// Returns the bearer of a request: the operator of a page of this server, or the owner of the token in the header.
fn bearer(parts: &Parts, engine: &Engine, snapshot: &Snapshot) -> Result<Bearer, ApiError> {
    match parts.extensions.get::<Caller>() {
        Some(Caller(operator)) => Ok(Bearer::Operator(operator.clone())),
        None => recognise(&hash_token(bearer_token(&parts.headers)?), engine, snapshot),
    }
}

fn recognise(hash: &TokenHash, engine: &Engine, snapshot: &Snapshot) -> Result<Bearer, ApiError> {
    if bool::from(hash.ct_eq(&engine.management_token)) {
        return Ok(Bearer::Operator(Operator { token: None, person: None }));
    }
    if let Some(token) = snapshot.management_token(hash) {
        check_expiry(token, now_ms())?;
        engine.last_used.now(Credential::ManagementToken(token.id));
        return Ok(Bearer::Operator(Operator { token: Some(token.clone()), person: None }));
    }
    match snapshot.api_key(hash) {
        Some(key) => {
            engine.last_used.now(Credential::ApiKey(key.id));
            Ok(Bearer::Environment(key.environment_id))
        }
        None => {
            Err(ApiError::new(Kind::Unauthorized, "the bearer token is not known here; check it, or make a new one"))
        }
    }
}

fn check_expiry(token: &ManagementTokenRecord, now_ms: i64) -> Result<(), ApiError> {
    match token.expires_at_ms {
        Some(expires_at_ms) if expires_at_ms <= now_ms => {
            let at = time::write_ms(expires_at_ms);
            let message = format!("this token expired at {at}; make a new one with POST /v1/management_tokens");
            Err(ApiError::new(Kind::Unauthorized, message))
        }
        _ => Ok(()),
    }
}

/// Returns the token of the single `Authorization: Bearer …` header.
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

    fn operator(scopes: &[&str], environment_ids: Option<Vec<i64>>, expires_at_ms: Option<i64>) -> Operator {
        let token = ManagementTokenRecord {
            id: 7,
            name: "CI".to_owned(),
            hash: [0; 32],
            hint: "wxyz".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            environment_ids,
            expires_at_ms,
            last_used_at_ms: None,
            created_at_ms: 0,
        };
        Operator { token: Some(Arc::new(token)), person: None }
    }

    #[test]
    fn a_token_does_what_its_scopes_say_where_it_is_good() {
        let operator = operator(&["operate", "plugins"], Some(vec![1]), Some(1000));
        assert_eq!((operator.name(), operator.author().token_id), ("CI", Some(7)));
        assert!(operator.may(Scope::Read).is_ok() && operator.may(Scope::Operate).is_ok());
        insta::assert_snapshot!(operator.may(Scope::Admin).unwrap_err(), @"this token has the scope operate, plugins; here admin is needed: use a token that has it");
        assert!(operator.sees(1) && !operator.sees(2));
        insta::assert_snapshot!(operator.may_see_all().unwrap_err(), @"this token is limited to some environments, and this concerns all of them; use a token that is not limited");
        let token = operator.token.as_ref().unwrap();
        assert_eq!(check_expiry(token, 999), Ok(()));
        insta::assert_snapshot!(check_expiry(token, 1000).unwrap_err(), @"this token expired at 1970-01-01T00:00:01.000Z; make a new one with POST /v1/management_tokens");
    }

    #[test]
    fn the_first_token_does_everything_everywhere() {
        let operator = Operator { token: None, person: None };
        assert_eq!((operator.name(), operator.author().token_id), ("bootstrap", None));
        assert!(operator.may(Scope::Admin).is_ok() && operator.sees(4711) && operator.may_see_all().is_ok());
    }

    #[test]
    fn a_scope_that_is_not_known_is_good_for_nothing() {
        assert!(operator(&["root"], None, None).may(Scope::Read).is_err());
    }

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
