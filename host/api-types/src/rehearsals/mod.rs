//! Rehearsals: what a request would cause, computed without writing.

mod item;
mod last_events;
mod relations;
mod request;
mod response;
mod writes;

pub use item::{RehearsedAction, RehearsedIdempotency, RehearsedItem, RehearsedMapping};
pub use last_events::{
    RehearsalDifference, RehearsalMessage, RehearsalTotals, RehearseLastEvents, RehearsedActionCount,
    RehearsedLastEvent, RehearsedLastEvents, RehearsedLastItem, RehearsedMappingEffect,
};
pub use relations::{RehearsedCancellation, RehearsedMember, RehearsedSubscription};
pub use request::RehearseSource;
pub use response::{Rehearsal, RehearsalError, RehearsedAnswer, RehearsedVerification};
pub use writes::{RehearsedRun, RehearsedRunRecipient, RehearsedUser, WouldWrite};
