//! Checkpoints: copying the write-ahead log into the database file, beside the writer instead of in its way.
//!
//! SQLite's automatic checkpoint runs inside a commit, and every job of that group waits while megabytes are written and
//! synced. Here a connection of its own copies most of the log while commits go on. It never catches up with a busy
//! writer, and a log is only overwritten from its start once all of it was copied. So the writer itself copies the small
//! rest, between two groups.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, Row, SqliteConnection};
use tokio::{sync::mpsc, task::JoinHandle};

/// Pages in the log that are worth a checkpoint. With a larger log, a page that many commits touch is written once instead
/// of once each; but reading the log back after a crash takes longer, and so do the pauses. Measured on two cores, the p99
/// of executed events at a quarter of the maximum is 8, 14 and 27 ms with 1000, 2000 and 8000 pages, and the maximum
/// hardly differs.
const WORTH_IT: i64 = 2000;
/// Pages in the log at which the writer stops for a checkpoint after all, because this connection could not keep up.
pub(super) const TOO_MANY: &str = "16000";
/// The pause between two looks at the log while commits go on.
const PAUSE: Duration = Duration::from_millis(50);

/// The writer's end of the task that copies the log.
pub(crate) struct Checkpoints {
    committed: mpsc::Sender<()>,
    /// Set by the task when the writer shall copy the rest.
    rest: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the task with a connection of its own.
    pub(crate) fn start(connection: SqliteConnection) -> Self {
        // One message is enough to say that there may be something to do.
        let (committed, is_committed) = mpsc::channel(1);
        let rest = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(connection, is_committed, rest.clone()));
        Self { committed, rest, task }
    }

    /// Tells the task about a commit, and copies the rest of the log on the writer's connection when that is due.
    pub(crate) async fn after_commit(&self, writer: &mut SqliteConnection) {
        // Fails if the task has been told already.
        _ = self.committed.try_send(());
        if self.rest.swap(false, Ordering::Relaxed)
            && let Err(error) = copy_without_waiting(writer).await
        {
            tracing::warn!(%error, "a checkpoint by the writer failed");
        }
    }

    /// Ends the task. Its connection is closed afterwards.
    pub(crate) async fn stop(self) {
        drop(self.committed);
        _ = self.task.await;
    }
}

/// Works until the writer hangs up.
async fn run(mut connection: SqliteConnection, mut committed: mpsc::Receiver<()>, rest: Arc<AtomicBool>) {
    while committed.recv().await.is_some() {
        match copy(&mut connection).await {
            Ok(copied) => rest.fetch_or(copied, Ordering::Relaxed),
            // The writer's own automatic checkpoint remains.
            Err(error) => {
                tracing::warn!(%error, "a checkpoint beside the writer failed");
                false
            }
        };
        tokio::time::sleep(PAUSE).await;
    }
    _ = connection.close().await;
}

/// Copies the log if it is long enough; returns true if it did.
async fn copy(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // NOOP only looks.
    let row = sqlx::query("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut *connection).await?;
    let (pages, copied): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    if pages - copied < WORTH_IT {
        return Ok(false);
    }
    copy_without_waiting(connection).await?;
    Ok(true)
}

/// Copies the pages that can be copied without waiting for another connection.
async fn copy_without_waiting(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(connection).await?;
    Ok(())
}
