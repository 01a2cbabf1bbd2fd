//! A connection by which a node writes.
//!
//! What settles events reads and then writes, so of the groups that concern one environment one is under way at a time,
//! whichever node commits it, and over whichever of its connections: a transaction locks the rows of its environments, in order. An operation locks
//! all of them, and one row more, under which environments are created. Nobody waits with a lock for another one, because
//! all are taken first and in one order.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::clock::DatabaseClock;
use crate::{
    backend::GroupContent,
    job_fence::{self, JobFence},
    sql,
    sqlite::SqliteError,
};

/// The longest time in which a connection is made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time in which a group has the rows of its environments; the database itself gives up earlier.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time that the statements of a group take, and its COMMIT. After it the connection is taken for lost.
pub(crate) const GROUP_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest time for which the outcome of a COMMIT is looked up whose answer was lost.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The time beyond now for which there must be partitions of the logs: the greatest by which the clock of a server may be ahead.
const PARTITION_MARGIN_MS: i64 = 60 * 60 * 1000;
/// The time after which the row of a writer is removed that was not there: far more than [`GROUP_TIMEOUT`] and [`SETTLE_TIMEOUT`].
const GONE_AFTER_MS: i64 = 24 * 60 * 60 * 1000;
/// The pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);

/// Begins the transaction of an operation.
pub(crate) const BEGIN_OPERATION: &str = "BEGIN;
    SELECT 1 FROM meta WHERE key = 'write_lock' FOR NO KEY UPDATE;
    SELECT 1 FROM environments ORDER BY id FOR NO KEY UPDATE";

/// Commits. In a transaction that an error has ended, PostgreSQL takes a COMMIT for a ROLLBACK and reports success; the statement before it
/// fails there, and so does the whole.
pub(crate) const COMMIT: &str = "SELECT 1; COMMIT";

/// The values that a transaction of events reads at its beginning, behind its locks: other nodes may have changed them.
#[derive(Debug, Default)]
pub(crate) struct SharedState {
    /// The newest entry of the change log.
    pub(crate) version: Option<String>,
    pub(crate) nonce_horizon_ms: i64,
    /// The numbers of recipients that triggers wait for, by environment; only environments that have some.
    pub(crate) waiting: HashMap<i64, usize>,
    /// The newest generation of idempotency records; 0 while none has begun.
    pub(crate) generation: i64,
}

/// A connection to a PostgreSQL server, with what it takes to open it again.
pub(crate) struct PostgresWriter {
    pub(crate) connection: PgConnection,
    options: PgConnectOptions,
    clock: Arc<DatabaseClock>,
    /// The fence of the operation that is being executed.
    pub(crate) fence: Option<JobFence>,
    is_lost: bool,
    /// True while the transaction of a group is under way.
    pub(crate) is_in_group: bool,
    /// The row of this connection's owner in `writers`.
    id: Uuid,
    /// The number of the last group.
    number: i64,
}

