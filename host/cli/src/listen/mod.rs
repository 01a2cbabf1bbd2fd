//! `inlet listen`: forwards events to a local server as they are logged, with the bytes and headers that came.

mod forward;

use std::{path::PathBuf, time::Instant};

use anyhow::{Context as _, bail};
use inlet_api_types::{
    logs::SourceLog,
    sources::{Source, SourceSettings},
};

use self::forward::Forwarded;
use crate::{
    client::{Client, Next, OTHER_VERSION, ServerArguments, checked_url, encoded, follow, retry},
    event::{filters::Filters, read_event},
    exit_code::Usage,
    output::{OutputArguments, note, print, print_json, text::clean},
    plugin::reference::SourceRef,
    settings_arguments::read_secret,
    tail::{PlaceArguments, Selection},
};

/// The arguments of `inlet listen`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each event is posted with the item's bytes as they came and the headers that the source keeps, and with inlet-event-id,
inlet-event-type, inlet-source and inlet-environment. Credentials and signatures are not kept: --secret-file signs the
request as the source's platform does. An item of a batch is posted by itself.")]
pub struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// The URL to post to, for example http://localhost:3000/webhooks
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// The file with a secret to sign with; of one source only
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
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

/// Forwards events until it is stopped.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let url = checked_url(&arguments.forward_to).map_err(|_| {
        Usage(format!(
            "--forward-to is {:?}; expected a URL such as http://localhost:3000/webhooks",
            arguments.forward_to
        ))
    })?;
    let signing = signing(&client, arguments)?;
    let path = format!("{}{}", arguments.selection.stream(&client)?, arguments.filters.query()?);
    let since = arguments.place.begin()?;
    note(&format!("forwarding to {url}"));
    let mut left = arguments.count.unwrap_or(u64::MAX);
    let forward_one = |json: &str| -> anyhow::Result<Next> {
        let mut event: SourceLog = serde_json::from_str(json).context(OTHER_VERSION)?;
        if !arguments.selection.selects(&event) {
            return Ok(Next::Continue);
        }
        if forward::is_cut(&event) {
            event = retry(|| read_event(&client, &event.id))?;
        }
        forward_and_print(&event, &url, signing.as_ref(), arguments.output)?;
        left -= 1;
        Ok(if left == 0 { Next::Stop } else { Next::Continue })
    };
    follow(&client, &path, since, forward_one, |cursor| arguments.place.keep(cursor))
}

fn forward_and_print(
    event: &SourceLog,
    url: &str,
    signing: Option<&(SourceSettings, String)>,
    output: OutputArguments,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let forwarded = forward::forward(event, url, signing);
    let milliseconds = begun.elapsed().as_millis();
    let (status, error) = match forwarded {
        Ok(Forwarded { status }) => (Some(status), None),
        // A server that is being worked on is away now and then.
        Err(error) => (None, Some(crate::error_sentence(&error))),
    };
    if output.json {
        let json = serde_json::json!({
            "id": event.id, "source": event.source, "event_type": event.event_type,
            "status": status, "error": error, "milliseconds": milliseconds,
        });
        return print_json(&json.to_string());
    }
    let answer = match (status, error) {
        (Some(status), _) => format!("{status} in {milliseconds} ms"),
        (None, error) => format!("not forwarded: {}", clean(&error.unwrap_or_default())),
    };
    print(&format!("{}  {}  {}  {}  → {answer}", event.inserted_at, event.id, event.source, clean(&event.event_type)))
}

/// Returns the settings of the source and the secret, if the requests are to be signed.
fn signing(client: &Client, arguments: &Arguments) -> anyhow::Result<Option<(SourceSettings, String)>> {
    let Some(file) = &arguments.secret_file else { return Ok(None) };
    let [SourceRef { source, environment }] = arguments.selection.sources.as_slice() else {
        bail!(Usage("--secret-file signs as one source does; name the source".to_owned()));
    };
    let found: Source = client.get(&format!("/v1/sources/{}?environment={}", encoded(source), encoded(environment)))?;
    let settings = found.environment_settings.unwrap_or_default().remove(environment).context(OTHER_VERSION)?;
    Ok(Some((settings.settings, read_secret(file)?)))
}
