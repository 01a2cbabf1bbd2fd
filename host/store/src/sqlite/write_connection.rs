//! The one connection that writes.

use std::sync::Arc;

use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::Notify;

use super::{
    caches::Caches,
    connection::{checkpoint::Checkpoints, direct::DirectConnection, pragmas},
};
use crate::{clock::StoreClock, vault::Vault};

/// The connection that writes, and the values kept in memory so that they need not be queried.
pub(crate) struct WriteConnection {
    pub(super) connection: DirectConnection,
    options: SqliteConnectOptions,
    size_limit: Option<u64>,
    pub(super) caches: Caches,
    /// The time of [`nonces::horizon_ms`](super::group_commit::nonces::horizon_ms); `None` if it must be read.
    pub(super) nonce_horizon_ms: Option<i64>,
    pub(super) checkpoints: Checkpoints,
    /// Seals the secrets of sources.
    pub(super) vault: Arc<dyn Vault>,
    pub(super) clock: Arc<StoreClock>,
    /// Told when deliveries may be due.
    pub(super) deliveries: Arc<Notify>,
    /// Tells everyone who waits that events were committed.
    pub(super) committed: Arc<Notify>,
}

impl WriteConnection {
    pub(super) fn new(
        connection: SqliteConnection,
        caches: Caches,
        options: SqliteConnectOptions,
        size_limit: Option<u64>,
        checkpoints: Checkpoints,
        vault: Arc<dyn Vault>,
        clock: Arc<StoreClock>,
    ) -> Self {
        Self {
            connection: DirectConnection::new(connection),
            options,
            size_limit,
            caches,
            nonce_horizon_ms: None,
            checkpoints,
            vault,
            clock,
            deliveries: Arc::default(),
            committed: Arc::default(),
        }
    }

    /// Tells the dispatcher about deliveries that a committed transaction wrote.
    pub(super) fn announce_deliveries(&mut self) {
        if self.caches.targets.take_written() {
            self.deliveries.notify_one();
        }
    }

    /// Replaces a lost connection, which never comes back by itself.
    pub(super) async fn reconnect_if_lost(&mut self) {
        if self.connection.is_lost().await {
            self.reconnect().await;
        }
    }

    async fn reconnect(&mut self) {
        let connected = async {
            let mut connection = self.options.connect().await?;
            if let Some(limit) = self.size_limit {
                pragmas::limit_size(&mut connection, limit).await?;
            }
            Ok::<_, sqlx::Error>(connection)
        };
        match connected.await {
            Ok(connection) => self.connection = DirectConnection::new(connection),
            Err(error) => {
                tracing::error!(%error, "the database could not be opened again; it is tried at the next write")
            }
        }
    }
}
