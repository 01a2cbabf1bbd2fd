//! `inlet plugin remove`: takes a version out of a running server, unless a source has it.

use ureq::http::Method;

use super::named::VersionOf;
use crate::client::{Content, ServerArguments, encoded};

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The version, for example acme/orders@1.0.0
    #[arg(value_name = "KEY@VERSION")]
    unwanted: VersionOf,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let VersionOf { key, version } = &arguments.unwanted;
    let path = format!("/v1/source_providers/{}/versions/{}", encoded(key), encoded(version));
    arguments.server.client()?.text(Method::DELETE, &path, Content::None)?;
    println!("{key} {version} is removed.");
    Ok(())
}
