//! `inlet-bench`: measures the real server against a bare handler, and prints one table.
//!
//! The bare handler is this program again, started with a hidden subcommand. The same generator drives both with the
//! same bytes, in alternation, so that a machine that is slow for a while is slow for both.
//!
//! Reading order: [`measure`] (the rounds), [`scenario`] and [`template`] (the requests), [`generator`] (the load),
//! [`observe`] (the server's costs), [`findings`] (the results).

mod attack;
mod bare_handler;
mod disk;
mod findings;
mod full_store;
mod generator;
mod http;
mod interrupt;
mod many_sources;
mod measure;
mod metrics;
mod observe;
mod plugin_memory;
mod plugin_update;
mod process;
mod scenario;
mod series;
mod server;
mod table;
mod template;
mod usage;
mod verification;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

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
    arguments: Arguments,
}

/// The measurements to run.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// The server [default: `inlet` beside this program]
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Directory for temporary data directories [default: `bench-data` in the target directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Two short rounds and few stored events: to see that it runs, not to believe its numbers
    #[arg(long)]
    quick: bool,
    /// Measure only these parts; the bare handler is always measured
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    only: Vec<measure::Part>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
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
    let Arguments { server, data, quick, only } = cli.arguments;
    let setup = measure::Setup::new(server, data, quick, &only)?;
    print!("{}", measure::run(&setup)?);
    Ok(())
}
