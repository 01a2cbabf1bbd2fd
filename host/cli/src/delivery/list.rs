//! `inlet delivery list`: lists deliveries, newest first.

use super::deliveries_table;
use crate::{
    client::{EnvironmentArgument, ServerArguments},
    filter::{
        delivery::{EVENT_ID, RUN_ID, STATUS, TARGET, WORKFLOW},
        query,
    },
    output::{OutputArguments, PageArguments, list},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[arg(long, value_name = "KEY", help = TARGET.description)]
    target: Option<String>,
    #[arg(long, help = STATUS.description)]
    status: Option<String>,
    #[arg(long, value_name = "KEY", help = WORKFLOW.description)]
    workflow: Option<String>,
    #[arg(long, value_name = "ID", help = RUN_ID.description)]
    run_id: Option<String>,
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
    let filters = query(&[
        (TARGET, &arguments.target),
        (STATUS, &arguments.status),
        (WORKFLOW, &arguments.workflow),
        (RUN_ID, &arguments.run_id),
        (EVENT_ID, &arguments.event_id),
    ]);
    let path = format!("/v1/deliveries?{}{filters}", arguments.environment.query(&client)?);
    list(&client, &path, &arguments.page, arguments.output, deliveries_table)
}
