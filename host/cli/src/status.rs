//! `inlet status`: the state of sources and targets, and what needs attention.

use std::process::ExitCode;

use anyhow::Context as _;
use inlet_api_types::{
    environments::EnvironmentList,
    sources::{SourceList, SourceStatus},
    targets::{Target, TargetList, TargetState},
};
use serde::Serialize;

use crate::{
    client::{Client, ServerArguments, encoded},
    enum_word::word,
    output::{OutputArguments, note, print, print_json, table, text::clean},
    route_commands::{Subject, with_commands_for},
};

/// The arguments of `inlet status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0; with --check 1 if something needs attention or a target does not run.")]
pub struct Arguments {
    /// Only this environment
    #[arg(long, value_name = "SLUG")]
    env: Option<String>,
    /// End with 1 if something needs attention or a target does not run
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Serialize)]
struct Status {
    sources: Vec<Named<SourceStatus>>,
    targets: Vec<TargetIn>,
}

#[derive(Serialize)]
struct Named<T> {
    source: String,
    status: T,
}

#[derive(Serialize)]
struct TargetIn {
    environment: String,
    target: Target,
}

/// Prints the state, and returns the exit code of the process.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let client = arguments.server.client()?;
    let status = read(&client, arguments.env.as_deref())?;
    let attention: i64 = status.sources.iter().map(|named| named.status.needs_attention.count).sum();
    let stopped = status.targets.iter().filter(|found| found.target.state != TargetState::Running).count();
    match arguments.output.json {
        true => print_json(&serde_json::to_string(&status).context("cannot write the status")?)?,
        false => show(&client, &status, arguments.env.as_deref())?,
    }
    match arguments.check && (attention > 0 || stopped > 0) {
        true => Ok(ExitCode::FAILURE),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn read(client: &Client, environment: Option<&str>) -> anyhow::Result<Status> {
    let query = environment.map(|slug| format!("?environment={}", encoded(slug))).unwrap_or_default();
    let list: SourceList = client.get("/v1/sources")?;
    let mut sources = Vec::new();
    for source in list.entries {
        let status = client.get(&format!("/v1/sources/{}/status{query}", encoded(&source.key)))?;
        sources.push(Named { source: source.key, status });
    }
    let environments = match environment {
        Some(slug) => vec![slug.to_owned()],
        None => {
            let list: EnvironmentList = client.get("/v1/environments")?;
            list.entries.into_iter().map(|environment| environment.slug).collect()
        }
    };
    let mut targets = Vec::new();
    for environment in environments {
        let list: TargetList = client.get(&format!("/v1/targets?environment={}", encoded(&environment)))?;
        targets.extend(list.entries.into_iter().map(|target| TargetIn { environment: environment.clone(), target }));
    }
    Ok(Status { sources, targets })
}

fn show(client: &Client, status: &Status, environment: Option<&str>) -> anyhow::Result<()> {
    note(&format!("{} answers", client.base()));
    if status.sources.is_empty() {
        note("there are no sources yet; `inlet source create` makes one");
        return Ok(());
    }
    print(&text(status, environment))
}

/// Returns the state for people, of an environment or of all.
pub(crate) fn lines(client: &Client, environment: Option<&str>) -> anyhow::Result<String> {
    let status = read(client, environment)?;
    match status.sources.is_empty() {
        true => Ok("there are no sources yet".to_owned()),
        false => Ok(text(&status, environment)),
    }
}

/// `environment` is the only one that the state is about, if there is one.
fn text(status: &Status, environment: Option<&str>) -> String {
    let rows = status.sources.iter().map(|Named { source, status }| {
        let last = status.last_event_received.clone().unwrap_or_else(|| "never".to_owned());
        let attention = status.needs_attention.count;
        [source.clone(), status.events_count.to_string(), last, attention.to_string()]
    });
    let mut text = table(["SOURCE", "EVENTS", "LAST EVENT", "NEED ATTENTION"], rows);
    if !status.targets.is_empty() {
        let rows = status.targets.iter().map(|TargetIn { environment, target }| {
            let reason = target.state_reason.clone().unwrap_or_default();
            let (state, open) = (word(&target.state), target.open_deliveries.to_string());
            [format!("{}@{environment}", target.key), state, open, reason]
        });
        text += &format!("\n\n{}", table(["TARGET", "STATE", "OPEN", "REASON"], rows));
    }
    for Named { source, status } in &status.sources {
        for cause in &status.needs_attention.causes {
            let subject = Subject { source: Some(source.as_str()), environment: Some(cause.environment.as_str()) };
            text += &format!(
                "\n\n{source}@{}: {} {} ({}), the oldest at {}\n  what to do: {}",
                cause.environment,
                cause.count,
                cause.kind,
                clean(&cause.cause),
                cause.oldest_at,
                clean(&with_commands_for(subject, &cause.what_to_do))
            );
        }
        for note in &status.notes {
            let subject = Subject { source: Some(source.as_str()), environment };
            text += &format!("\n\n{source}: {}", clean(&with_commands_for(subject, note)));
        }
    }
    text
}
