//! A database on a PostgreSQL server. Its statements are those of [`crate::sqlite`]; here is how it is opened, and how the
//! nodes that share it write beside each other.

mod change_notices;
mod clock;
mod group;
mod log_partitions;
mod writer;

use std::{str::FromStr as _, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub(crate) use self::change_notices::ChangeNotices;
pub(crate) use self::clock::DatabaseClock;
pub(crate) use self::writer::{BEGIN_OPERATION, COMMIT, PostgresWriter, hold_fence};
use crate::{
    error::{OpenError, ResealError},
    migrate::UNDER_WAY,
    options::StoreOptions,
    sql,
    sqlite::{
        Opened, SqliteError, WriterConnection, open_with,
        sealing::{self, KeyCheck},
    },
    vault::Vault,
};

/// The number of connections by which a server commits groups of events, of different environments, at the same time.
const WRITERS: usize = 4;

/// The settings of the planner. The statements are written for SQLite, which joins tables in the order in which they are written and
/// looks rows up in indexes. Such plans stay good however tables grow, and whether or not they were analyzed. PostgreSQL still
/// chooses the index, and which side of a join it reads first. Without parallel workers, a page takes no more than one of the
/// processors that commit events.
///
/// `enable_sort` stays on: without it, lists are read in the order of an index although their filter has a better one.
const PLANS: [(&str, &str); 7] = [
    ("join_collapse_limit", "1"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_material", "off"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

static MIGRATIONS: Migrator = Migrator { locking: false, ..sqlx::migrate!("migrations/postgres") };
/// The oldest version that is supported, as `server_version_num` writes it.
const OLDEST: i64 = 150_000;
/// The key of the lock that is held, until its transaction ends, by the node that brings the schema to the newest version.
const MIGRATION_LOCK: i64 = 0x696e_6c65_7400_0001;

/// The parts of a store on a database server that a store in a file lacks.
pub(crate) struct SharedDatabase {
    /// The database's clock.
    pub(crate) clock: Arc<DatabaseClock>,
    pub(crate) changes: ChangeNotices,
}

/// Opens the database that a URL names, and creates its tables if there are none.
pub(crate) async fn open(
    url: &str,
    options: &StoreOptions,
    vault: Arc<dyn Vault>,
) -> Result<(Opened, SharedDatabase), OpenError> {
    let connect = connect_options(url)?;
    let explain = |error: sqlx::Error| explain(&connect, &error);
    let mut connection = connect_migrated(url).await?;
    let is_moved_into: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM meta WHERE key = $1)")
        .bind(UNDER_WAY)
        .fetch_one(&mut connection)
        .await
        .map_err(explain)?;
    if is_moved_into {
        let problem = "a move into it is not completed; run inlet migrate-store again";
        return Err(other_problem(&connect, problem.to_owned()));
    }
    sealing::seal_first_check(&mut (&mut connection).into(), &*vault).await.map_err(|error| match error {
        SqliteError::Vault(problem) => OpenError::Secrets { path: shown(&connect).into(), problem },
        SqliteError::Database(error) => explain(error),
        other => other_problem(&connect, crate::error::CommitError::from(other).to_string()),
    })?;
    log_partitions::check(&mut connection).await.map_err(explain)?;
    connection.close().await.map_err(explain)?;
    let connect = connect.clone().options(PLANS);
    let readers = PgPoolOptions::new()
        .max_connections(options.readers)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(60))
        .connect_lazy_with(connect.clone());
    let clock = Arc::new(DatabaseClock::new(options.clock.clone()));
    let changes = ChangeNotices::start(connect.clone());
    let mut writers = Vec::with_capacity(WRITERS);
    for _ in 0..WRITERS {
        let connection = connect.connect().await.map_err(explain)?;
        let writer = PostgresWriter::start(connection, connect.clone(), clock.clone()).await.map_err(explain)?;
        writers.push(WriterConnection::Postgres(Box::new(writer)));
    }
    let opened = open_with(writers, sql::Pool::Postgres(readers), clock.clone(), vault).await.map_err(explain)?;
    Ok((opened, SharedDatabase { clock, changes }))
}

/// Connects to the database that a URL names, and creates its tables if there are none.
pub(crate) async fn connect_migrated(url: &str) -> Result<PgConnection, OpenError> {
    let connect = connect_options(url)?;
    let mut connection = connect.connect().await.map_err(|error| explain(&connect, &error))?;
    check_server(&connect, &mut connection).await?;
    migrate(&connect, &mut connection).await?;
    check_indexes(&connect, &mut connection).await?;
    Ok(connection)
}

/// Looks for indexes that an interrupted `CREATE INDEX CONCURRENTLY` or `REINDEX CONCURRENTLY` left: they are there, and neither used
/// nor, if they are unique, enforced.
async fn check_indexes(options: &PgConnectOptions, connection: &mut PgConnection) -> Result<(), OpenError> {
    let invalid: Vec<(String, bool)> = sqlx::query_as(
        "SELECT indexrelid::regclass::text, indisunique FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
         WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .map_err(|error| explain(options, &error))?;
    for (index, is_unique) in invalid {
        let problem = format!("its index {index} is not valid; run REINDEX INDEX {index}");
        if is_unique {
            return Err(other_problem(options, problem));
        }
        tracing::error!(index, "an index of the database is not valid and is not used; run REINDEX INDEX on it");
    }
    Ok(())
}

/// Returns the value by which the key of sealed secrets is recognised; none as long as nothing is sealed. Changes nothing.
pub(crate) async fn key_check(url: &str) -> Result<Option<Vec<u8>>, OpenError> {
    let connect = connect_options(url)?;
    let explain = |error: sqlx::Error| explain(&connect, &error);
    let mut connection = connect.connect().await.map_err(explain)?;
    let found = sealing::key_check(&mut (&mut connection).into()).await;
    connection.close().await.map_err(explain)?;
    match found.map_err(explain)? {
        KeyCheck::NothingSealed => Ok(None),
        KeyCheck::Sealed(check) => Ok(Some(check)),
        KeyCheck::Lost => Err(OpenError::NoKeyCheck { path: shown(&connect).into() }),
    }
}

/// Seals every secret with another key; returns the number of secrets.
pub(crate) async fn reseal(url: &str, old: &dyn Vault, new: &dyn Vault) -> Result<usize, ResealError> {
    let connect = connect_options(url)?;
    let mut connection = connect_migrated(url).await?;
    let resealed = sealing::reseal(&mut (&mut connection).into(), old, new).await?;
    connection.close().await.map_err(|error| explain(&connect, &error))?;
    Ok(resealed)
}

/// Reads a URL. What it does not say is taken from the environment variables that libpq knows.
fn connect_options(url: &str) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(|error| OpenError::Other {
        path: "--database-url".into(),
        problem: format!("it is no URL of a PostgreSQL database ({error})"),
    })?;
    Ok(options
        .application_name("inlet")
        // Most filters are optional: a plan that suits every value of them suits none. Compiling a plan takes longer than
        // running it.
        .options([("plan_cache_mode", "force_custom_plan"), ("jit", "off")])
        .statement_cache_capacity(512)
        // A node that is cut off must not hold its locks: the server ends its session.
        .options([
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "10s"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            ("tcp_user_timeout", "20s"),
        ])
        .disable_statement_logging())
}

/// Refuses a server that cannot keep what is stored.
async fn check_server(options: &PgConnectOptions, connection: &mut PgConnection) -> Result<(), OpenError> {
    let explain = |error: sqlx::Error| explain(options, &error);
    let setting = async |connection: &mut PgConnection, name: &str| {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(connection).await.map_err(explain)?;
        Ok::<_, OpenError>(value)
    };
    let version = setting(connection, "server_version_num").await?;
    if version.parse().unwrap_or(0) < OLDEST {
        let found = setting(connection, "server_version").await?;
        return Err(other_problem(options, format!("it is PostgreSQL {found}; 15 or later is needed")));
    }
    let encoding = setting(connection, "server_encoding").await?;
    if encoding != "UTF8" {
        return Err(other_problem(options, format!("its encoding is {encoding}; create it with the encoding UTF8")));
    }
    if setting(connection, "synchronous_commit").await? == "off" {
        let problem = "its setting synchronous_commit is off, so what it has committed may be lost; set it to on";
        return Err(other_problem(options, problem.to_owned()));
    }
    if setting(connection, "transaction_read_only").await? == "on" {
        return Err(other_problem(options, "it is read-only; name the primary server".to_owned()));
    }
    Ok(())
}

/// Brings the schema to the newest version: in one transaction, which one node holds the lock for.
async fn migrate(options: &PgConnectOptions, connection: &mut PgConnection) -> Result<(), OpenError> {
    let mut transaction = connection.begin().await.map_err(|error| explain(options, &error))?;
    // Another node may take a while.
    sqlx::query("SET LOCAL lock_timeout = 0")
        .execute(&mut *transaction)
        .await
        .map_err(|error| explain(options, &error))?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(|error| explain(options, &error))?;
    match MIGRATIONS.run(&mut *transaction).await {
        Ok(()) => transaction.commit().await.map_err(|error| explain(options, &error)),
        // The first of those that this server does not know.
        Err(MigrateError::VersionMissing(unknown)) => {
            let newest = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations");
            let found = newest.fetch_one(&mut *transaction).await.unwrap_or(unknown);
            Err(OpenError::Newer { path: shown(options).into(), found, known: schema_version() })
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(explain(options, &error)),
        Err(other) => Err(other_problem(options, other.to_string())),
    }
}

/// Returns the newest version of the schema that this server knows.
pub(crate) fn schema_version() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Returns the database without its password.
fn shown(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    format!("postgres://{}@{}:{}/{database}", options.get_username(), options.get_host(), options.get_port())
}

fn other_problem(options: &PgConnectOptions, problem: String) -> OpenError {
    OpenError::Other { path: shown(options).into(), problem }
}

/// Explains why a database cannot be opened.
fn explain(options: &PgConnectOptions, error: &sqlx::Error) -> OpenError {
    let problem = match error {
        sqlx::Error::Database(error) => {
            let advice = match error.code().as_deref() {
                Some("28P01" | "28000") => "; correct the user or the password",
                Some("3D000") => "; create it (createdb --encoding=UTF8), or correct the name",
                Some("42501") => "; give the user the rights of an owner of the database",
                Some("53300") => "; raise max_connections there",
                Some("53100") => "; make room on its disk",
                Some("55P03") => "; somebody else holds a lock there; try it again",
                _ => "",
            };
            format!("{}{advice}", error.message())
        }
        sqlx::Error::Io(error) => {
            format!("no PostgreSQL server answers there ({error}); start it, or correct host and port")
        }
        error => error.to_string(),
    };
    other_problem(options, problem)
}
