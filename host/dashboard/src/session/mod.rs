//! Sessions: who uses the dashboard, and on the strength of which management token.
//!
//! A cookie holds 256 random bits; the store keeps hashes only. A session ends with its token: its proof is made of the
//! cookie and of the token's hash, so that no other token, not even a later bootstrap token, takes its place.

pub mod attempts;
pub mod cookie;
pub mod https;
pub mod proxy;
pub mod sign_in;
pub mod sign_out;

use axum::http::HeaderMap;
use inlet_api::{Operator, TokenRef, hash_values};
use inlet_engine::{Engine, clock::now_ms};
use inlet_store::{CommitError, ReadError, SessionRecord};
use subtle::ConstantTimeEq as _;

const HOUR_MS: i64 = 3_600_000;
/// A session that is not used for so long ends, in milliseconds.
pub const IDLE_MS: i64 = 12 * HOUR_MS;
/// A session ends after so long, in milliseconds.
pub const LONGEST_MS: i64 = 7 * 24 * HOUR_MS;
/// A use is recorded when the recorded one is so old, in milliseconds: no page costs a write.
const RECORD_USE_MS: i64 = HOUR_MS / 4;

/// A session that is under way.
#[derive(Clone)]
pub struct Session {
    /// The bearer of the token that it was begun with.
    pub operator: Operator,
    /// The value that every change must send again, which another site cannot know.
    pub csrf: String,
    /// SHA-256 of the cookie; none for a person whom a trusted proxy has signed in.
    pub id: Option<[u8; 32]>,
}

/// Begins a session with a token, and returns its cookie's value.
pub async fn begin(engine: &Engine, token: &TokenRef) -> Result<String, CommitError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| CommitError::Unavailable { reason: error.to_string() })?;
    let (cookie, now_ms) = (hex::encode(bytes), now_ms());
    engine.store.sessions_prune(now_ms - LONGEST_MS, now_ms - IDLE_MS, now_ms).await?;
    let new = SessionRecord {
        id: hash_values(&[b"session", cookie.as_bytes()]),
        token_id: token.id,
        proof: hash_values(&[b"proof", cookie.as_bytes(), &token.hash]),
        created_at_ms: now_ms,
        last_used_at_ms: now_ms,
    };
    engine.store.session_begin(new).await?;
    Ok(cookie)
}

/// Finds the session of a request by its cookie.
pub async fn find(engine: &Engine, headers: &HeaderMap) -> Result<Option<Session>, ReadError> {
    let Some(cookie) = cookie::read(headers, cookie::SESSION) else { return Ok(None) };
    let id = hash_values(&[b"session", cookie.as_bytes()]);
    let Some(record) = engine.store.session(&id).await? else { return Ok(None) };
    let now_ms = now_ms();
    if has_expired(&record, now_ms) {
        return Ok(None);
    }
    let Some((operator, hash)) = Operator::of_stored(engine, record.token_id) else { return Ok(None) };
    let proof = hash_values(&[b"proof", cookie.as_bytes(), &hash]);
    if !bool::from(proof.ct_eq(&record.proof)) {
        return Ok(None);
    }
    if record.last_used_at_ms < now_ms - RECORD_USE_MS
        && let Err(error) = engine.store.session_used(id, now_ms).await
    {
        tracing::warn!(%error, "the use of a session was not recorded");
    }
    let csrf = hex::encode(hash_values(&[b"csrf", cookie.as_bytes()]));
    Ok(Some(Session { operator, csrf, id: Some(id) }))
}

/// Returns true if neither the session nor its token has ended since it was found, for answers that go on.
pub async fn is_under_way(engine: &Engine, session: &Session) -> Result<bool, ReadError> {
    let now_ms = now_ms();
    if !session.operator.is_valid(&engine.snapshot(), now_ms) {
        return Ok(false);
    }
    let Some(id) = &session.id else { return Ok(true) };
    Ok(engine.store.session(id).await?.is_some_and(|record| !has_expired(&record, now_ms)))
}

fn has_expired(record: &SessionRecord, now_ms: i64) -> bool {
    record.created_at_ms < now_ms - LONGEST_MS || record.last_used_at_ms < now_ms - IDLE_MS
}
