//! The `inlet` binary: `serve` runs the server, `secrets` manages the master key, `restore` puts a backup back, `migrate-store` moves to
//! PostgreSQL, and all other
//! commands are clients of a running server and the author's tool.
//!
//! This crate only connects the others: it holds the configuration file, listeners, routes, the log and the demo.

mod allocator_memory;
mod announce;
mod command_line;
mod config;
mod delivery_threads;
mod demo;
mod embedded;
mod health;
mod http;
mod listen;
mod log;
mod management_token;
mod migrate_store;
mod open_engine;
mod open_files;
mod operational_events;
mod paced_stream;
mod process_metrics;
mod readiness;
mod restore;
mod routes;
mod secrets;
mod serve;
mod stop_signal;
mod stop_target;
mod swap_watch;
mod writer_metrics;

/// The server makes many short-lived allocations on many threads, for which glibc's allocator retains far more memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    command_line::main()
}
