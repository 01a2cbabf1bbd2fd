//! The arguments that describe the request of `inlet plugin run`.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, ensure};
use inlet_core::{
    ByteString,
    contract::{Body, Field, Request},
};
use inlet_sandbox::Manifest;
use serde_json::Value;

#[derive(Debug, clap::Args)]
pub struct RequestArguments {
    /// The file that holds the request's body; `-` is standard input
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// A header, `name: value`; may be given several times
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    headers: Vec<String>,
    /// A query parameter, `name=value`; may be given several times
    #[arg(long = "query", value_name = "PARAMETER")]
    query: Vec<String>,
    /// The method
    #[arg(long, default_value = "POST")]
    method: String,
    /// What follows the endpoint's token
    #[arg(long, default_value = "")]
    path: String,
    /// The plugin's own settings, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    options: String,
    /// When it arrived, in milliseconds since 1970 [default: now]
    #[arg(long, value_name = "MS")]
    received_at_ms: Option<u64>,
}

impl RequestArguments {
    /// Builds the request as the server would pass it to the plugin: without the headers and query parameters that the
    /// manifest does not list.
    pub(super) fn request(&self, manifest: &Manifest) -> anyhow::Result<Request> {
        let headers = fields("header", &self.headers, ':', |name| name.to_ascii_lowercase())?;
        let query = fields("query parameter", &self.query, '=', str::to_owned)?;
        let options: Value = serde_json::from_str(&self.options).context("--options is not JSON")?;
        Ok(manifest.with_form_body(Request {
            method: self.method.to_ascii_uppercase(),
            path: self.path.clone(),
            query: listed_fields("query parameter", query, |name| manifest.lists_query_parameter(name)),
            headers: listed_fields("header", headers, |name| manifest.headers.iter().any(|listed| listed == name)),
            body: self.body(manifest)?,
            received_at_ms: self.received_at_ms.unwrap_or_else(now_ms),
            options: manifest.check_options(&options)?.to_string(),
            facts: Vec::new(),
        }))
    }

    fn body(&self, manifest: &Manifest) -> anyhow::Result<Body> {
        let path = &self.request;
        let source: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?)
        };
        let max_bytes = manifest.max_body_bytes;
        let mut bytes = Vec::new();
        source
            .take(max_bytes + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            bytes.len() as u64 <= max_bytes,
            "{} is larger than {max_bytes} bytes, the manifest's max_body_bytes; the server would answer 413",
            path.display()
        );
        // The server strips the byte order mark too.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).to_vec();
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Body::Text(ByteString::from(text)),
            Err(error) => Body::Bytes(error.into_bytes().into()),
        })
    }
}

/// Parses `name{separator}value` arguments.
fn fields(kind: &str, given: &[String], separator: char, name: fn(&str) -> String) -> anyhow::Result<Vec<Field>> {
    let field = |text: &String| {
        let (left, right) = text
            .split_once(separator)
            .with_context(|| format!("the {kind} {text:?} has no {separator:?}; expected name{separator}value"))?;
        Ok(Field::new(name(left.trim()), right.trim_start()))
    };
    given.iter().map(field).collect()
}

/// Returns the fields that the manifest lists. Prints a note on each other one, because authors would miss it in the
/// plugin.
fn listed_fields(kind: &str, fields: Vec<Field>, is_listed: impl Fn(&str) -> bool) -> Vec<Field> {
    let (listed, unlisted): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| is_listed(&field.name));
    for field in unlisted {
        eprintln!("note: the manifest does not list the {kind} {:?}; it does not reach the plugin", field.name);
    }
    listed
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
