//! A sample to rehearse: a file, an example of the plugin, or a stored event.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use inlet_api_types::{RawJson, providers::SourceProvider, rehearsals::RehearseSource, sources::Source};

use crate::{
    client::{Client, encoded},
    exit_code::{NotFound, Usage},
    plugin::reference::SourceRef,
};

/// The sample.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct SampleArguments {
    /// The file with a request's body; - is the standard input
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// An example of the plugin, by its event type
    #[arg(long, value_name = "TYPE")]
    example: Option<String>,
    /// A stored event
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
}

impl SampleArguments {
    /// Returns the request to rehearse.
    pub(super) fn request(&self, client: &Client, source: &SourceRef) -> anyhow::Result<RehearseSource> {
        let request = RehearseSource::default();
        match (&self.sample, &self.example, &self.event_id) {
            (Some(file), _, _) => Ok(RehearseSource { body: Some(read(file)?), ..request }),
            (_, Some(example), _) => of_example(client, source, example),
            (_, _, Some(id)) => Ok(RehearseSource { log_id: Some(id.clone()), ..request }),
            (None, None, None) => {
                bail!(Usage("a sample is needed: --sample FILE, --example TYPE or --event-id ID".to_owned()))
            }
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        return std::io::read_to_string(std::io::stdin()).context("cannot read the sample");
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn of_example(client: &Client, reference: &SourceRef, name: &str) -> anyhow::Result<RehearseSource> {
    let SourceRef { source, environment } = reference;
    let found: Source = client.get(&format!("/v1/sources/{}?environment={}", encoded(source), encoded(environment)))?;
    let key = found.preconfigured_provider;
    let path = format!("/v1/source_providers/{}?include=example_payloads", encoded(&key));
    let provider: SourceProvider = client.get(&path)?;
    let mut examples = provider.example_payloads.unwrap_or_default();
    let Some(example) = examples.get_mut(name).and_then(|examples| examples.drain(..).next()) else {
        let names: Vec<&str> = examples.keys().map(String::as_str).collect();
        bail!(NotFound(format!("{key} has no example {name:?}; expected one of {}", names.join(", "))));
    };
    let field = |(name, value): (String, String)| {
        let value = serde_json::to_string(&value).context("cannot write a value of the example")?;
        Ok((name, RawJson::parse(value).context("cannot write a value of the example")?))
    };
    Ok(RehearseSource {
        body: Some(example.raw_body),
        method: Some(example.method),
        path: Some(example.path),
        query: Some(example.query.into_iter().map(field).collect::<anyhow::Result<_>>()?),
        headers: Some(example.headers.into_iter().map(field).collect::<anyhow::Result<_>>()?),
        ..RehearseSource::default()
    })
}
