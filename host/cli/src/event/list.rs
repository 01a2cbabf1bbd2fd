//! `inlet event list`: lists event logs, newest first.

use std::fmt::Write as _;

use inlet_api_types::logs::SourceLog;

use super::filters::{Filters, logs_path};
use crate::{
    client::{EnvironmentArgument, ServerArguments, encoded},
    output::{OutputArguments, PageArguments, list, table, text::shorten},
    plugin::reference::SourceRef,
};

/// The longest reason in a table. `inlet why` gives it whole.
const REASON: usize = 80;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production; without one, all sources of --env
    #[arg(value_name = "SOURCE@ENVIRONMENT", conflicts_with = "env")]
    source: Option<SourceRef>,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    filters: Filters,
    /// Only events logged at this time or later, for example 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// Only events logged before this time
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    #[command(flatten)]
    page: PageArguments,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let environment = match &arguments.source {
        Some(source) => format!("environment={}", encoded(&source.environment)),
        None => arguments.environment.query(&client)?,
    };
    let mut path = format!("{}?{environment}{}", logs_path(arguments.source.as_ref()), arguments.filters.query()?);
    for (name, value) in [("starting_at", &arguments.after), ("ending_at", &arguments.before)] {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            _ = write!(path, "&{name}={}", encoded(value));
        }
    }
    if arguments.output.json {
        path.push_str("&include=actions");
    }
    list(&client, &path, &arguments.page, arguments.output, |events: Vec<SourceLog>| {
        let rows = events.into_iter().map(|event| {
            let SourceLog { inserted_at, id, source, outcome, event_type, user_id, reason, code, .. } = event;
            let reason = shorten(&reason.or(code).unwrap_or_default(), REASON);
            [inserted_at, id, source, outcome, event_type, user_id.unwrap_or_default(), reason]
        });
        table(["TIME", "ID", "SOURCE", "OUTCOME", "EVENT", "USER", "REASON"], rows)
    })
}
