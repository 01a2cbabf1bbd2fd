//! The store on PostgreSQL: the suite that every backend passes.
//!
//! Each test runs on a single thread: jobs that it sends at once wait together and so make one group.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod backend;
mod change_notices;
mod fences;
mod idempotency_generations;
mod log_partitions;
mod migrate;
mod nodes;
mod plans;
mod server;
mod shared_memory;
#[path = "../suite/mod.rs"]
mod suite;
