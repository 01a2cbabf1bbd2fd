//! `inlet run show`: prints one run.

use anyhow::Context as _;
use inlet_api_types::runs::WorkflowRun;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, OTHER_VERSION, ServerArguments, encoded},
    delivery::deliveries_table,
    enum_word::word,
    output::{Details, OutputArguments, print, print_json, shown_json, table},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The run's id
    id: String,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = format!("/v1/workflow_runs/{}?{}", encoded(&arguments.id), arguments.environment.query(&client)?);
    let text = client.send_for_text(Method::GET, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let run: WorkflowRun = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let details = Details::default()
        .add("id", &run.id)
        .add("workflow", &run.workflow)
        .add("status", word(&run.status))
        .add("event", &run.source_event_id)
        .add_some("mapping", run.mapping_id.as_deref())
        .add_some("actor", run.actor.as_ref().map(|actor| shown_json(actor.as_text())))
        .add_some("tenant", run.tenant.as_ref().map(|tenant| shown_json(tenant.as_text())))
        .add_some("cancellation key", run.cancellation_key.as_deref())
        .add_some("data", run.data.as_ref().map(|data| shown_json(data.as_text())))
        .add("created", &run.inserted_at);
    print(&details.text())?;
    let rows = run.recipients.into_iter().map(|recipient| {
        let id = match &recipient.collection {
            Some(collection) => format!("{collection}/{}", recipient.id),
            None => recipient.id.clone(),
        };
        [id, word(&recipient.status)]
    });
    print(&format!("\n{}", table(["RECIPIENT", "STATUS"], rows)))?;
    match run.deliveries.filter(|deliveries| !deliveries.is_empty()) {
        Some(deliveries) => print(&format!("\n{}", deliveries_table(deliveries))),
        None => print("\nnot sent: no target wants it; `inlet target set` adds one"),
    }
}
