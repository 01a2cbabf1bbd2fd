//! The request that `inlet plugin run` hands over: a body, and what else matters from options.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, ensure};
use bytestring::ByteString;
use inlet_core::contract::{Body, Field, Request};
use inlet_sandbox::Manifest;
use serde_json::Value;

/// What it takes.
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
    /// The request as it would reach the plugin: headers and parameters that the manifest does not list stay at the door.
    pub(super) fn request(&self, manifest: &Manifest) -> anyhow::Result<Request> {
        let headers = fields("header", &self.headers, ':', |name| name.to_ascii_lowercase())?;
        let query = fields("query parameter", &self.query, '=', str::to_owned)?;
        let options: Value = serde_json::from_str(&self.options).context("--options is not JSON")?;
        let all = manifest.query.iter().any(|name| name == "*");
        Ok(Request {
            method: self.method.to_ascii_uppercase(),
            path: self.path.clone(),
            query: passing("query parameter", query, |name| all || manifest.query.iter().any(|listed| listed == name)),
            headers: passing("header", headers, |name| manifest.headers.iter().any(|listed| listed == name)),
            body: self.body(manifest)?,
            received_at_ms: self.received_at_ms.unwrap_or_else(now_ms),
            options: manifest.check_options(&options)?.to_string(),
            facts: Vec::new(),
        })
    }

    fn body(&self, manifest: &Manifest) -> anyhow::Result<Body> {
        let path = &self.request;
        let source: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?)
        };
        let most = manifest.max_body_bytes;
        let mut bytes = Vec::new();
        source.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            bytes.len() as u64 <= most,
            "{} is larger than {most} bytes, the manifest's max_body_bytes; the server would answer 413",
            path.display()
        );
        // As the door does.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).to_vec();
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Body::Text(ByteString::from(text)),
            Err(error) => Body::Bytes(error.into_bytes().into()),
        })
    }
}

fn fields(what: &str, given: &[String], separator: char, name: fn(&str) -> String) -> anyhow::Result<Vec<Field>> {
    let field = |text: &String| {
        let (left, right) = text
            .split_once(separator)
            .with_context(|| format!("the {what} {text:?} has no {separator:?}; expected name{separator}value"))?;
        Ok(Field::new(name(left.trim()), right.trim_start()))
    };
    given.iter().map(field).collect()
}

/// Says what stays at the door, because an author wonders otherwise why it is not there.
fn passing(what: &str, fields: Vec<Field>, listed: impl Fn(&str) -> bool) -> Vec<Field> {
    let (passing, stopped): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| listed(&field.name));
    for field in stopped {
        eprintln!("note: the manifest does not list the {what} {:?}; it does not reach the plugin", field.name);
    }
    passing
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
