//! `inlet issue show`: prints one issue.

use anyhow::Context as _;
use inlet_api_types::issues::Issue;
use ureq::http::Method;

use super::place;
use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    output::{Details, OutputArguments, print, print_json},
    route_commands::{Subject, with_commands_for},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The issue's id
    id: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = format!("/v1/issues/{}", encoded(&arguments.id));
    let text = client.send_for_text(Method::GET, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let issue: Issue = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let plugin = issue.plugin.as_ref().map(|plugin| format!("{} {}", plugin.key, plugin.version));
    let subject = Subject { source: issue.source.as_deref(), environment: Some(issue.environment.as_str()) };
    let details = Details::default()
        .add("id", &issue.id)
        .add("environment", &issue.environment)
        .add("state", &issue.state)
        .add_some("muted until", issue.muted_until.as_deref())
        .add("kind", &issue.kind)
        .add("stage", &issue.stage)
        .add("code", &issue.code)
        .add("where", place(&issue))
        .add_some("plugin", plugin)
        .add("failures", issue.count.to_string())
        .add("first seen", &issue.first_seen_at)
        .add("last seen", &issue.last_seen_at)
        .add_some("last event", issue.last_log_id.as_deref())
        .add_some("last refused request", issue.last_refused_id.as_deref())
        .add("what to do", with_commands_for(subject, &issue.what_to_do));
    print(&details.text())
}
