//! The workflows that targets' engines have: fetched through the guarded way out, and kept for a while.
//!
//! Nothing that saves or delivers waits for a list. Whoever saves a mapping reads what is kept.

mod fetch;
mod lists;

pub use self::lists::{ListedWorkflows, WorkflowLists};
