//! Users, objects and tenants.

use inlet_core::recipient::USERS;

use super::Store;
use crate::{
    database::read,
    error::ReadError,
    records::{Cursor, FirstNames, Page, ReadMemory, RecipientQuery, RecipientRecord, TextMatches},
};

impl Store {
    /// Returns the users of an environment, the newest first. A page has fewer entries if they are long. Returns none if
    /// there is no memory for it now.
    pub async fn users(
        &self,
        environment_id: i64,
        cursor: Cursor<i64>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<RecipientRecord>>, ReadError> {
        self.recipients(&RecipientQuery::all(environment_id, USERS), cursor, limit, memory).await
    }

    /// Returns users, objects or tenants, the newest first. A page has fewer entries if they are long. Returns none if there
    /// is no memory for it now.
    pub async fn recipients(
        &self,
        query: &RecipientQuery<'_>,
        cursor: Cursor<i64>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<RecipientRecord>>, ReadError> {
        read!(self.database, recipients(query, cursor, limit, memory))
    }

    /// Returns the users whose ids begin with a text, in the order of their ids. A page has fewer entries if they are long.
    /// Returns none if there is no memory for it now.
    pub async fn users_by_prefix(
        &self,
        environment_id: i64,
        prefix: &str,
        cursor: &Cursor<String>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<RecipientRecord>>, ReadError> {
        read!(self.database, recipients_by_prefix(environment_id, prefix, cursor, limit, memory))
    }

    /// Looks at the next users, up to a fixed number, for a text in their ids, names and email addresses. Returns none if
    /// there is no memory for it now.
    pub async fn users_by_text(
        &self,
        environment_id: i64,
        text: &str,
        cursor: Cursor<i64>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<TextMatches>, ReadError> {
        read!(self.database, recipients_by_text(environment_id, text, cursor, limit, memory))
    }

    /// Returns the collections that have objects, at most `limit`.
    pub async fn collections(&self, environment_id: i64, limit: usize) -> Result<FirstNames, ReadError> {
        read!(self.database, collections(environment_id, limit))
    }

    /// Returns the audiences that have members, at most `limit`.
    pub async fn audiences(&self, environment_id: i64, limit: usize) -> Result<FirstNames, ReadError> {
        read!(self.database, audiences(environment_id, limit))
    }

    /// Returns one user, object or tenant. Returns none, outermost, if there is no memory for it now.
    pub async fn recipient(
        &self,
        environment_id: i64,
        collection: &str,
        id: &str,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Option<RecipientRecord>>, ReadError> {
        read!(self.database, recipient(environment_id, collection, id, memory))
    }

    /// Returns the ids of the newest users with an email, in either case, among the newest 20,000.
    pub async fn users_by_email(
        &self,
        environment_id: i64,
        email: &str,
        limit: usize,
    ) -> Result<Vec<String>, ReadError> {
        read!(self.database, users_by_email(environment_id, email, limit))
    }

    /// Returns one user. Returns none, outermost, if there is no memory for it now.
    pub async fn user(
        &self,
        environment_id: i64,
        id: &str,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Option<RecipientRecord>>, ReadError> {
        read!(self.database, recipient(environment_id, USERS, id, memory))
    }
}