impl PostgresWriter {
    /// Registers a writer on this connection.
    pub(crate) async fn start(
        mut connection: PgConnection,
        options: PgConnectOptions,
        clock: Arc<DatabaseClock>,
    ) -> Result<Self, sqlx::Error> {
        let id = Uuid::now_v7();
        let us: i64 = sqlx::query_scalar(
            "INSERT INTO writers (id, transaction_number, started_at_ms)
             VALUES ($1, 0, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
             RETURNING (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
        )
        .bind(id.as_bytes().as_slice())
        .fetch_one(&mut connection)
        .await?;
        clock.saw(us);
        Ok(Self { connection, options, clock, fence: None, is_lost: false, is_in_group: false, id, number: 0 })
    }

    /// Lends the connection. Operations that are begun on it have the fence.
    pub(crate) fn plain(&mut self) -> sql::Connection<'_> {
        sql::Connection::Postgres(&mut self.connection, self.fence.as_ref())
    }

    /// Begins the transaction of a group. A connection that was lost meanwhile is replaced.
    pub(crate) async fn begin_group(&mut self, group: &GroupContent<'_>) -> Result<SharedState, SqliteError> {
        self.number += 1;
        let text = begin_group(group, &self.id, self.number);
        if !self.is_lost {
            match self.begin_or_roll_back(&text).await {
                Err(error) if is_of_connection(&error) => {}
                begun => return Ok(begun?),
            }
        }
        self.connect().await?;
        Ok(self.begin_or_roll_back(&text).await?)
    }

    /// Begins; after an error that is not one of the connection, the transaction that may have begun is rolled back.
    async fn begin_or_roll_back(&mut self, text: &str) -> Result<SharedState, sqlx::Error> {
        let begun = self.try_to_begin(text).await;
        match &begun {
            Err(error) if is_of_connection(error) => self.lose(),
            Err(_) => self.roll_back().await,
            Ok(_) => {}
        }
        begun
    }

    async fn try_to_begin(&mut self, text: &str) -> Result<SharedState, sqlx::Error> {
        let begin = sqlx::raw_sql(AssertSqlSafe(text.to_owned())).fetch_all(&mut self.connection);
        let rows = match timeout(BEGIN_TIMEOUT, begin).await {
            Ok(rows) => rows?,
            Err(_) => return Err(lost("the database did not answer in time")),
        };
        self.is_in_group = true;
        let row = rows.last().ok_or_else(|| lost("the database answered nothing"))?;
        let now_us: i64 = row.try_get(0)?;
        self.clock.saw(now_us);
        let (wanted_ms, until_ms): (i64, i64) = (now_us / 1000 + PARTITION_MARGIN_MS, row.try_get(4)?);
        if until_ms <= wanted_ms {
            // The job that makes them did not run for days, or the time leaped.
            let make = sqlx::query("SELECT make_log_partitions($1)").bind(wanted_ms).execute(&mut self.connection);
            timeout(BEGIN_TIMEOUT, make).await.unwrap_or_else(|_| Err(lost("the database did not answer in time")))?;
        }
        let waiting: String = row.try_get(3)?;
        let waiting = waiting.split(',').filter_map(|entry| {
            let (environment, count) = entry.split_once(' ')?;
            Some((environment.parse().ok()?, count.parse().ok()?))
        });
        Ok(SharedState {
            nonce_horizon_ms: row.try_get(1)?,
            version: row.try_get(2)?,
            waiting: waiting.collect(),
            generation: row.try_get(5)?,
        })
    }

    /// Rolls back what is under way. The statement fails if the connection is gone, which is as good.
    pub(crate) async fn roll_back(&mut self) {
        self.is_in_group = false;
        let rolled_back = timeout(CONNECT_TIMEOUT, sqlx::raw_sql("ROLLBACK").execute(&mut self.connection)).await;
        self.is_lost |= !matches!(rolled_back, Ok(Ok(_)));
    }

    /// Commits the group under way. Returns true if it is committed, also if the answer was lost: then its outcome is looked
    /// up. Returns false if it is not.
    pub(crate) async fn commit_group(&mut self) -> Result<bool, SqliteError> {
        self.is_in_group = false;
        match timeout(GROUP_TIMEOUT, sqlx::raw_sql(COMMIT).execute(&mut self.connection)).await {
            Ok(Ok(_)) => return Ok(true),
            Ok(Err(error)) if !is_of_connection(&error) => {
                self.roll_back().await;
                return Err(error.into());
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the connection was lost during a commit; its outcome is looked up")
            }
            Err(_) => tracing::warn!("the database did not answer a commit in time; its outcome is looked up"),
        }
        self.is_lost = true;
        Ok(self.look_up_outcome().await?)
    }

    /// Returns whether the last group was committed. The session that was to commit it may be alive at the server: it
    /// holds the lock of the writer's row until its transaction ends.
    async fn look_up_outcome(&mut self) -> Result<bool, sqlx::Error> {
        let until = Instant::now() + SETTLE_TIMEOUT;
        loop {
            match self.try_to_look_up().await {
                Ok(number) => return Ok(number == self.number),
                Err(error) if Instant::now() >= until => {
                    tracing::error!(%error, "the outcome of a commit is unknown; its requests are answered 503");
                    return Err(error);
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn try_to_look_up(&mut self) -> Result<i64, sqlx::Error> {
        self.connect().await?;
        let look_up = sqlx::query_scalar("SELECT transaction_number FROM writers WHERE id = $1 FOR UPDATE")
            .bind(self.id.as_bytes().as_slice())
            .fetch_one(&mut self.connection);
        let found =
            timeout(GROUP_TIMEOUT, look_up).await.unwrap_or_else(|_| Err(lost("the database did not answer in time")));
        self.is_lost |= found.is_err();
        found
    }

    /// Replaces the connection.
    pub(crate) async fn connect(&mut self) -> Result<(), sqlx::Error> {
        self.is_lost = true;
        self.is_in_group = false;
        let connected = timeout(CONNECT_TIMEOUT, self.options.connect()).await;
        self.connection =
            connected.unwrap_or_else(|_| Err(lost("the database did not accept a connection in time")))?;
        self.is_lost = false;
        Ok(())
    }

    /// Takes the connection for lost: a statement on it was not waited for to its end.
    pub(crate) fn lose(&mut self) {
        self.is_lost = true;
        self.is_in_group = false;
    }

    /// Returns true if the connection is gone, which never comes back by itself.
    pub(crate) async fn is_lost(&mut self) -> bool {
        if !self.is_lost {
            self.is_lost = !matches!(timeout(CONNECT_TIMEOUT, self.connection.ping()).await, Ok(Ok(())));
        }
        self.is_lost
    }

    /// Returns the newest entry of the change log, over a new connection if the one that there was is lost.
    pub(crate) async fn version(&mut self) -> Result<Option<String>, sqlx::Error> {
        if !self.is_lost {
            let version = timeout(CONNECT_TIMEOUT, version(&mut self.connection)).await;
            if let Ok(Ok(version)) = version {
                return Ok(version);
            }
        }
        self.connect().await?;
        version(&mut self.connection).await
    }

    /// Notes that this writer is alive, removes those that are gone, and notes which version of the schema a node knows.
    ///
    /// A row is read only by its own writer, which looks up the outcome of a COMMIT without an answer: within a minute of the
    /// group that wrote the row last. So one that was not written for a day is not needed. Should its server have been cut off
    /// for that long, its next group writes the row again.
    pub(crate) async fn keep_alive(&mut self, node: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE nodes SET schema_version = $2 WHERE id = $1 AND schema_version <> $2")
            .bind(node.as_bytes().as_slice())
            .bind(super::schema_version())
            .execute(&mut self.connection)
            .await?;
        sqlx::query(
            "WITH alive AS (
                 UPDATE writers SET seen_at_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint WHERE id = $1)
             DELETE FROM writers WHERE id IN (
                 SELECT id FROM writers
                 WHERE id <> $1 AND seen_at_ms < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $2
                 FOR UPDATE SKIP LOCKED)",
        )
        .bind(self.id.as_bytes().as_slice())
        .bind(GONE_AFTER_MS)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// Finishes and closes the connection.
    pub(crate) async fn close(mut self) -> Result<(), sqlx::Error> {
        // A server that is killed leaves its row, which another one removes.
        _ = sqlx::query("DELETE FROM writers WHERE id = $1")
            .bind(self.id.as_bytes().as_slice())
            .execute(&mut self.connection)
            .await;
        self.connection.close().await
    }
}

async fn version(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let version = sqlx::query_scalar("SELECT encode(id, 'hex') FROM changes ORDER BY id DESC LIMIT 1");
    version.fetch_optional(connection).await
}

/// Returns the statements that begin the transaction of a group: one round trip. The plan of each statement of a group is made once in a
/// session: it looks up few rows by their keys, whatever its values are.
fn begin_group(group: &GroupContent<'_>, id: &Uuid, number: i64) -> String {
    let of_refused = group.refused.iter().map(|refused| refused.environment_id);
    let environments: BTreeSet<i64> = group.jobs.iter().map(|job| job.environment).chain(of_refused).collect();
    let environments = environments.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    format!(
        "BEGIN;
         SET LOCAL plan_cache_mode = force_generic_plan;
         SELECT now_us, nonce_horizon_ms, version, waiting, partitions_until_ms, generation
         FROM begin_group('{{{environments}}}', '\\x{id}', {number})",
        id = id.simple(),
    )
}

/// Keeps the lease of a fence from being acquired by anybody else until the transaction under way is over. Fails if somebody has acquired
/// it.
pub(crate) async fn hold_fence(connection: &mut PgConnection, fence: Option<&JobFence>) -> Result<(), SqliteError> {
    let Some(JobFence { name, owner, epoch }) = fence else { return Ok(()) };
    let held = sqlx::query("SELECT 1 FROM job_leases WHERE name = $1 AND owner = $2 AND epoch = $3 FOR SHARE")
        .bind(name)
        .bind(&**owner)
        .bind(epoch)
        .fetch_optional(connection)
        .await?;
    held.map(|_| ()).ok_or_else(|| job_fence::lost().into())
}

/// Returns true if an error is one of the connection, and says nothing about the statement.
pub(crate) fn is_of_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
        // 57P01 to 57P03: the server, or this session, is being ended. 25P03: the session was ended because it idled.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08") || matches!(&*code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04")
        }),
        _ => false,
    }
}

fn lost(problem: &'static str) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, problem))
}
