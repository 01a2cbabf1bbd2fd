//! Sessions of the dashboard, and links that begin one. The change log gets an entry only of a link that a token made.

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{BeginSession, CreateSignInLink, EndSession, PruneSessions, RecordSessionUse, UseSignInLink},
    records::{NewChange, SessionRecord, SignInLinkRecord},
};

impl Store {
    /// Returns a session by the SHA-256 of its cookie.
    pub async fn session(&self, id: &[u8; 32]) -> Result<Option<SessionRecord>, ReadError> {
        read!(self.database, session(id))
    }

    /// Begins a session.
    pub async fn session_begin(&self, new: SessionRecord) -> Result<(), CommitError> {
        self.database.execute(BeginSession { new }).await
    }

    /// Records the time of a session's last use, in milliseconds since 1970.
    pub async fn session_used(&self, id: [u8; 32], at_ms: i64) -> Result<(), CommitError> {
        self.database.execute(RecordSessionUse { id, at_ms }).await
    }

    /// Ends a session, if it is there.
    pub async fn session_end(&self, id: [u8; 32]) -> Result<(), CommitError> {
        self.database.execute(EndSession { id }).await
    }

    /// Deletes old sessions and links that have expired; returns their number.
    pub async fn sessions_prune(
        &self,
        created_before_ms: i64,
        used_before_ms: i64,
        now_ms: i64,
    ) -> Result<u64, CommitError> {
        self.database.execute(PruneSessions { created_before_ms, used_before_ms, now_ms }).await
    }

    /// Creates a link that signs in once, with its entry in the change log, if it has one.
    pub async fn sign_in_link_create(&self, new: SignInLinkRecord, log: Option<NewChange>) -> Result<(), CommitError> {
        self.database.execute(CreateSignInLink { new, log }).await
    }

    /// Deletes a link by the SHA-256 of its code, and returns it if it has not expired.
    pub async fn sign_in_link_use(&self, id: [u8; 32], now_ms: i64) -> Result<Option<SignInLinkRecord>, CommitError> {
        self.database.execute(UseSignInLink { id, now_ms }).await
    }
}
