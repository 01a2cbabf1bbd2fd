//! The tests that every backend passes, through the store's public interface alone.
//!
//! A test binary for a backend includes this module and has a module `backend` that gives each test its own empty
//! database.

mod administration;
mod attention;
mod bodies;
mod deliveries;
mod delivery_cancels;
mod delivery_turns;
mod event_types;
mod expansions;
mod failures;
mod forget;
mod idempotency;
mod issues;
mod job_leases;
pub mod log_search;
mod nonces;
mod odd_texts;
mod operational_events;
mod parked_recipients;
mod plugin_versions;
mod read_memory;
mod reading;
mod recipients;
mod refused;
mod rehearsal;
mod relations;
mod retention;
pub mod secrets;
mod skipped_recipients;
mod sources;
pub mod support;
mod targets;
