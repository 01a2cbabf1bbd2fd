//! The result of settling one item.

use uuid::Uuid;

use crate::{
    effect::Effect,
    log::{ActionLog, Outcome},
    run::Run,
};

/// The result of settling an item: the fields that differ from its prepared log, its actions and their effects.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The outcome.
    pub outcome: Outcome,
    /// The human-readable reason of the outcome.
    pub reason: Option<String>,
    /// The execution that the event replays.
    pub replay_of: Option<Uuid>,
    /// True if the execution that it replays had another user id or other data.
    pub replay_differs: bool,
    /// The execution whose failed actions the event ran.
    pub resumes: Option<Uuid>,
    /// Warnings besides those of the prepared log.
    pub warnings: Vec<String>,
    /// The number of recipients that its triggers left out because they are not identified.
    pub skipped_recipients: usize,
    /// The logs of the actions, in order.
    pub actions: Vec<ActionLog>,
    /// The changes to write, in order.
    pub effects: Vec<Effect>,
}

impl Settlement {
    /// Returns the workflow runs to create.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::CreateRun(run) => Some(run),
            _ => None,
        })
    }

    /// Returns the id of the first workflow run to create.
    pub fn first_run(&self) -> Option<Uuid> {
        self.runs().next().map(|run| run.id)
    }

    pub(super) fn nothing(outcome: Outcome, reason: Option<String>) -> Self {
        Self {
            outcome,
            reason,
            replay_of: None,
            replay_differs: false,
            resumes: None,
            warnings: Vec::new(),
            skipped_recipients: 0,
            actions: Vec::new(),
            effects: Vec::new(),
        }
    }

    pub(super) fn replay(event: Uuid, same: bool) -> Self {
        Self {
            replay_of: Some(event),
            replay_differs: !same,
            warnings: differs(same).into_iter().collect(),
            ..Self::nothing(Outcome::Replayed, None)
        }
    }
}

/// Returns the warning about an execution with the same key and other content.
pub(super) fn differs(same: bool) -> Option<String> {
    (!same).then(|| "the user id or the data differ from those of the execution with the same key".to_owned())
}
