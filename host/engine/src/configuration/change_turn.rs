//! The turn of one server among those that change the configuration of one database.
//!
//! What is checked before a change must hold when it is written, so one server changes the configuration at a time. The
//! turn is a lease, and ends by itself if its server is gone. A change that comes too late is behind a
//! [fence](inlet_store::JobFence).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_store::{CommitError, JobFence};

use super::ConfigureError;
use crate::Engine;

const NAME: &str = "configuration";
/// The time after which the turn of a server ends that is gone. A change takes much less.
const TTL: Duration = Duration::from_secs(30);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(35);

/// The right to change the configuration. No other server has it meanwhile.
pub(super) struct ChangeTurn {
    engine: Engine,
    owner: Arc<str>,
    epoch: i64,
}

impl ChangeTurn {
    /// Waits for the turn.
    pub(super) async fn take(engine: &Engine) -> Result<Self, ConfigureError> {
        let owner = Arc::from(engine.node_id.to_string());
        let asked = Instant::now();
        loop {
            let lease = engine.store.job_lease_acquire(NAME, &owner, TTL).await.map_err(unavailable)?;
            if lease.is_held {
                return Ok(Self { engine: engine.clone(), owner, epoch: lease.epoch });
            }
            if asked.elapsed() > PATIENCE {
                let reason = "another server has been changing the configuration for half a minute; try it again";
                return Err(unavailable(CommitError::Unavailable { reason: reason.to_owned() }));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Returns the fence of what is changed in the turn.
    pub(super) fn fence(&self) -> JobFence {
        JobFence { name: NAME, owner: self.owner.clone(), epoch: self.epoch }
    }

    /// Gives the turn back. One that is not given back ends by itself.
    pub(super) async fn end(self) {
        if let Err(error) = self.engine.store.job_lease_release(NAME, &self.owner, self.epoch).await {
            tracing::debug!(%error, "the turn to change the configuration was not given back");
        }
    }
}

fn unavailable(error: CommitError) -> ConfigureError {
    ConfigureError::Change(error.into())
}
