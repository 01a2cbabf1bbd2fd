//! The event path's transaction: load, settle, write, commit, for all jobs of a group at once.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use inlet_core::{
    settle::{Job, Settlement, settle},
    verification::Nonce,
    world::{Needs, World},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

use super::{
    along, attention, checkpoint,
    connect::{self, Durability},
    event_types::EventTypes,
    failure::Failure,
    nonces,
    plugins::Plugins,
    refused,
    script::Script,
    transaction,
    world::{self, Wanted},
    write,
};
use crate::{along::Along, refused::NewRefused, store::now_ms};

/// The connection that writes, and what is kept in memory so that it need not be asked for.
pub(crate) struct Writing {
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    size_limit: Option<u64>,
    plugins: Plugins,
    event_types: EventTypes,
}

/// What a group came to.
pub(crate) struct GroupDone {
    /// For each job, for each of its items.
    pub(crate) settlements: Vec<Vec<Settlement>>,
    /// Loading and settling.
    pub(crate) settle: Duration,
    /// Writing rows.
    pub(crate) write: Duration,
    /// The commit itself, which is mostly waiting for the disk.
    pub(crate) commit: Duration,
}

impl Writing {
    pub(super) fn new(connection: SqliteConnection, options: SqliteConnectOptions, size_limit: Option<u64>) -> Self {
        Self { connection, options, size_limit, plugins: Plugins::default(), event_types: EventTypes::default() }
    }

    /// The connection, for changes that are not events.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    pub(crate) async fn durability(&mut self) -> Result<Durability, sqlx::Error> {
        connect::durability(&mut self.connection).await
    }

    /// Which of these were taken before. Nobody else writes, so that what is found here is so until the next commit.
    pub(crate) async fn seen(&mut self, wanted: &[Nonce]) -> Result<HashSet<[u8; 16]>, Failure> {
        let seen = nonces::seen(&mut self.connection, wanted, now_ms()).await;
        if seen.is_err() {
            self.reconnect_if_lost().await;
        }
        Ok(seen?)
    }

    /// Commits everything or nothing.
    pub(crate) async fn commit(
        &mut self,
        jobs: &[Job],
        along: &[Option<Box<Along>>],
        refused: &[NewRefused],
    ) -> Result<GroupDone, Failure> {
        let done = self.transaction(jobs, along, refused).await;
        if done.is_ok() {
            self.plugins.committed();
            self.event_types.committed();
        } else {
            self.plugins.rolled_back();
            self.event_types.rolled_back();
            self.reconnect_if_lost().await;
        }
        done
    }

    async fn transaction(
        &mut self,
        jobs: &[Job],
        along: &[Option<Box<Along>>],
        refused: &[NewRefused],
    ) -> Result<GroupDone, Failure> {
        let done = self.write(jobs, along, refused).await;
        if done.is_err() {
            transaction::roll_back(&mut self.connection).await;
        }
        done
    }

    /// Mostly one trip to the database, and one more before it when something has to be loaded.
    async fn write(
        &mut self,
        jobs: &[Job],
        along: &[Option<Box<Along>>],
        refused: &[NewRefused],
    ) -> Result<GroupDone, Failure> {
        let (started, now_ms) = (Instant::now(), now_ms());
        let mut needs = Needs::default();
        jobs.iter().for_each(|job| job.add_needs(&mut needs));
        let wanted = Wanted::of(&needs);
        let is_begun = !wanted.is_empty();
        let mut world = World::default();
        if is_begun {
            let mut script = Script::new(&mut self.connection);
            script.statement(transaction::BEGIN);
            world = world::load(&mut script, &wanted).await?;
        }
        let settlements = settle_all(&mut world, jobs, now_ms)?;
        let settled = Instant::now();
        let mut script = Script::new(&mut self.connection);
        if !is_begun {
            script.statement(transaction::BEGIN);
        }
        let plugins = self.plugins.ids(&mut script, jobs).await?;
        let rows = write::Rows::of(jobs, &settlements, &plugins, &world);
        script.fit(rows.longest());
        rows.write(&mut script, now_ms).await?;
        self.event_types.count(&mut script, jobs).await?;
        nonces::remember(&mut script, jobs).await?;
        attention::note(&mut script, jobs, along, &settlements).await?;
        for ((job, along), settlements) in jobs.iter().zip(along).zip(&settlements) {
            if let Some(along) = along {
                along::write(script.connection().await?, job, along, settlements).await?;
            }
        }
        if !refused.is_empty() {
            refused::keep(script.connection().await?, refused).await?;
        }
        script.statement(transaction::COMMIT);
        let mut written = settled;
        script.run_and(|| written = Instant::now()).await?;
        Ok(GroupDone { settlements, settle: settled - started, write: written - settled, commit: written.elapsed() })
    }

    /// A lost connection never comes back by itself.
    async fn reconnect_if_lost(&mut self) {
        if let Err(sqlx::Error::WorkerCrashed) = self.connection.ping().await {
            self.reconnect().await;
        }
    }

    async fn reconnect(&mut self) {
        let connected = async {
            let mut connection = self.options.connect().await?;
            if let Some(limit) = self.size_limit {
                connect::limit_size(&mut connection, limit).await?;
            }
            Ok::<_, sqlx::Error>(connection)
        };
        match connected.await {
            Ok(connection) => self.connection = connection,
            Err(error) => {
                tracing::error!(%error, "the database could not be opened again; it is tried at the next write")
            }
        }
    }

    /// Copies the rest of the log; see [`checkpoint`].
    pub(crate) async fn finish_checkpoint(&mut self) {
        if let Err(error) = checkpoint::passive(&mut self.connection).await {
            tracing::warn!(%error, "a checkpoint by the writer failed");
        }
    }

    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        connect::close(self.connection).await
    }
}

/// Settles every item in order. A panic is a bug in the rules; it must not take the writer and all neighbours with it.
pub(super) fn settle_all(world: &mut World, jobs: &[Job], now_ms: i64) -> Result<Vec<Vec<Settlement>>, Failure> {
    let settled = catch_unwind(AssertUnwindSafe(|| {
        let mut settle_job = |job: &Job| -> Vec<Settlement> {
            job.items.iter().map(|item| settle(world, job.environment, item, now_ms, &mut Uuid::now_v7)).collect()
        };
        jobs.iter().map(&mut settle_job).collect()
    }));
    settled.map_err(|_| Failure::Content("settling the event failed unexpectedly; please report it".to_owned()))
}
