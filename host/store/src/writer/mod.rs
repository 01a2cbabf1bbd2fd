//! The group-commit writer: one queue, one thread, one connection.
//!
//! Under load a commit costs mostly the wait for the disk, whatever its size. So the writer takes all jobs that came in
//! while it waited, writes them in one transaction, and answers them together: the more come, the cheaper each gets.

mod queue;
mod stats;
mod task;

pub use queue::Settled;
pub use stats::{GroupReport, Stats, WriterObserver};

pub(crate) use queue::Writer;
