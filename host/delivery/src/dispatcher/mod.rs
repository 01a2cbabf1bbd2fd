//! The dispatcher: claims deliveries that are due, sends them, and records how it ended.
//!
//! One loop owns all state and takes turns with the store. A turn writes all that happened since the last one and claims what
//! there is room for, in one transaction, so that thousands of deliveries a second share their syncs. Building a body and
//! sending it are tasks of their own, and tell the loop their end.
//!
//! ```text
//! claimed ─▶ body is built ─▶ body is stored (turn) ─▶ a slot is free ─▶ sent ─▶ recorded (turn)
//!     └────────── a body is stored already ───────────────▲
//! ```
//!
//! A claim is a lease with a fence. Whoever comes after its end finds that it is lost, and writes nothing.

mod claims;
mod ending;
mod health_log;
mod health_table;
mod outcome;
mod reads;
mod reload;
mod run;
mod sending;
mod store_share;
mod target_runtime;
#[cfg(test)]
mod tests;
mod turn;
mod work;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use inlet_store::{Store, TargetRecord};
use tokio::{runtime::Handle, sync::watch, task::JoinHandle};

use self::run::Run;
pub use self::{health_log::Stop, health_table::TargetHealths};
use crate::{pace::RetrySchedule, way_out::WayOut};

/// The settings of a dispatcher.
#[derive(Debug, Clone)]
pub struct DispatcherOptions {
    /// When failed deliveries are tried again.
    pub schedule: RetrySchedule,
    /// The time after which others may take over what this one has claimed. Longer than any request takes is not needed:
    /// claims are renewed.
    pub lease: Duration,
    /// The most requests under way at once, over all targets.
    pub max_requests: usize,
    /// The most bytes of bodies that are kept in memory between their building and their sending.
    pub max_body_bytes: u64,
    /// The place where the health of targets is told.
    pub healths: TargetHealths,
    /// The threads that it works on; none for those of the caller. The store is read on those of the caller.
    pub threads: Option<Handle>,
}

impl Default for DispatcherOptions {
    fn default() -> Self {
        Self {
            schedule: RetrySchedule::default(),
            lease: Duration::from_secs(60),
            max_requests: 1024,
            max_body_bytes: 32 << 20,
            healths: TargetHealths::default(),
            threads: None,
        }
    }
}

/// Stops targets for the dispatcher. The server's configuration is changed in one place, which is not in this crate.
pub trait StopTarget: Send + Sync + 'static {
    /// Writes the state of a target. After an error, its deliveries fail again, and ask again.
    fn stop(&self, target: TargetRecord, stop: Stop) -> BoxFuture<'static, Result<(), tower::BoxError>>;
}

/// A running dispatcher. Dropping it lets it run.
pub struct Dispatcher {
    stop: watch::Sender<Option<Duration>>,
    task: JoinHandle<()>,
}

impl Dispatcher {
    /// Starts a dispatcher, in a runtime. Any number of them may run for one store.
    pub fn start(
        store: Arc<Store>,
        way_out: WayOut,
        stop_target: Arc<dyn StopTarget>,
        options: DispatcherOptions,
    ) -> Self {
        let (stop, stopped) = watch::channel(None);
        let threads = options.threads.clone();
        let run = Run::new(store, way_out, stop_target, options, stopped).run();
        let task = match threads {
            Some(threads) => threads.spawn(run),
            None => tokio::spawn(run),
        };
        Self { stop, task }
    }

    /// Stops it: claims nothing more, gives back what was not begun, and waits at most `grace` for the requests under way.
    /// Those that take longer are sent again by whoever claims them after their lease.
    pub async fn stop(self, grace: Duration) {
        // Without a receiver it has ended already.
        let _ = self.stop.send(Some(grace));
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the dispatcher did not end as it should; what it had claimed is sent again");
        }
    }

    /// Ends it in the middle of whatever it does, as a crash would.
    #[cfg(test)]
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
