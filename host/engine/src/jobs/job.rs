//! The description of a background job.

use std::{fmt, future, time::Duration};

use crate::Engine;

/// A background job: it runs once at the start and then again and again, one run after the other.
pub trait Job: Send + 'static {
    /// The name in metrics and in the lease row.
    const NAME: &'static str;
    /// The nodes that run the job.
    const RUNS_ON: RunsOn;
    /// The log message of a run that failed. The error and the job's name are its fields.
    const FAILURE: &'static str;

    /// The error of a run.
    type Error: fmt::Display + Send;

    /// Returns the time between the end of a run and the begin of the next.
    fn interval(&self) -> Duration;

    /// Completes when the job should run before its interval ends. Never completes if nothing wakes the job.
    fn woken(&mut self, _engine: &Engine) -> impl Future<Output = ()> + Send {
        future::pending()
    }

    /// Waits for the next run.
    fn wait(&mut self, engine: &Engine) -> impl Future<Output = ()> + Send {
        async move {
            let interval = self.interval();
            // Both outcomes mean the same.
            let _ = tokio::time::timeout(interval, self.woken(engine)).await;
        }
    }

    /// Returns false if there is nothing to do. It is asked before the lease is acquired, so that an idle server does not
    /// write.
    fn is_due(&mut self, _engine: &Engine) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        future::ready(Ok(true))
    }

    /// Does what is to be done now.
    fn run(&mut self, engine: &Engine) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// The nodes that run a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsOn {
    /// Every node: the job's work belongs to the process.
    EveryNode,
    /// The node that holds the job's lease: the job's work belongs to the store, which all nodes share.
    OneNode,
}
