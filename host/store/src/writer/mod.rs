//! The group-commit writer: one queue, and a thread with a connection of its own; several of these where others write too. It knows no
//! database; a [`WriteBackend`](crate::backend::WriteBackend) does the work.
//!
//! Under load a commit costs mostly the wait for the disk, whatever its size. So the writer takes all jobs that arrived
//! while it waited, writes them in one transaction, and answers them together: the more arrive, the cheaper each gets.
//! Jobs that arrive while a group waits for its environments, where others write too, join it.

mod counters;
mod fair_queue;
mod group;
mod inbox;
mod pace;
mod queue;
mod service_times;
mod storage_failures;
mod task;
mod work;

pub use group::writer_cost;
pub(crate) use queue::Writer;
