//! Users, objects and tenants.

use inlet_core::recipient::USERS;

use super::Store;
use crate::{
    database::read,
    error::ReadError,
    records::{Cursor, Page, ReadMemory, RecipientQuery, RecipientRecord},
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
