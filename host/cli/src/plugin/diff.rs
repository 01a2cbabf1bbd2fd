//! `inlet plugin diff`: what another version would change for a source, on the requests that came last.

use anyhow::{Context as _, ensure};

use super::{
    comparison::{self, Comparison, Plugin},
    named::{SourceAt, VersionOf},
};
use crate::client::ServerArguments;

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A version that the server has, VERSION or KEY@VERSION; its digest; or `latest`
    #[arg(value_name = "OLD")]
    old: String,
    /// The one to compare it with
    #[arg(value_name = "NEW")]
    new: String,
    /// The source, for example shop@production
    #[arg(long, value_name = "SOURCE@ENVIRONMENT")]
    source: SourceAt,
    /// How many of its newest requests, at most 500
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    last: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let ((old_key, old), (new_key, new)) = (split(&arguments.old), split(&arguments.new));
    let answer = comparison::ask(&client, &arguments.source, Some(&old), &new, Some(arguments.last))?;
    let compared: Comparison = serde_json::from_str(&answer).context("the server's answer is of another version")?;
    for (named, Plugin { key, .. }) in [(old_key, &compared.old), (new_key, &compared.new)] {
        ensure!(
            named.as_ref().is_none_or(|named| named == key),
            "{} is a source of {key}; expected versions of that",
            arguments.source.source
        );
    }
    match arguments.json {
        true => println!("{answer}"),
        false => print!("{compared}"),
    }
    Ok(())
}

fn split(named: &str) -> (Option<String>, String) {
    match named.parse::<VersionOf>() {
        Ok(VersionOf { key, version }) => (Some(key), version),
        Err(_) => (None, named.to_owned()),
    }
}
