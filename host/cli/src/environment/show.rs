//! `inlet env show`: prints an environment.

use anyhow::Context as _;

use super::read;
use crate::{
    client::ServerArguments,
    output::{Details, OutputArguments, print, print_json},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The environment's slug
    slug: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let environment = read(&arguments.server.client()?, &arguments.slug)?;
    if arguments.output.json {
        return print_json(&serde_json::to_string(&environment).context("cannot write the environment")?);
    }
    let bodies = environment.body_retention_days.unwrap_or(environment.retention_days);
    let details = Details::default()
        .add("slug", &environment.slug)
        .add("name", &environment.name)
        .add("logs", format!("{} days", environment.retention_days))
        .add("bodies", format!("{} for {bodies} days", environment.keep_bodies))
        .add("hides personal data", if environment.hide_personal_data { "yes" } else { "no" })
        .add("created", &environment.created_at);
    print(&details.text())
}
