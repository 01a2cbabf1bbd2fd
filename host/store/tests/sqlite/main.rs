//! The store on SQLite: the suite that every backend passes, and the tests of what only SQLite has.
//!
//! Each test runs on a single thread: jobs that it sends at once wait together and so make one group.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod backend;
mod checkpoints;
mod clock;
mod earlier_schemas;
mod event_rows;
mod opening;
mod sealing;
mod storage_errors;
#[path = "../suite/mod.rs"]
mod suite;
