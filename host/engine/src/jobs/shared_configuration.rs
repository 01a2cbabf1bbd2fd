//! Puts in force what other servers of the database changed and which plugins they quarantined, and tells live views of the
//! events that they committed.

use std::time::Duration;

use inlet_store::{CommitError, ReadError};

use super::job::{Job, RunsOn};
use crate::Engine;

/// The time between two looks where no other server writes, of which none finds anything.
const ALONE: Duration = Duration::from_secs(3600);

/// The reason why this server and the others do not agree.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] CommitError),
}

/// Follows the other servers.
pub(super) struct SharedConfiguration {
    /// The time between two looks of which none was asked for.
    poll: Duration,
    is_alone: bool,
    newest_event: i64,
}

impl SharedConfiguration {
    pub(super) fn of(engine: &Engine) -> Self {
        Self { poll: engine.options.database_poll, is_alone: false, newest_event: 0 }
    }
}

impl Job for SharedConfiguration {
    const NAME: &'static str = "shared_configuration";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "what other servers changed is not in force here yet; it is tried again";
    type Error = FollowError;

    fn interval(&self) -> Duration {
        if self.is_alone { ALONE } else { self.poll }
    }

    async fn woken(&mut self, engine: &Engine) {
        engine.store.changed_elsewhere().await;
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, FollowError> {
        self.is_alone = !engine.store.is_shared();
        if self.is_alone {
            return Ok(false);
        }
        let version = engine.store.shared_version().await?;
        if version.newest_event != self.newest_event {
            self.newest_event = version.newest_event;
            engine.store.announce_events();
        }
        engine.share_quarantines(&version.quarantines).await?;
        Ok(!engine.configuration.is_of(version.configuration))
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), FollowError> {
        Ok(engine.follow_others().await?)
    }
}
