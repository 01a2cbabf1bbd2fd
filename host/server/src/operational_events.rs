//! The background job that sends operational events.

use std::time::Duration;

use inlet_delivery::operational_webhook::{OperationalSendError, OperationalWebhook};
use inlet_engine::{
    Engine,
    jobs::{Job, RunsOn},
};

/// The time between two looks at the store. The answer comes from an index that is nearly empty.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Sends the operational events that are due, or leaves them unsent if there is no webhook.
pub struct OperationalEvents {
    webhook: Option<OperationalWebhook>,
}

impl OperationalEvents {
    /// Makes the job.
    pub fn new(webhook: Option<OperationalWebhook>) -> Self {
        Self { webhook }
    }
}

impl Job for OperationalEvents {
    const NAME: &'static str = "operational_events";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "operational events cannot be sent; they are kept and tried again";
    type Error = OperationalSendError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, OperationalSendError> {
        Ok(engine.store.operational_events_due_in().await?.is_some_and(|wait| wait.is_zero()))
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), OperationalSendError> {
        let sent = match &self.webhook {
            Some(webhook) => webhook.send_due(&engine.store).await,
            None => Ok(engine.store.operational_events_leave_unsent().await?),
        };
        metrics::gauge!("inlet_operational_events_pending")
            .set(engine.store.operational_events_pending().await? as f64);
        sent
    }
}
