//! Tests against the real server with the real plugins.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod actions;
mod administration;
mod admission;
mod attacks;
mod author_guide;
mod author_tool;
mod authorization;
mod bad_input;
mod bad_requests;
mod browsers;
mod canary;
mod census;
mod clients;
mod clock_jumps;
mod concurrent_duplicates;
mod connections;
mod cors;
mod crash;
mod dashboard;
mod deliveries;
mod demo;
mod deploy_files;
mod durability;
mod engines;
mod expansions;
mod file_server;
#[path = "../../../../host/sandbox/tests/sandbox/forge.rs"]
#[allow(dead_code, reason = "the sandbox's tests use all of it")]
mod forge;
mod forget;
mod hightouch;
mod idempotency;
mod item_limit;
mod knock_clients;
mod large_reads;
mod log_search;
mod main_path;
mod management;
mod mapping_language;
mod misbehaving_plugins;
mod on_reject;
mod operating;
mod outcomes;
mod platforms;
mod plugin_directory;
mod plugin_signing;
mod publishing;
mod quarantine;
#[path = "../../../../host/sandbox/tests/sandbox/raw_plugin.rs"]
#[allow(dead_code, reason = "the sandbox's tests use all of it")]
mod raw_plugin;
mod receive;
mod recipients;
mod redaction;
mod rehearse;
mod replay;
mod resends;
mod rudderstack;
mod schemathesis;
mod sdks;
mod secrets;
mod sender_statuses;
mod signatures;
mod startup;
mod stored_versions;
mod toolchains;
mod traces;
mod translators;
mod user_export;
mod user_import;
mod variables;
mod version_install;
mod version_switch;
mod waiting;
mod write_keys;
