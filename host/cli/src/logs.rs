//! `inlet logs`: searches the event logs of a source.

use std::fmt::Write as _;

use anyhow::Context as _;
use inlet_api_types::logs::{SourceLog, SourceLogList};
use ureq::http::Method;

use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    output::{note, print_json, print_text},
    plugin::reference::SourceRef,
};

/// The arguments of `inlet logs`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// Only events of this type; `Paid` also finds `track/Paid`
    #[arg(long)]
    event: Option<String>,
    /// Only events about this user
    #[arg(long, value_name = "ID")]
    user_id: Option<String>,
    /// Only events with this idempotency key
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Only events of this outcome, or of these: failed,rejected
    #[arg(long)]
    outcome: Option<String>,
    /// Only events with this code, for example action_failed
    #[arg(long)]
    code: Option<String>,
    /// Only events with an action that ended so: success, skipped or error
    #[arg(long, value_name = "STATUS")]
    action_status: Option<String>,
    /// Only events with a trigger that reached or skipped this recipient: a user's id, or COLLECTION/ID
    #[arg(long, value_name = "RECIPIENT")]
    recipient: Option<String>,
    /// Only events logged at this time or later, for example 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// Only events logged before this time
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
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
    let text = arguments.server.client()?.send_for_text(Method::GET, &path(arguments), Content::None)?;
    if arguments.json {
        return print_json(&text);
    }
    let logs: SourceLogList = serde_json::from_str(&text).context(OTHER_VERSION)?;
    for entry in &logs.entries {
        print_text(&line(entry))?;
    }
    if logs.entries.is_empty() {
        note("no log entry matches");
    }
    if logs.page_info.after.is_some() {
        note("there are more; narrow the search, or raise --limit");
    }
    Ok(())
}

fn path(arguments: &Arguments) -> String {
    let SourceRef { source, environment } = &arguments.source;
    let filters = [
        ("event", &arguments.event),
        ("user_id", &arguments.user_id),
        ("idempotency_key", &arguments.idempotency_key),
        ("outcome", &arguments.outcome),
        ("code", &arguments.code),
        ("action_status", &arguments.action_status),
        ("recipient", &arguments.recipient),
        ("starting_at", &arguments.after),
        ("ending_at", &arguments.before),
        ("id", &arguments.id),
    ];
    let (source, environment) = (encoded(source), encoded(environment));
    let mut path = format!("/v1/sources/{source}/logs?environment={environment}&limit={}", arguments.limit);
    for (name, value) in filters {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            _ = write!(path, "&{name}={}", encoded(value));
        }
    }
    if arguments.json {
        path.push_str("&include=actions");
    }
    path
}

/// Returns time, id, outcome, event type, user, and the code and the reason where there are any.
fn line(entry: &SourceLog) -> String {
    let SourceLog { inserted_at, id, outcome, event_type, user_id, code, reason, .. } = entry;
    let mut line = format!("{inserted_at}  {id}  {outcome}  {event_type}");
    for (label, value) in [("user ", user_id), ("", code), ("", reason)] {
        if let Some(value) = value {
            _ = write!(line, "  {label}{value}");
        }
    }
    line
}
