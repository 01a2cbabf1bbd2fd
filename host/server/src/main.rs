//! `inlet`, the command: `serve` runs the server, `plugin` is the author's tool and the client of a running server,
//! `secrets` looks after the master key.
//!
//! This crate is wiring only: configuration file, listeners, routes, the log, the demo.

mod command_line;
mod config;
mod demo;
mod health;
mod listen;
mod log;
mod management_token;
mod routes;
mod secrets;
mod serve;
mod writer_metrics;

/// Many short-lived allocations on many threads: glibc's allocator keeps far more memory for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    command_line::main()
}
