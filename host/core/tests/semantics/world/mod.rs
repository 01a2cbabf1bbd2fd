//! The world of the scenarios.

mod entry;
mod inlet;
mod parked;
mod segment;

pub use self::{entry::*, inlet::*, segment::*};
