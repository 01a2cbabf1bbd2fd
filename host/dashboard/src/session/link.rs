//! Links that sign in once: printed by `--demo`, and by `inlet open`.

use inlet_api::{Operator, TokenRef};
use inlet_engine::{Engine, clock::now_ms};
use inlet_store::{CommitError, SignInLinkRecord};
use subtle::ConstantTimeEq as _;

use super::hash_of;

/// A link is good for so long, in milliseconds.
pub const GOOD_FOR_MS: i64 = 600_000;

/// Makes a link for a token, and returns its path.
pub async fn create(engine: &Engine, token: &TokenRef) -> Result<String, CommitError> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| CommitError::Unavailable { reason: error.to_string() })?;
    let code = hex::encode(bytes);
    let new = SignInLinkRecord {
        id: hash_of(&[b"link", code.as_bytes()]),
        token_id: token.id,
        proof: hash_of(&[b"link proof", code.as_bytes(), &token.hash]),
        expires_at_ms: now_ms() + GOOD_FOR_MS,
    };
    engine.store.sign_in_link_create(new).await?;
    Ok(format!("/sign-in/{code}"))
}

/// Makes a link for the token that the server was started with, and returns its path.
pub async fn create_for_bootstrap(engine: &Engine) -> Result<String, CommitError> {
    create(engine, &TokenRef { id: None, hash: engine.management_token }).await
}

/// Uses a link up, and returns the token that it signs in with, if it is good.
pub async fn redeem(engine: &Engine, code: &str) -> Result<Option<TokenRef>, CommitError> {
    let id = hash_of(&[b"link", code.as_bytes()]);
    let Some(link) = engine.store.sign_in_link_use(id, now_ms()).await? else { return Ok(None) };
    let Some((_, hash)) = Operator::of_stored(engine, link.token_id) else { return Ok(None) };
    let proof = hash_of(&[b"link proof", code.as_bytes(), &hash]);
    Ok(bool::from(proof.ct_eq(&link.proof)).then_some(TokenRef { id: link.token_id, hash }))
}
