//! The Inlet server: what joins the core, the sandbox and the store, and the door to the world.
//!
//! A webhook goes one straight way, in [`ingest`]: receive → verify → translate → plan → commit → answer. [`api`] is for
//! operators, `repair` carries out again what failed, [`operate`] is what keeps a server running, [`cli`] is its command
//! line, [`secrets`] is how secrets are kept.

mod anew;
pub mod api;
pub mod app;
pub mod catalog;
mod change_log;
pub mod cli;
pub mod clock;
pub mod config;
pub mod configuration;
pub mod ingest;
mod memory;
pub mod operate;
mod plugin_directory;
mod quarantine;
mod repair;
pub mod secrets;
pub mod telemetry;
mod unwanted;
