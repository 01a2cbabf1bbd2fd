//! Databases for the suite: each a new one on the server.

use std::{
    collections::BTreeMap,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use inlet_store::StoreOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;

use crate::server;

/// A database whose schema is the newest one, which others are copies of: that takes a fraction of the time of creating all tables.
/// The system tests open empty ones.
static TEMPLATE: LazyLock<()> = LazyLock::new(|| {
    wait_for(async || {
        execute("CREATE DATABASE migrated TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'".to_owned()).await;
        let mut connection = server::connect("migrated").await;
        sqlx::migrate!("migrations/postgres").run(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
});

/// A database without content for one test, deleted with it.
pub struct TestDatabase {
    directory: TempDir,
    name: String,
}

/// Does work on a runtime of its own, because the test's is busy with the caller.
fn wait_for<T: Send>(work: impl AsyncFnOnce() -> T + Send) -> T {
    let on_runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work());
    std::thread::scope(|scope| scope.spawn(on_runtime).join().unwrap())
}

async fn execute(statement: String) {
    sqlx::query(AssertSqlSafe(statement)).execute(&mut server::connect("postgres").await).await.unwrap();
}

impl TestDatabase {
    /// False if the claims of a process that is gone stay until their leases end: other nodes may hold some.
    pub const OPENING_FREES_CLAIMS: bool = false;

    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("inlet_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        LazyLock::force(&TEMPLATE);
        let create = format!("CREATE DATABASE {name} TEMPLATE migrated");
        wait_for(async || execute(create).await);
        Self { directory: tempfile::tempdir().unwrap(), name }
    }

    /// Options that open the database, also after a store on it was closed.
    pub fn options(&self) -> StoreOptions {
        StoreOptions { database_url: Some(server::url(&self.name)), ..StoreOptions::new(self.directory.path()) }
    }

    /// Ends the leases of a process that is gone, as their time does.
    pub async fn end_leases(&self) {
        let mut connection = server::connect(&self.name).await;
        let end = "UPDATE deliveries SET due_at_ms = 0 WHERE owner IS NOT NULL AND due_at_ms IS NOT NULL";
        sqlx::query(end).execute(&mut connection).await.unwrap();
        let end = "UPDATE job_leases SET leased_until_ms = 0";
        sqlx::query(end).execute(&mut connection).await.unwrap();
    }

    /// Options with which one more node opens the database.
    pub fn options_of_node(&self, node: &str) -> StoreOptions {
        let directory = self.directory.path().join(node);
        StoreOptions { database_url: Some(server::url(&self.name)), ..StoreOptions::new(directory) }
    }

    /// Connects to the database, beside the stores.
    pub async fn connect(&self) -> PgConnection {
        server::connect(&self.name).await
    }

    /// Returns what the server has logged about the database.
    pub fn log(&self) -> Vec<String> {
        server::log_of(&self.name)
    }

    /// Changes a setting of all connections to the database that are made from now on.
    pub async fn set(&self, setting: &str, value: &str) {
        let set = format!("ALTER DATABASE {} SET {setting} = '{value}'", self.name);
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut self.connect().await).await.unwrap();
    }

    /// Ends all connections to the database, as an administrator or a restart of the server does.
    pub async fn end_connections(&self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        sqlx::query(end).bind(&self.name).execute(&mut server::connect("postgres").await).await.unwrap();
    }

    /// Everything that is stored, to be compared: the rows of every table.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        wait_for(async || {
            let mut connection = server::connect(&self.name).await;
            let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
            let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
            let mut contents = BTreeMap::new();
            for table in tables {
                let rows = format!("SELECT coalesce(string_agg(t::text, '\n' ORDER BY t::text), '') FROM {table} AS t");
                let rows: String = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut connection).await.unwrap();
                contents.insert(table, rows.into_bytes());
            }
            contents
        })
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        wait_for(async || execute(drop).await);
    }
}
