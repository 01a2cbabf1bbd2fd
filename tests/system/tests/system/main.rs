//! Tests against the real server with the real plugins.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod administration;
mod author;
mod bad_input;
mod canary;
mod census;
mod crash;
mod door;
mod durability;
#[path = "../../../../host/sandbox/tests/sandbox/forge.rs"]
#[allow(dead_code, reason = "the sandbox's tests use all of it")]
mod forge;
mod hightouch;
mod hot_install;
mod idempotency;
mod main_path;
mod management;
mod operating;
mod platforms;
mod plugin_kept;
mod plugin_use;
mod plugins;
mod publishing;
mod quarantine;
mod rehearse;
mod repair;
mod rudderstack;
mod secrets;
mod signatures;
mod signing;
mod storm;
mod tenancy;
mod tool;
mod translators;
#[path = "../../../../host/sandbox/tests/sandbox/twin.rs"]
#[allow(dead_code, reason = "the sandbox's tests use all of it")]
mod twin;
mod watch;
