//! The store through its one door, on real SQLite files.
//!
//! Tests run on a single thread each: what they ask for at once waits together and so makes one group.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod administration;
mod attention;
mod bodies;
mod checkpoints;
mod config;
mod event_types;
mod failures;
mod idempotency;
mod job_leases;
mod nonces;
mod opening;
mod plugin_versions;
mod reading;
mod recipients;
mod refused;
mod rehearsal;
mod retention;
mod secrets;
mod support;
