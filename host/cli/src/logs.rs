//! `inlet logs`: searches the event logs of a source.

use std::fmt::Write as _;

use anyhow::Context as _;
use inlet_api_types::logs::{SourceLog, SourceLogList};
use ureq::http::Method;

use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    event::filters::{Filters, TimeRange},
    output::{note, print_json, print_text, reach},
    plugin::reference::SourceRef,
    route_commands::with_commands,
};

/// The most entries of one answer.
const MAX_LIMIT: u32 = 100;

/// The arguments of `inlet logs`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    range: TimeRange,
    /// Only this entry
    #[arg(long)]
    id: Option<String>,
    /// The number of newest entries, at most 100
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: u32,
    /// Print JSON, with the actions
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// Prints the newest entries that the filters select, one a line.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let text = arguments.server.client()?.send_for_text(Method::GET, &path(arguments)?, Content::None)?;
    if arguments.json {
        return print_json(&text);
    }
    let logs: SourceLogList = serde_json::from_str(&text).context(OTHER_VERSION)?;
    for entry in &logs.entries {
        print_text(&line(entry))?;
    }
    let searched = logs.searched.as_ref().filter(|searched| !searched.is_complete);
    if let (Some(searched), Some(cursor)) = (searched, &logs.page_info.after) {
        note(&format!("{}; further back: `inlet event list --cursor {cursor}`", reach(searched)));
        return Ok(());
    }
    if logs.entries.is_empty() {
        note("no log entry matches");
    }
    if logs.page_info.after.is_some() {
        match arguments.limit < MAX_LIMIT {
            true => note("there are more; narrow the search, or raise --limit"),
            false => note("there are more; narrow the search, or go on with `inlet event list --cursor`"),
        }
    }
    Ok(())
}

fn path(arguments: &Arguments) -> anyhow::Result<String> {
    let SourceRef { source, environment } = &arguments.source;
    let (source, environment) = (encoded(source), encoded(environment));
    let mut path = format!("/v1/sources/{source}/logs?environment={environment}&limit={}", arguments.limit);
    path.push_str(&arguments.filters.query()?);
    path.push_str(&arguments.range.query());
    if let Some(id) = &arguments.id {
        // Writing to a string cannot fail.
        _ = write!(path, "&id={}", encoded(id));
    }
    if arguments.json {
        path.push_str("&include=actions");
    }
    Ok(path)
}

/// Returns time, id, outcome, event type, user, and the code and the reason where there are any.
fn line(entry: &SourceLog) -> String {
    let SourceLog { inserted_at, id, outcome, event_type, user_id, code, reason, .. } = entry;
    let mut line = format!("{inserted_at}  {id}  {outcome}  {event_type}");
    let reason = &reason.as_deref().map(with_commands);
    for (label, value) in [("user ", user_id), ("", code), ("", reason)] {
        if let Some(value) = value {
            _ = write!(line, "  {label}{value}");
        }
    }
    line
}
