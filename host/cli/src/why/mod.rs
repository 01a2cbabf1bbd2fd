//! `inlet why`: explains the outcome of an event, and the cure if something is wrong.

mod cures;
mod story;

use anyhow::Context as _;
use inlet_api_types::{
    logs::SourceLog,
    rehearsals::{Rehearsal, RehearseSource, RehearsedItem},
    sources::{Source, SourceStatus},
};
use ureq::http::Method;

use crate::{
    client::{Client, Content, ServerArguments, encoded},
    event::read_event,
    output::{OutputArguments, print, print_json},
};

/// The arguments of `inlet why`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The event's id
    id: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// Everything that is known about an event.
pub(crate) struct Trace {
    pub(crate) event: SourceLog,
    /// The same item with the settings and mappings as they are now; none if it cannot be rehearsed, or may not be.
    pub(crate) rehearsed: Option<RehearsedItem>,
    /// The execution that the event replays or resumes.
    pub(crate) earlier: Option<SourceLog>,
    /// The source, for its mappings where nothing can be rehearsed.
    pub(crate) source: Option<Source>,
    pub(crate) status: Option<SourceStatus>,
}

/// Prints what became of an event.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let trace = read(&client, &arguments.id)?;
    let (story, cures) = (story::lines(&trace), cures::lines(&trace));
    if arguments.output.json {
        let json = serde_json::json!({
            "id": trace.event.id, "outcome": trace.event.outcome, "code": trace.event.code,
            "story": story, "what_to_do": cures,
        });
        return print_json(&json.to_string());
    }
    text(story, &cures).iter().try_for_each(|line| print(line))
}

/// Returns what became of an event, for people.
pub(crate) fn lines(client: &Client, id: &str) -> anyhow::Result<Vec<String>> {
    let trace = read(client, id)?;
    Ok(text(story::lines(&trace), &cures::lines(&trace)))
}

fn text(story: Vec<String>, cures: &[String]) -> Vec<String> {
    let mut lines = story;
    if !cures.is_empty() {
        lines.extend([String::new(), "What to do".to_owned()]);
        lines.extend(cures.iter().map(|cure| format!("  - {cure}")));
    }
    lines
}

/// Reads everything that is known about an event. What the token does not permit is left out.
pub(crate) fn read(client: &Client, id: &str) -> anyhow::Result<Trace> {
    let event = read_event(client, id)?;
    let earlier = match event.replay_of.as_ref().or(event.resumes.as_ref()) {
        Some(id) => read_event(client, id).ok(),
        None => None,
    };
    let (source, environment) = (encoded(&event.source), encoded(&event.environment));
    let found = client.get(&format!("/v1/sources/{source}?environment={environment}")).ok();
    let status = client.get(&format!("/v1/sources/{source}/status?environment={environment}")).ok();
    let rehearsed = rehearse(client, &event).ok();
    Ok(Trace { event, rehearsed, earlier, source: found, status })
}

fn rehearse(client: &Client, event: &SourceLog) -> anyhow::Result<RehearsedItem> {
    let path = format!("/v1/sources/{}/rehearse?environment={}", encoded(&event.source), encoded(&event.environment));
    let request = RehearseSource { log_id: Some(event.id.clone()), ..RehearseSource::default() };
    let rehearsal: Rehearsal = client.send(Method::POST, &path, Content::json(&request)?)?;
    rehearsal.items.into_iter().next().context("the rehearsal has no item")
}
