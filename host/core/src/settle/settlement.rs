//! The result of settling one item.

use uuid::Uuid;

use crate::{
    effect::Effect,
    log::{ActionLog, Outcome},
    run::Run,
};

/// What an item came to. The parts that differ from its prepared log, and what it did.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, for people.
    pub reason: Option<String>,
    /// The execution that it replays.
    pub replay_of: Option<Uuid>,
    /// The execution whose failed actions it ran.
    pub resumes: Option<Uuid>,
    /// Further warnings.
    pub warnings: Vec<String>,
    /// One for each action that was looked at.
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

    pub(super) fn nothing(outcome: Outcome, reason: Option<String>) -> Self {
        Self {
            outcome,
            reason,
            replay_of: None,
            resumes: None,
            warnings: Vec::new(),
            actions: Vec::new(),
            effects: Vec::new(),
        }
    }

    pub(super) fn replay(event: Uuid, same: bool) -> Self {
        Self {
            replay_of: Some(event),
            warnings: differs(same).into_iter().collect(),
            ..Self::nothing(Outcome::Replayed, None)
        }
    }
}

/// Returns the warning about an execution with the same key and other content.
pub(super) fn differs(same: bool) -> Option<String> {
    (!same).then(|| "the user id or the data differ from those of the execution with the same key".to_owned())
}
