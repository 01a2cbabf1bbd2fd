//! Delivers workflow runs to the engines that carry them out.
//!
//! The store holds one delivery for each run, target and chunk of recipients, written in the event's own transaction. This
//! crate claims what is due, builds each body once, sends it through the guarded [way out](way_out), judges the answer, and
//! writes the attempt under the claim's fence.

pub mod answer;
pub mod body;
pub mod delivery_head;
pub mod dispatcher;
pub mod operational_webhook;
pub mod pace;
pub mod request;
mod retry_after;
pub mod targets;
#[cfg(test)]
mod test_receiver;
pub mod verdict;
pub mod way_out;
pub mod workflows;
