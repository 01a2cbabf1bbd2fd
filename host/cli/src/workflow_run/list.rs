//! `inlet run list`: lists runs, newest first.

use std::fmt::Write as _;

use inlet_api_types::runs::WorkflowRun;

use crate::{
    client::{EnvironmentArgument, ServerArguments, encoded},
    enum_word::word,
    output::{OutputArguments, PageArguments, list, table},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    /// Only runs of this workflow
    #[arg(long, value_name = "KEY")]
    workflow: Option<String>,
    /// Only runs that this event caused
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
    let mut path = format!("/v1/workflow_runs?{}", arguments.environment.query(&client)?);
    for (name, value) in [("workflow", &arguments.workflow), ("source_event_id", &arguments.event_id)] {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            _ = write!(path, "&{name}={}", encoded(value));
        }
    }
    list(&client, &path, &arguments.page, arguments.output, |runs: Vec<WorkflowRun>| {
        let rows = runs.into_iter().map(|run| {
            let counts = run.delivery_counts;
            let sent = counts.pending + counts.retrying + counts.delivered + counts.dead + counts.canceled;
            let delivered = if sent == 0 { "no target".to_owned() } else { format!("{}/{sent}", counts.delivered) };
            [run.inserted_at, run.id, run.workflow, word(&run.status), run.recipients_count.to_string(), delivered]
        });
        table(["TIME", "ID", "WORKFLOW", "STATUS", "RECIPIENTS", "DELIVERED"], rows)
    })
}
