//! `inlet plugin send`: posts an example of a plugin's manifest to a source, signed as its platform signs.

mod answer;
mod signed_request;

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail};
use inlet_api_types::{
    logs::SourceLogList,
    providers::{ExamplePayload, SourceProvider},
    refused_requests::{RefusedRequest, RefusedRequestList},
    sources::{Source, SourceSettings},
};
use serde::de::IgnoredAny;
use serde_json::json;

use self::answer::Answer;
pub(crate) use self::signed_request::Unsigned;
use super::reference::SourceRef;
use crate::{
    client::{Client, ServerArguments, encoded, post_webhook},
    output::{OutputArguments, print_json, print_text},
    secret_file,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@development
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The event type of the example
    #[arg(long, value_name = "NAME")]
    example: String,
    /// The secret to sign with (for Ed25519: the private key), or the write key; the server tells nobody its own
    #[arg(long, value_name = "SECRET", conflicts_with = "secret_file")]
    secret: Option<String>,
    /// The file that holds it
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// The most seconds by which a request is signed ahead. Every platform's tolerance is larger.
const MAX_SECONDS_AHEAD: i64 = 10;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let examples = Examples::read(&client, &arguments.source)?;
    let example = examples.get(&arguments.example)?;
    let secret = secret(arguments)?;
    send_example(&client, &arguments.source, &examples, &example, secret.as_deref(), arguments.output)
}

/// The examples of a source's plugin, and what is needed to send one.
pub(crate) struct Examples {
    settings: SourceSettings,
    provider: SourceProvider,
}

impl Examples {
    /// Reads the examples.
    pub(crate) fn read(client: &Client, reference: &SourceRef) -> anyhow::Result<Self> {
        let SourceRef { source, environment } = reference;
        let found: Source =
            client.get(&format!("/v1/sources/{}?environment={}", encoded(source), encoded(environment)))?;
        let in_environment = found.environment_settings.unwrap_or_default().remove(environment);
        let settings = in_environment
            .with_context(|| format!("the source {source:?} is not set up in the environment {environment:?}"))?
            .settings;
        let path = format!("/v1/source_providers/{}?include=example_payloads", encoded(&found.preconfigured_provider));
        Ok(Self { settings, provider: client.get(&path)? })
    }

    /// Iterates over the event types that have an example.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.provider.example_payloads.iter().flat_map(|examples| examples.keys()).map(String::as_str)
    }

    /// Returns the first example of an event type.
    pub(crate) fn get(&self, name: &str) -> anyhow::Result<ExamplePayload> {
        let examples = self.provider.example_payloads.as_ref().and_then(|examples| examples.get(name));
        match examples.and_then(|examples| examples.first()) {
            Some(example) => Ok(example.clone()),
            None => {
                let (key, names) = (&self.provider.key, self.names().collect::<Vec<_>>().join(", "));
                bail!("{key} has no example {name:?}; expected one of {names}")
            }
        }
    }
}

/// Sends an example to the source's endpoint and prints the answer.
pub(crate) fn send_example(
    client: &Client,
    source: &SourceRef,
    examples: &Examples,
    example: &ExamplePayload,
    secret: Option<&str>,
    output: OutputArguments,
) -> anyhow::Result<()> {
    let unsigned = Unsigned::new(&examples.settings, example, secret)?;
    let (status, body) = send_once(client, source, &unsigned)?;
    match output.json {
        // An answer that is JSON keeps its digits.
        true if serde_json::from_str::<IgnoredAny>(&body).is_ok() => {
            print_json(&format!(r#"{{"status":{status},"answer":{}}}"#, body.trim()))?;
        }
        true => print_json(&json!({ "status": status, "answer": body }).to_string())?,
        false => print_text(&format!("{status} {}", body.trim_end()))?,
    }
    match status {
        200..300 => Answer::read(&body).not_accepted().map_or(Ok(()), |sentence| bail!(sentence)),
        401 => match newest_refused(client, source)? {
            Some(refused) => {
                let reason = refused.reason.as_deref().unwrap_or(&refused.cause);
                bail!("the example was refused: {reason}. What to do: {}", refused.what_to_do)
            }
            None => bail!("the example was refused"),
        },
        _ => bail!("the example was not accepted"),
    }
}

/// Returns the last request that the source refused. The sender is not told why; the operator is.
fn newest_refused(client: &Client, source: &SourceRef) -> anyhow::Result<Option<RefusedRequest>> {
    let SourceRef { source, environment } = source;
    let path = format!("/v1/sources/{}/refused?environment={}&limit=1", encoded(source), encoded(environment));
    let refused: RefusedRequestList = client.get(&path)?;
    Ok(refused.entries.into_iter().next())
}

/// Sends the request so that it is a new one to the server. Within a second, a platform that signs a time and no id sends
/// the same bytes twice, and the server replays the first answer.
fn send_once(client: &Client, source: &SourceRef, unsigned: &Unsigned<'_>) -> anyhow::Result<(u16, String)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    for seconds in 0..=MAX_SECONDS_AHEAD {
        let (status, body) = post_webhook(unsigned.sign(now.saturating_add(seconds * 1000))?)?;
        let may_be_same = unsigned.differs_by_time_alone() && seconds < MAX_SECONDS_AHEAD;
        if !may_be_same || !was_taken_before(client, source, status, &Answer::read(&body))? {
            return Ok((status, body));
        }
        eprintln!("note: the server took this very request before; it is signed again, for a second later");
    }
    bail!("the server took every one of these requests before; send it again in a minute")
}

/// Returns true if the server took the same bytes before. It answers them as it did then, with the outcome `replayed`; so
/// it answers an event that is a replay by its idempotency key, which sending again would not change.
fn was_taken_before(client: &Client, source: &SourceRef, status: u16, answer: &Answer) -> anyhow::Result<bool> {
    if status == 401 {
        // A server of an earlier version refuses them. It tells the operator alone why.
        return Ok(newest_refused(client, source)?.is_some_and(|newest| newest.cause == "replayed"));
    }
    let SourceRef { source, environment } = source;
    let (source, environment) = (encoded(source), encoded(environment));
    let Some(id) = answer.replayed() else { return Ok(false) };
    let path = format!("/v1/sources/{source}/logs?environment={environment}&id={}", encoded(id));
    let logs: SourceLogList = client.get(&path)?;
    Ok(logs.entries.first().is_some_and(|entry| entry.outcome != "replayed"))
}

fn secret(arguments: &Arguments) -> anyhow::Result<Option<String>> {
    let Some(file) = &arguments.secret_file else {
        return Ok(arguments.secret.as_deref().map(|secret| secret.trim().to_owned()));
    };
    let secret = secret_file::read(file)?;
    secret.map(Some).with_context(|| format!("there is no secret in {}; correct --secret-file", file.display()))
}
