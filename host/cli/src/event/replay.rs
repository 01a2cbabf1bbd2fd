//! `inlet event replay`: replays single events by their ids, or all that a filter selects.

use anyhow::bail;
use inlet_api_types::{
    logs::{ReplayLog, ReplayedLog},
    replays::CreateReplay,
};
use ureq::http::Method;

use super::{read_event, run_replay};
use crate::{
    client::{Client, Content, ServerArguments, encoded},
    exit_code::Usage,
    output::{Confirmation, OutputArguments, note, print, print_json, tinted},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The events' ids
    #[arg(value_name = "ID", required_unless_present = "source")]
    ids: Vec<String>,
    /// All events of this source that the filters select, for example shop@production; failed and rejected ones that still
    /// need attention unless --outcome says otherwise
    #[arg(long, value_name = "SOURCE@ENVIRONMENT", conflicts_with = "ids")]
    source: Option<SourceRef>,
    /// With --source: only events of these outcomes: failed,rejected
    #[arg(long, value_name = "OUTCOME", requires = "source", value_delimiter = ',')]
    outcome: Vec<String>,
    /// With --source: only events with this code
    #[arg(long, requires = "source")]
    code: Option<String>,
    /// With --source: only events of this type
    #[arg(long, value_name = "TYPE", requires = "source")]
    event: Option<String>,
    /// With --source: only events logged at this time or later
    #[arg(long, value_name = "TIME", requires = "source")]
    after: Option<String>,
    /// With --source: only events logged before this time
    #[arg(long, value_name = "TIME", requires = "source")]
    before: Option<String>,
    /// With --source: the most events a second
    #[arg(long, value_name = "COUNT", requires = "source")]
    rate: Option<u32>,
    /// Do again what was executed already: earlier executions with the same idempotency key do not count
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    if let Some(source) = &arguments.source {
        return many(&client, source, arguments);
    }
    let mut failed = 0;
    for id in &arguments.ids {
        let replayed = one(&client, id, arguments)?;
        failed += u64::from(replayed == "failed" || replayed == "rejected");
    }
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} of {} failed again; `inlet why` says why", arguments.ids.len()),
    }
}

/// Replays one event; returns the outcome.
fn one(client: &Client, id: &str, arguments: &Arguments) -> anyhow::Result<String> {
    let event = read_event(client, id)?;
    let path = format!(
        "/v1/sources/{}/logs/{}/replay?environment={}",
        encoded(&event.source),
        encoded(&event.id),
        encoded(&event.environment)
    );
    let request = Content::json(&ReplayLog { force: Some(arguments.force) })?;
    let text = client.send_for_text(Method::POST, &path, request)?;
    let replayed: ReplayedLog = serde_json::from_str(&text)?;
    match arguments.output.json {
        true => print_json(&text)?,
        false => print(&format!("{} {}", replayed.id, tinted(&replayed.outcome)))?,
    }
    if replayed.outcome == "replayed" && !arguments.output.json {
        note("note: it was executed before, so nothing was done again; --force does it again");
    }
    Ok(replayed.outcome)
}

fn many(client: &Client, source: &SourceRef, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.force {
        bail!(Usage("--force works with ids only: what it does again should be named".to_owned()));
    }
    let name = &source.source;
    arguments.confirmation.require(name, &format!("this replays the selected events of {name:?}"))?;
    let request = CreateReplay {
        outcome: Some(arguments.outcome.clone()).filter(|outcomes| !outcomes.is_empty()),
        code: arguments.code.clone(),
        event_type: arguments.event.clone(),
        starting_at: arguments.after.clone(),
        ending_at: arguments.before.clone(),
        rate_per_second: arguments.rate,
        ..CreateReplay::default()
    };
    run_replay(client, source, &request, arguments.output)
}
