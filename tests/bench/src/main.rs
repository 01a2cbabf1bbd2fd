//! `inlet-bench`: measures the real server against a bare handler, and prints one table.
//!
//! The bare handler is this program again, started with a hidden subcommand. Both are driven by the same generator with
//! the same bytes, in turns, so that a machine that is slower for a while is slower for both.
//!
//! Reads best in this order: [`measure`] (what is run, and when), [`scenario`] and [`template`] (what is sent),
//! [`generator`] (how), [`observe`] (what is read off the server meanwhile), [`findings`] (what it says).

mod aged;
mod attack;
mod bare;
mod disk;
mod findings;
mod generator;
mod http;
mod installing;
mod interrupt;
mod many;
mod measure;
mod metrics;
mod observe;
mod plugins;
mod proc;
mod process;
mod scenario;
mod series;
mod server;
mod table;
mod template;
mod verification;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;

/// The server's allocator, so that the two are not compared by theirs.
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

/// What to measure.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// The server [default: `inlet` beside this program]
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Where data directories are made and removed [default: `bench-data` in the target directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Two short rounds and few stored events: to see that it runs, not to believe its numbers
    #[arg(long)]
    quick: bool,
    /// Measure only these; the bare handler always is
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
        return bare::serve(listen);
    }
    interrupt::listen()?;
    let Arguments { server, data, quick, only } = cli.arguments;
    let setup = measure::Setup::new(server, data, quick, &only)?;
    print!("{}", measure::run(&setup)?);
    Ok(())
}
