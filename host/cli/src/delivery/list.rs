//! `inlet delivery list`: lists deliveries, newest first.

use std::fmt::Write as _;

use super::deliveries_table;
use crate::{
    client::{EnvironmentArgument, ServerArguments, encoded},
    output::{OutputArguments, PageArguments, list},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    /// Only deliveries to this target
    #[arg(long, value_name = "KEY")]
    target: Option<String>,
    /// Only deliveries with this status: pending, retrying, delivered, dead or canceled
    #[arg(long)]
    status: Option<String>,
    /// Only deliveries of this workflow
    #[arg(long, value_name = "KEY")]
    workflow: Option<String>,
    /// Only deliveries of this run
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// Only deliveries that this event caused
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
    #[command(flatten)]
    page: PageArguments,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let mut path = format!("/v1/deliveries?{}", arguments.environment.query(&client)?);
    let filters = [
        ("target", &arguments.target),
        ("status", &arguments.status),
        ("workflow", &arguments.workflow),
        ("workflow_run_id", &arguments.run_id),
        ("source_event_id", &arguments.event_id),
    ];
    for (name, value) in filters {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            _ = write!(path, "&{name}={}", encoded(value));
        }
    }
    list(&client, &path, &arguments.page, arguments.output, deliveries_table)
}
