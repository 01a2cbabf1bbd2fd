//! `inlet event show`: prints one event whole.

use anyhow::Context as _;
use inlet_api_types::{
    hints::EventHints,
    logs::{SourceLog, SourceLogAction},
};
use ureq::http::Method;

use crate::{
    client::{Client, Content, OTHER_VERSION, ServerArguments, encoded},
    output::{Details, OutputArguments, print, print_json, shown_json, table, tinted},
    route_commands::{Subject, with_commands_for},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The event's id
    id: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let text = read_text(&client, &arguments.id)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let event: SourceLog = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print(&details(&event).text())?;
    print(&format!("outcome: {}", tinted(&event.outcome)))?;
    for (title, json) in [("headers", &event.headers), ("data", &event.data), ("original", &event.original)] {
        if let Some(json) = json {
            print(&format!("\n{title}\n{}", shown_json(json.as_text())))?;
        }
    }
    let actions = event.actions.unwrap_or_default();
    if !actions.is_empty() {
        let rows = actions.into_iter().map(|action| {
            let SourceLogAction { action_type, action_status, action_payload, reason, .. } = action;
            let payload = action_payload.map(|payload| payload.into_text()).unwrap_or_default();
            [action_type, action_status, payload, reason.unwrap_or_default()]
        });
        print(&format!("\n{}", table(["ACTION", "STATUS", "PAYLOAD", "REASON"], rows)))?;
    }
    print(&format!("\n`inlet why {}` explains it", event.id))
}

fn details(event: &SourceLog) -> Details {
    let SourceLog { plugin, source, environment, .. } = event;
    let subject = Subject { source: Some(source.as_str()), environment: Some(environment.as_str()) };
    let details = Details::default()
        .add("id", &event.id)
        .add("source", format!("{}@{}", event.source, event.environment))
        .add("event", &event.event_type)
        .add_some("user", event.user_id.as_deref());
    let hints = event.hints.iter().flat_map(EventHints::iter);
    hints
        .fold(details, |details, (path, hint)| details.add(path, hint))
        .add("received", &event.received_at)
        .add("occurred", &event.occurred_at)
        .add("verification", &event.verification_status)
        .add("plugin", format!("{} {}", plugin.key, plugin.version))
        .add_some("idempotency key", event.idempotency_key.as_deref())
        .add_some("code", event.code.as_deref())
        .add_some("reason", event.reason.as_deref().map(|reason| with_commands_for(subject, reason)))
}

/// Reads an event whole, wherever it is.
pub(crate) fn read_event(client: &Client, id: &str) -> anyhow::Result<SourceLog> {
    serde_json::from_str(&read_text(client, id)?).context(OTHER_VERSION)
}

fn read_text(client: &Client, id: &str) -> anyhow::Result<String> {
    client.send_for_text(Method::GET, &format!("/v1/logs/{}", encoded(id)), Content::None)
}
