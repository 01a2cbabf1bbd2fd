//! Notices between the servers of a database that one of them changed something the others keep in memory.
//!
//! Nothing depends on a notice: every server looks for changes again and again, and a notice lets it look now. A server
//! sends one after a change is committed and never in the transaction of events, because PostgreSQL commits transactions
//! with a NOTIFY one after the other.

use std::{sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// The channel. A database has channels of its own.
const CHANNEL: &str = "inlet_changes";
/// The longest time that a statement takes, and a notice that proves that notices arrive.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time between two looks whether the connection is still there.
const PING: Duration = Duration::from_secs(60);
/// The first and the longest pause between two attempts to listen.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];
/// The prefix of the sender's id in a notice that proves that notices arrive.
const PROOF: &str = "proof ";

/// Tells the other servers of the database of changes, and hears of theirs. It ends when it is dropped.
pub(crate) struct ChangeNotices {
    signals: Arc<Signals>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Signals {
    /// Told of a change of this server. Changes in quick succession are one notice.
    announce: Notify,
    /// Told of a change of another server, and after a time in which none would have been heard of.
    heard: Notify,
}

impl ChangeNotices {
    /// Begins to listen.
    pub(super) fn start(options: PgConnectOptions) -> Self {
        let signals = Arc::<Signals>::default();
        let task = tokio::spawn(exchange_for_ever(options, signals.clone()));
        Self { signals, task }
    }

    /// Lets the other servers look for a change now.
    pub(crate) fn announce(&self) {
        self.signals.announce.notify_one();
    }

    /// Completes when another server announced a change, or may have.
    pub(crate) async fn heard(&self) {
        self.signals.heard.notified().await;
    }

    /// Ends the connection.
    pub(crate) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for ChangeNotices {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn exchange_for_ever(options: PgConnectOptions, signals: Arc<Signals>) {
    let id = Uuid::now_v7().to_string();
    let mut is_heard = true;
    let mut pause = PAUSES[0];
    loop {
        match listen(&options, &id).await {
            Ok(mut listener) => {
                if !std::mem::replace(&mut is_heard, true) {
                    tracing::info!("the changes of other servers are announced again");
                }
                pause = PAUSES[0];
                // Those of the time in which nobody listened.
                signals.heard.notify_one();
                let end = exchange(&mut listener, &id, &signals).await;
                tracing::debug!(?end, "the connection for announcements was lost");
            }
            Err(error) => {
                if std::mem::replace(&mut is_heard, false) {
                    tracing::warn!(
                        %error,
                        "the database does not announce the changes of other servers; this one looks for them all the time, \
                         and hears of them a little later"
                    );
                }
                sleep(pause).await;
                pause = PAUSES[1].min(pause * 2);
            }
        }
    }
}

/// Begins to listen, and makes sure that notices arrive: behind a pooler they may not.
async fn listen(options: &PgConnectOptions, id: &str) -> Result<PgListener, sqlx::Error> {
    // The pool is only there for the listener.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(options.clone());
    let listening = async {
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        // A pooler would pass on what the connection itself notifies.
        let mut other = options.connect().await?;
        let proof = format!("{PROOF}{id}");
        notify(&mut other, &proof).await?;
        other.close().await?;
        while listener.try_recv().await?.ok_or_else(lost)?.payload() != proof {}
        Ok(listener)
    };
    timeout(PATIENCE, listening).await.unwrap_or_else(|_| Err(not_arrived()))
}

/// Tells and listens until the connection is lost.
async fn exchange(listener: &mut PgListener, id: &str, signals: &Signals) -> Result<(), sqlx::Error> {
    loop {
        tokio::select! {
            notice = listener.try_recv() => {
                let notice = notice?.ok_or_else(lost)?;
                if notice.payload() != id && !notice.payload().starts_with(PROOF) {
                    signals.heard.notify_one();
                }
            }
            () = signals.announce.notified() => {
                let told = timeout(PATIENCE, notify(&mut *listener, id)).await.unwrap_or_else(|_| Err(lost()));
                if told.is_err() {
                    // It is told over the next connection.
                    signals.announce.notify_one();
                    return told;
                }
            }
            () = sleep(PING) => {
                let ping = sqlx::query("SELECT 1").execute(&mut *listener);
                timeout(PATIENCE, ping).await.unwrap_or_else(|_| Err(lost()))?;
            }
        }
    }
}

async fn notify<'c>(executor: impl sqlx::PgExecutor<'c>, payload: &str) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(executor).await?;
    Ok(())
}

fn lost() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::BrokenPipe, "the connection was lost"))
}

fn not_arrived() -> sqlx::Error {
    let problem = "what was announced did not arrive in time; a pooler in front of PostgreSQL has to keep sessions";
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, problem))
}
