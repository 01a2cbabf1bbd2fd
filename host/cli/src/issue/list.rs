//! `inlet issue list`: lists issues, the last seen first.

use std::fmt::Write as _;

use inlet_api_types::issues::Issue;

use super::place;
use crate::{
    client::{EnvironmentArgument, ServerArguments, encoded},
    output::{OutputArguments, table, whole_list},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    /// Only issues in this state: open, acknowledged, muted or resolved [default: all]
    #[arg(long)]
    state: Option<String>,
    /// Only issues of this source
    #[arg(long, value_name = "KEY")]
    source: Option<String>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let mut path = format!("/v1/issues?{}", arguments.environment.query(&client)?);
    for (name, value) in [("state", &arguments.state), ("source", &arguments.source)] {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            _ = write!(path, "&{name}={}", encoded(value));
        }
    }
    whole_list(&client, &path, arguments.output, |issues: Vec<Issue>| {
        let rows = issues.into_iter().map(|issue| {
            let place = place(&issue);
            [issue.id, issue.state, issue.kind, issue.code, place, issue.count.to_string(), issue.last_seen_at]
        });
        table(["ID", "STATE", "KIND", "CODE", "WHERE", "COUNT", "LAST SEEN"], rows)
    })
}
