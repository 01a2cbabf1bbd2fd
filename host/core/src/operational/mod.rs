//! Operational events: what the server tells its operator about itself, in a webhook of its own.
//!
//! Whoever notices something returns it as data, an [`OperationalEvent`]. The store keeps it, at most one of a type and a
//! subject in [`QUIET_MS`], and the server sends it. What lasts is a *condition*: an [`Observation`] of each is compared with
//! the conditions that are known as open ([`changes`]), so that a condition raises one event when it begins, over restarts too.

mod condition;
mod event;
mod event_type;
mod hour_map;
mod silence;
mod target_health;

pub use self::{
    condition::{ConditionChanges, Observation, OpenCondition, changes},
    event::{EventEnvironment, OperationalEvent, RaiseRule},
    event_type::OperationalEventType,
    hour_map::{HOURS, HourMap, hour_of},
    silence::{Silence, silence},
    target_health::TargetHealth,
};

/// The time in which at most one event of a type is raised for a subject, in milliseconds.
pub const QUIET_MS: i64 = 60 * 60 * 1000;
