//! Event logs and their action logs.
//!
//! Names and meanings: semantics.md §3, §6 and §7.

mod action;
mod event;
mod outcome;
mod stage_times;

pub use action::ActionLog;
pub use event::{EventFields, EventLog, Original, PluginRef};
pub use outcome::{ACTION_FAILED, Outcome};
pub use stage_times::{StageTimes, TimedStage};

pub use crate::actions::Status;
