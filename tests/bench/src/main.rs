//! `inlet-bench`: measures the real server against a bare handler, and prints one table.
//!
//! The bare handler is this program again, started with a hidden subcommand. The same generator drives both with the
//! same bytes, in alternation, so that a machine that is slow for a while is slow for both.
//!
//! Reading order: [`measure`] (the rounds), [`scenario`] and [`template`] (the requests), [`generator`] (the load),
//! [`observe`] (the server's costs), [`findings`] (the results).

mod actions;
mod attacks;
mod bare_handler;
mod compare;
mod conditions;
mod dashboard;
mod databases;
mod deliveries;
mod disk;
mod findings;
mod full_store;
mod generator;
mod http;
mod interrupt;
mod large_user;
mod looping_plugin;
mod many_sources;
mod measure;
mod metrics;
mod nodes;
mod observe;
mod overload;
mod plugin_memory;
mod plugin_update;
mod process;
mod quiet_source;
mod recipients;
mod scenario;
mod series;
mod server;
mod setup;
mod table;
mod template;
mod usage;
mod verification;

use std::{net::SocketAddr, process::ExitCode};

use anyhow::Context as _;
use clap::Parser;

/// The allocator of the server, so that the comparison does not depend on allocators.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the server against a bare handler.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    arguments: setup::Arguments,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Attack servers as hostile and unlucky senders do, and print what it costs other sources.
    Attack {
        /// Carry out only these attacks
        #[arg(long = "only", value_name = "ATTACKS", value_delimiter = ',')]
        attacks: Vec<String>,
    },
    /// Serve the bare handler.
    #[command(hide = true)]
    Bare {
        #[arg(long)]
        listen: SocketAddr,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    if let Some(Command::Bare { listen }) = cli.command {
        return bare_handler::serve(listen);
    }
    interrupt::listen()?;
    raise_file_limit()?;
    let setup = setup::Setup::new(cli.arguments)?;
    let table = match cli.command {
        Some(Command::Attack { attacks }) => attacks::run(&setup, &attacks)?,
        _ => measure::run(&setup)?,
    };
    print!("{table}");
    Ok(())
}

/// Permits as many open files as the system does: senders have thousands of connections, and the server inherits it.
fn raise_file_limit() -> anyhow::Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")
}
