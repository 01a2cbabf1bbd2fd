//! `inlet tail`: prints events as they are logged.

mod place;
mod selection;

use anyhow::Context as _;
use inlet_api_types::logs::SourceLog;

pub(crate) use self::{place::PlaceArguments, selection::Selection};
use crate::{
    client::{Next, OTHER_VERSION, ServerArguments, follow},
    event::filters::Filters,
    output::{
        OutputArguments, print, shown_json,
        text::{clean, shorten},
        tinted,
    },
    route_commands::with_commands,
};

/// The longest reason in a line. `inlet why` gives it whole.
const REASON: usize = 100;

/// The arguments of `inlet tail`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It connects again where the connection ends, continues after the last event, and says what it missed. The server sends a
heartbeat every ten seconds; without one for 30 seconds the connection is opened again.")]
pub struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    place: PlaceArguments,
    /// Stop after so many events
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// Prints events until it is stopped.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let mut path = format!("{}{}", arguments.selection.stream(&client)?, arguments.filters.query()?);
    if arguments.output.json {
        path.push_str("&include=actions");
    }
    let mut left = arguments.count.unwrap_or(u64::MAX);
    let print_one = |json: &str| -> anyhow::Result<Next> {
        let event: SourceLog = serde_json::from_str(json).context(OTHER_VERSION)?;
        if arguments.selection.selects(&event) {
            match arguments.output.json {
                true => print(&shown_json(json))?,
                false => print(&line(&event))?,
            }
            left -= 1;
        }
        Ok(if left == 0 { Next::Stop } else { Next::Continue })
    };
    follow(&client, &path, arguments.place.begin()?, print_one, |cursor| arguments.place.keep(cursor))
}

/// Returns time, outcome, source, event type, user, id and reason of an event.
fn line(event: &SourceLog) -> String {
    let SourceLog { inserted_at, id, source, outcome, event_type, user_id, code, reason, .. } = event;
    let user = user_id.as_deref().map(|user| format!("  user {}", clean(user))).unwrap_or_default();
    let reason = reason.as_deref().or(code.as_deref()).map(|reason| shorten(&clean(&with_commands(reason)), REASON));
    let reason = reason.map(|reason| format!("  {reason}")).unwrap_or_default();
    format!("{inserted_at}  {id}  {}  {source}  {}{user}{reason}", tinted(outcome), clean(event_type))
}
