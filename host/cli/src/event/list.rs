//! `inlet event list`: lists event logs, newest first.

use inlet_api_types::logs::SourceLog;

use super::filters::{Filters, TimeRange, logs_path};
use crate::{
    client::{EnvironmentArgument, ServerArguments, encoded},
    output::{OutputArguments, PageArguments, list, table, text::shorten},
    plugin::reference::SourceRef,
    route_commands::with_commands,
};

/// The longest reason in a table. `inlet why` gives it whole.
const REASON: usize = 80;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production; without one, all sources of --env
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: Option<SourceRef>,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    range: TimeRange,
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
    let (logs, filters) = (logs_path(arguments.source.as_ref()), arguments.filters.query()?);
    let mut path = format!("{logs}?{environment}{filters}{}", arguments.range.query());
    if arguments.output.json {
        path.push_str("&include=actions");
    }
    list(&client, &path, &arguments.page, arguments.output, |events: Vec<SourceLog>| {
        let rows = events.into_iter().map(|event| {
            let outcome = outcome(&event);
            let SourceLog { inserted_at, id, source, event_type, user_id, reason, code, .. } = event;
            let reason = shorten(&with_commands(&reason.or(code).unwrap_or_default()), REASON);
            [inserted_at, id, source, outcome, event_type, user_id.unwrap_or_default(), reason]
        });
        table(["TIME", "ID", "SOURCE", "OUTCOME", "EVENT", "USER", "REASON"], rows)
    })
}

/// Returns the outcome of an event, with how many of its deliveries arrived.
fn outcome(event: &SourceLog) -> String {
    let counts = event.delivery_counts.unwrap_or_default();
    match counts.pending + counts.retrying + counts.delivered + counts.dead + counts.canceled {
        0 => event.outcome.clone(),
        all => format!("{}, delivered {}/{all}", event.outcome, counts.delivered),
    }
}
