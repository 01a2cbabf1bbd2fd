//! The status of a source: counts, what needs attention, and notes for the operator.

pub mod all;
pub mod get;
pub mod needs_attention;
mod notes;
mod skipped_recipients;
mod targets;
