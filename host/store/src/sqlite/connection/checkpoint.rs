//! Checkpoints: copying the write-ahead log into the database file, beside the writer instead of in its way.
//!
//! SQLite's automatic checkpoint runs inside a commit, and every job of that group waits while megabytes are written and
//! synced. Here a connection of its own copies most of the log while commits go on. It never catches up with a busy
//! writer, and a log is only overwritten from its start once all of it was copied. So the writer itself copies the small
//! rest, between two groups.
//!
//! SQLite syncs the database file only when a checkpoint reaches the end of the log, which is the writer's. So the task
//! here syncs the file itself, and repeats the copy until little is left: otherwise the writer would wait for all that
//! the task has copied.

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, Row, SqliteConnection};
use tokio::{sync::mpsc, task::JoinHandle};

use super::database_file;
use crate::{error::CommitError, sqlite::statements::runner::StatementRunner};

/// Pages in the log that are worth a checkpoint. With a larger log, a page that many commits touch is written once instead
/// of once each; but reading the log back after a crash takes longer, and so do the pauses. With 1000 pages the file is
/// synced twice as often, and eight callers of executed events, one after the other, see a p99 of 150 ms instead of 12 to
/// 45 ms on a slow disk.
const WORTH_IT: i64 = 2000;
/// Pages in the log at which the writer stops for a checkpoint after all, because this connection could not keep up.
pub(super) const TOO_MANY: &str = "16000";
/// Pages in the log that the writer copies without being noticed.
const FEW: i64 = 100;
/// The most copies before the writer is asked for the rest. Each finds less than the one before, unless the disk is slower
/// than the writer.
const MOST_COPIES: usize = 4;
/// The pause between two looks at the log while commits go on.
const PAUSE: Duration = Duration::from_millis(50);
/// Copies the pages that can be copied without waiting for another connection.
const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The writer's end of the task that copies the log.
pub(crate) struct Checkpoints {
    committed: mpsc::Sender<()>,
    /// Set by the task when the writer shall copy the rest.
    rest: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the task with a connection of its own to the database at this path.
    pub(crate) fn start(path: &Path, connection: SqliteConnection) -> Result<Self, std::io::Error> {
        let file = database_file::open(path)?;
        // One message is enough to say that there may be something to do.
        let (committed, is_committed) = mpsc::channel(1);
        let rest = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(connection, file, is_committed, rest.clone()));
        Ok(Self { committed, rest, task })
    }

    /// Tells the task about a commit, and copies the rest of the log on the writer's connection when that is due.
    pub(crate) async fn after_commit(&self, writer: &mut StatementRunner<'_>) {
        // Fails if the task has been told already.
        _ = self.committed.try_send(());
        if self.rest.swap(false, Ordering::Relaxed)
            && let Err(error) = writer.run(PASSIVE).await
        {
            tracing::warn!(error = %CommitError::from(error), "a checkpoint by the writer failed");
        }
    }

    /// Ends the task. Its connection is closed afterwards.
    pub(crate) async fn stop(self) {
        drop(self.committed);
        _ = self.task.await;
    }
}

/// Works until the writer hangs up.
async fn run(
    mut connection: SqliteConnection,
    file: &'static File,
    mut committed: mpsc::Receiver<()>,
    rest: Arc<AtomicBool>,
) {
    while committed.recv().await.is_some() {
        match copy(&mut connection, file).await {
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
async fn copy(connection: &mut SqliteConnection, file: &'static File) -> Result<bool, sqlx::Error> {
    if left(connection).await? < WORTH_IT {
        return Ok(false);
    }
    for _ in 0..MOST_COPIES {
        sqlx::query(PASSIVE).execute(&mut *connection).await?;
        let synced = tokio::task::spawn_blocking(|| file.sync_data()).await;
        synced.map_err(std::io::Error::other).flatten().map_err(sqlx::Error::Io)?;
        if left(connection).await? < FEW {
            break;
        }
    }
    Ok(true)
}

/// Returns the number of pages in the log that were not copied.
async fn left(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    // NOOP only looks.
    let row = sqlx::query("PRAGMA wal_checkpoint(NOOP)").fetch_one(connection).await?;
    let (pages, copied): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    Ok(pages - copied)
}
