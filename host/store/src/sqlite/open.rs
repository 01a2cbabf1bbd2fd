//! Opening the database: pragmas, migrations, sealing, and the proof that it commits durably and can be written.

use std::{path::Path, sync::Arc};

use inlet_core::idempotency::HashKey;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Notify;

use super::{
    caches::Caches,
    connection::{
        checkpoint::Checkpoints,
        migrations, pragmas,
        readers::Readers,
        sealing::{self, KeyCheck, Overwrite},
    },
    error::{SqliteError, explain},
    idempotency::GenerationIndex,
    tables::{deliveries, job_leases, store_time},
    write_connection::{Shared, SqliteWriter, WriteConnection, WriterConnection},
};
use crate::{
    clock::{StoreClock, SystemClock},
    error::{OpenError, ResealError},
    options::StoreOptions,
    records::Durability,
    sql,
    vault::Vault,
};

/// An open database.
pub(crate) struct Opened {
    /// The connections that write; one where nobody else writes.
    pub(crate) connections: Vec<WriteConnection>,
    /// The connections that only read.
    pub(crate) readers: Readers,
    /// The deployment's secret for hashing idempotency keys.
    pub(crate) hash_key: HashKey,
    /// The store's time.
    pub(crate) clock: Arc<StoreClock>,
    /// Told when deliveries may be due.
    pub(crate) deliveries: Arc<Notify>,
    /// Tells everyone who waits that events were committed.
    pub(crate) committed: Arc<Notify>,
}

/// Opens the database, or creates it.
pub(crate) async fn open(path: &Path, options: &StoreOptions, vault: Arc<dyn Vault>) -> Result<Opened, OpenError> {
    let explain = |error: sqlx::Error| explain(path, &error);
    let connect = pragmas::for_writing(path);
    let mut connection = connect.connect().await.map_err(explain)?;
    check_durable(pragmas::durability(&mut connection).await.map_err(explain)?)?;
    sealing::overwrite_deleted(&mut sql::Connection::from(&mut connection), Overwrite::Everything)
        .await
        .map_err(explain)?;
    migrations::migrate(path, &mut connection).await?;
    sealing::complete(&mut sql::Connection::from(&mut connection), &*vault).await.map_err(|error| match error {
        SqliteError::Vault(problem) => OpenError::Secrets { path: path.to_owned(), problem },
        SqliteError::Database(error) => explain(error),
        other => {
            OpenError::Other { path: path.to_owned(), problem: crate::error::CommitError::from(other).to_string() }
        }
    })?;
    // Events are deleted all the time, and overwriting their pages would cost much for no benefit.
    sealing::overwrite_deleted(&mut sql::Connection::from(&mut connection), Overwrite::InPages)
        .await
        .map_err(explain)?;
    if let Some(limit) = options.size_limit {
        pragmas::limit_size(&mut connection, limit).await.map_err(explain)?;
    }
    pragmas::prove_writable(&mut connection).await.map_err(explain)?;
    let copying = connect.clone().pragma("cache_size", "0").connect().await.map_err(explain)?;
    let checkpoints = Checkpoints::start(path, copying).map_err(|error| explain(sqlx::Error::Io(error)))?;
    let writer = SqliteWriter::new(connection, connect, options.size_limit, checkpoints);
    let pool = Readers::pool_of_file(path, options.readers);
    open_with(vec![WriterConnection::Sqlite(Box::new(writer))], pool, options.clock.clone(), vault)
        .await
        .map_err(explain)
}

/// Opens a database whose schema is the newest one, over at least one connection that writes.
pub(crate) async fn open_with(
    mut writers: Vec<WriterConnection>,
    pool: sql::Pool,
    clock: Arc<dyn SystemClock>,
    vault: Arc<dyn Vault>,
) -> Result<Opened, sqlx::Error> {
    let first = writers.first_mut().ok_or(sqlx::Error::PoolClosed)?;
    let connection = &mut first.plain();
    // Other nodes may hold claims and leases on a server. In a file there is nobody else.
    if !connection.is_postgres() {
        job_leases::free_all(connection).await?;
        deliveries::free_all(connection).await?;
    }
    let hash_key = hash_key(connection).await?;
    let clock = store_time::clock(connection, clock).await?;
    let shared = Shared { vault, clock, deliveries: Arc::default(), committed: Arc::default() };
    let generations = GenerationIndex::load(connection).await?;
    let mut connections = Vec::with_capacity(writers.len());
    for mut writer in writers {
        let caches = Caches::load(&mut writer.plain(), &generations).await?;
        connections.push(WriteConnection::new(writer, caches, shared.clone()));
    }
    let readers = Readers::new(pool, connections[0].caches.idempotency.places());
    let Shared { clock, deliveries, committed, .. } = shared;
    Ok(Opened { connections, readers, hash_key, clock, deliveries, committed })
}

/// Refuses a connection whose commits would not be on the disk when they return.
fn check_durable(durability: Durability) -> Result<(), OpenError> {
    let Durability { synchronous, journal_mode } = durability;
    // 2 is FULL: the log is synced before a commit returns.
    if synchronous == 2 && journal_mode == "wal" {
        return Ok(());
    }
    Err(OpenError::NotDurable { synchronous, journal_mode })
}

/// Returns the value by which the key of sealed secrets is recognised; none as long as nothing is sealed. Changes
/// nothing.
pub(crate) async fn key_check(path: &Path) -> Result<Option<Vec<u8>>, OpenError> {
    let explain = |error: sqlx::Error| explain(path, &error);
    let mut connection = pragmas::for_reading(path).connect().await.map_err(explain)?;
    let found = sealing::key_check(&mut sql::Connection::from(&mut connection)).await;
    connection.close().await.map_err(explain)?;
    match found.map_err(explain)? {
        KeyCheck::NothingSealed => Ok(None),
        KeyCheck::Sealed(check) => Ok(Some(check)),
        KeyCheck::Lost => Err(OpenError::NoKeyCheck { path: path.to_owned() }),
    }
}

/// Seals every secret with another key; returns the number of secrets. The schema must be known whole, because secrets
/// that a later version seals besides would be lost.
pub(crate) async fn reseal(path: &Path, old: &dyn Vault, new: &dyn Vault) -> Result<usize, ResealError> {
    let explain = |error: sqlx::Error| explain(path, &error);
    let mut connection = pragmas::for_writing(path).create_if_missing(false).connect().await.map_err(explain)?;
    migrations::check_known(path, &mut connection).await?;
    sealing::overwrite_deleted(&mut sql::Connection::from(&mut connection), Overwrite::Everything)
        .await
        .map_err(explain)?;
    let resealed = sealing::reseal(&mut sql::Connection::from(&mut connection), old, new).await?;
    connection.close().await.map_err(explain)?;
    Ok(resealed)
}

async fn hash_key(connection: &mut sql::Connection<'_>) -> Result<HashKey, sqlx::Error> {
    let row = sql::query("SELECT value FROM meta WHERE key = 'idempotency_hash_key'").fetch_one(connection).await?;
    let bytes: &[u8] = row.try_get(0)?;
    let key = bytes.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?;
    Ok(HashKey(key))
}
