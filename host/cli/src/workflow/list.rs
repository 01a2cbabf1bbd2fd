//! `inlet workflow list`: lists the workflows of an environment, by key.

use inlet_api_types::workflows::Workflow;

use crate::{
    client::{EnvironmentArgument, ServerArguments},
    output::{OutputArguments, table, whole_list},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = format!("/v1/workflows?{}", arguments.environment.query(&client)?);
    whole_list(&client, &path, arguments.output, |workflows: Vec<Workflow>| {
        let rows = workflows.into_iter().map(|workflow| {
            let triggers =
                workflow.triggers.iter().map(|trigger| format!("{} of {}", trigger.event_type, trigger.source));
            let triggers = triggers.collect::<Vec<_>>().join(", ");
            let targets = if workflow.has_no_target { "none".to_owned() } else { workflow.targets.join(", ") };
            let last = workflow.last_run_at.unwrap_or_default();
            [workflow.key, triggers, targets, workflow.recent_runs.to_string(), last]
        });
        table(["KEY", "TRIGGERED BY", "TARGETS", "RECENT RUNS", "LAST RUN"], rows)
    })
}
