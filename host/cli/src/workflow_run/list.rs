//! `inlet run list`: lists runs, newest first.

use inlet_api_types::runs::WorkflowRun;

use crate::{
    client::{EnvironmentArgument, ServerArguments},
    enum_word::word,
    filter::{
        query,
        run::{EVENT_ID, WORKFLOW},
    },
    output::{OutputArguments, PageArguments, list, table},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[arg(long, value_name = "KEY", help = WORKFLOW.description)]
    workflow: Option<String>,
    #[arg(long, value_name = "ID", help = EVENT_ID.description)]
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
    let filters = query(&[(WORKFLOW, &arguments.workflow), (EVENT_ID, &arguments.event_id)]);
    let path = format!("/v1/workflow_runs?{}{filters}", arguments.environment.query(&client)?);
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
