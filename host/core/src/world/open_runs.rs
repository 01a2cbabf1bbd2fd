//! The runs that one transaction can cancel.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    recipient::RecipientKey,
    run::{CanceledRun, Run, RunCancellation},
};

/// The runs of one workflow with one cancellation key that have not ended, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct OpenRuns {
    /// The runs.
    pub runs: Vec<OpenRun>,
    /// The last run that was read, if there are more in the store than a transaction takes.
    pub cut_after: Option<Uuid>,
    /// True if recipients may come that no run has yet: a trigger with the key waits for some who are not identified, or
    /// subscribers are being added to a run.
    pub is_waited: bool,
}

/// A run that has not ended.
#[derive(Debug, Clone)]
pub struct OpenRun {
    /// The run's id.
    pub id: Uuid,
    /// The number of its recipients that are not canceled.
    pub recipients_count: i64,
    /// Those of them for which a cancellation looks, with their positions; none if they were not read, because there are
    /// more than a transaction takes.
    pub recipients: Option<HashMap<RecipientKey, i64>>,
    /// True if this transaction creates the run with objects, whose subscribers follow. The store knows about other runs.
    pub may_grow: bool,
}

impl OpenRuns {
    /// The most runs that are canceled in one transaction.
    pub const MAX_RUNS: usize = 1000;
    /// The most look-ups of recipients in runs in one transaction.
    pub const MAX_LOOK_UPS: usize = 10_000;

    /// Adds a run that this transaction creates.
    pub(super) fn add(&mut self, run: &Run) {
        let position = |(at, recipient): (usize, &crate::run::RunRecipient)| (recipient.key(), at as i64);
        self.runs.push(OpenRun {
            id: run.id,
            recipients_count: run.recipients.len() as i64,
            recipients: Some(run.recipients.iter().enumerate().map(position).collect()),
            may_grow: run.objects().next().is_some(),
        });
    }

    /// Removes what is canceled.
    pub(super) fn cancel(&mut self, cancellation: &RunCancellation) {
        self.is_waited &= cancellation.recipients.is_some();
        let canceled: HashMap<Uuid, &CanceledRun> = cancellation.runs.iter().map(|run| (run.id, run)).collect();
        self.runs.retain_mut(|run| match canceled.get(&run.id).map(|canceled| canceled.recipients.as_deref()) {
            None => true,
            Some(None) => false,
            Some(Some(positions)) => {
                run.recipients_count -= positions.len() as i64;
                if let Some(recipients) = &mut run.recipients {
                    recipients.retain(|_, position| !positions.contains(position));
                }
                true
            }
        });
    }
}
