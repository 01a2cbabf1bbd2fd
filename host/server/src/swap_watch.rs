//! The background job that notices swap that is turned on while the server runs.

use std::{convert::Infallible, time::Duration};

use inlet_engine::{
    Engine,
    jobs::{Job, RunsOn},
};
use inlet_sandbox::swap_possible;

/// Warns once if memory can be swapped out now and could not when the server started. Only a start changes how sandboxes are
/// wiped.
#[derive(Default)]
pub struct SwapWatch {
    has_warned: bool,
}

impl Job for SwapWatch {
    const NAME: &'static str = "swap_watch";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "it cannot be seen whether memory can be swapped out";
    type Error = Infallible;

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), Infallible> {
        if !self.has_warned
            && engine.sandbox.swap().is_none()
            && let Some(reason) = swap_possible()
        {
            self.has_warned = true;
            tracing::error!(
                %reason,
                "memory can be swapped out since this server started, so a plugin's sandbox might keep memory of an earlier \
                 request; restart the server, or turn swap off"
            );
        }
        Ok(())
    }
}
