//! The code of a link. The store keeps hashes only: one finds the link, the other proves that its token is still the same.

use inlet_engine::{Engine, clock::now_ms};
use inlet_store::{CommitError, NewChange, SignInLinkRecord};
use subtle::ConstantTimeEq as _;

use crate::{
    auth::{Operator, TokenRef},
    hash_values::hash_values,
};

/// A link is good for so long, in milliseconds.
const GOOD_FOR_MS: i64 = 600_000;
/// The random bytes of a code.
const CODE_BYTES: usize = 24;

/// A new link.
pub struct NewLink {
    /// The path on this server.
    pub path: String,
    /// The end of its time, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// Makes a link for a token. `log` makes its entry in the log of changes of the end of its time.
pub async fn create(
    engine: &Engine,
    token: &TokenRef,
    log: impl FnOnce(i64) -> Option<NewChange>,
) -> Result<NewLink, CommitError> {
    let mut bytes = [0; CODE_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| CommitError::Unavailable { reason: error.to_string() })?;
    let (code, expires_at_ms) = (hex::encode(bytes), now_ms() + GOOD_FOR_MS);
    let new = SignInLinkRecord {
        id: hash_values(&[b"link", code.as_bytes()]),
        token_id: token.id,
        proof: hash_values(&[b"link proof", code.as_bytes(), &token.hash]),
        expires_at_ms,
    };
    engine.store.sign_in_link_create(new, log(expires_at_ms)).await?;
    Ok(NewLink { path: format!("/sign-in/{code}"), expires_at_ms })
}

/// Makes a link for the token that the server was started with, and returns its path.
pub async fn create_for_bootstrap(engine: &Engine) -> Result<String, CommitError> {
    let token = TokenRef { id: None, hash: engine.management_token };
    Ok(create(engine, &token, |_| None).await?.path)
}

/// Uses a link up, and returns the token that it signs in with, if it is good.
pub async fn redeem(engine: &Engine, code: &str) -> Result<Option<TokenRef>, CommitError> {
    let id = hash_values(&[b"link", code.as_bytes()]);
    let Some(link) = engine.store.sign_in_link_use(id, now_ms()).await? else { return Ok(None) };
    let Some((_, hash)) = Operator::of_stored(engine, link.token_id) else { return Ok(None) };
    let proof = hash_values(&[b"link proof", code.as_bytes(), &hash]);
    Ok(bool::from(proof.ct_eq(&link.proof)).then_some(TokenRef { id: link.token_id, hash }))
}
