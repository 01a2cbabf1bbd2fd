//! `inlet plugin capture`: logged requests as test cases, personal data masked.
//!
//! Every value is masked but those that the plugin reads, which is found out by running it: what it makes of the masked
//! request points to the same places as what it makes of the real one.

mod logged;
mod masking;
mod needed;

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use inlet_conformance::described;
use inlet_core::{
    ByteString, Uuid,
    contract::{Body, Field, Request},
    json, time,
};
use inlet_sandbox::{Limits, Plugin};
use serde_json::{Value, json};

use self::{
    logged::{Entry, Places, Settings},
    masking::{Masking, plain},
};
use super::{file, named::SourceAt};
use crate::client::ServerArguments;

/// Distinct values of one request that are looked at.
const MAX_VALUES: usize = 10_000;

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The log entries, by their ids
    #[arg(value_name = "EVENT_ID", required = true)]
    ids: Vec<Uuid>,
    /// The folder of the cases; each gets a folder in its v0.1/must, named after its entry
    #[arg(long, value_name = "DIR", default_value = "cases")]
    into: PathBuf,
    /// The source that they came to, for example shop@production [default: all that the token is good for]
    #[arg(long, value_name = "SOURCE@ENVIRONMENT")]
    source: Option<SourceAt>,
    /// The plugin that says what is expected [default: the only .wasm file here]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let plugin = match &arguments.plugin {
        Some(path) => file::load(path)?,
        None => file::load(&only_plugin()?)?,
    };
    let places = Places::of(&client, arguments.source.as_ref())?;
    let mut masking = Masking::new().context("the system gives no random bytes")?;
    for id in &arguments.ids {
        let folder = arguments.into.join("v0.1/must").join(id.to_string());
        ensure!(!folder.exists(), "{} is there already; remove it to capture the event again", folder.display());
        let (entry, settings) = places.find(&client, *id)?;
        let (key, own) = (&entry.plugin.key, &plugin.manifest().key);
        ensure!(key == own, "{id} came through {key}, and the plugin is {own}; name that one's file with --plugin");
        let captured = Captured::of(&plugin, *id, &entry, settings, &mut masking)?;
        captured.write(&folder)?;
        println!("{}", folder.display());
        if !captured.kept.is_empty() {
            println!("    as they came, because the plugin reads them: {}", captured.kept.join(", "));
        }
    }
    println!("Names of members stay as they came, too: look at the cases before you give them away.");
    Ok(())
}

fn only_plugin() -> anyhow::Result<PathBuf> {
    let files = fs::read_dir(".").context("cannot read this folder")?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut plugins = files.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    match (plugins.next(), plugins.next()) {
        (Some(path), None) => Ok(path),
        _ => bail!("there is not one .wasm file here but none or several; name the plugin with --plugin"),
    }
}

/// A case.
struct Captured {
    request: Request,
    expected: Value,
    /// Values that were not masked, as JSON.
    kept: Vec<String>,
}

impl Captured {
    fn of(
        plugin: &Plugin,
        id: Uuid,
        entry: &Entry,
        settings: &Settings,
        masking: &mut Masking,
    ) -> anyhow::Result<Self> {
        let real = request(plugin, entry, settings, entry.body(id)?)?;
        let original = translate(plugin, &real)?;
        if original.get("rejected").is_some() && entry.outcome != "rejected" {
            bail!(
                "the plugin rejects what is kept of {id}, which is one item, when it comes by itself; capture a request \
                 that was no batch"
            );
        }
        let (wanted, values) = (shape(&original), values(&real));
        ensure!(
            values.len() <= MAX_VALUES,
            "{id} holds more than {MAX_VALUES} different values; capture a smaller one"
        );
        let mut failed = None;
        let needed = needed::needed(&values, |masked| {
            let request = masked_request(&real, masking, |value| !masked.contains(value));
            match translate(plugin, &request) {
                Ok(found) => shape(&found) == wanted,
                Err(error) => {
                    failed.get_or_insert(error);
                    false
                }
            }
        });
        let request = masked_request(&real, masking, |value| needed.contains(value));
        let expected = translate(plugin, &request)?;
        // What traps on other values is no sound plugin, and a case of it would hold what must be hidden.
        if let Some(error) = failed {
            return Err(error.context(format!("the plugin fails on {id} with other values, so they cannot be masked")));
        }
        let kept = values.iter().filter(|value| needed.contains(*value)).map(|value| json::quote(value)).collect();
        Ok(Self { request, expected, kept })
    }

    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let Request { headers, options, facts, received_at_ms, body, .. } = &self.request;
        let pairs =
            |fields: &[Field]| -> Vec<Value> { fields.iter().map(|field| json!([field.name, field.value])).collect() };
        let options: Value = serde_json::from_str(options)?;
        let request = json!({"headers": pairs(headers), "options": options, "facts": pairs(facts), "received_at_ms": received_at_ms});
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
        };
        write("body.json", body.as_bytes())?;
        write("request.json", format!("{request:#}\n").as_bytes())?;
        write("expected.json", format!("{:#}\n", self.expected).as_bytes())
    }
}

/// The request as far as the log keeps it.
fn request(plugin: &Plugin, entry: &Entry, settings: &Settings, body: &str) -> anyhow::Result<Request> {
    let manifest = plugin.manifest();
    let headers = entry.headers.iter().flatten();
    let headers = headers.filter(|(name, _)| manifest.headers.contains(name));
    let mut facts = vec![Field::new("handle_identifies", settings.handle_identifies.to_string())];
    facts.extend(settings.event_type_path.iter().map(|path| Field::new("event_type_path", path)));
    let options = manifest.check_options(&Value::Object(settings.options.clone()))?;
    let received_at_us = time::parse(&entry.received_at).unwrap_or_default();
    Ok(Request {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: headers.map(|(name, value)| Field::new(name, value)).collect(),
        body: Body::Text(ByteString::from(body)),
        received_at_ms: u64::try_from(received_at_us.div_euclid(1000)).unwrap_or_default(),
        options: options.to_string(),
        facts,
    })
}

fn text(request: &Request) -> &str {
    request.body.as_text().map_or("", |text| text)
}

/// All different values, in their order.
fn values(request: &Request) -> Vec<String> {
    let (mut values, mut seen) = (Vec::new(), HashSet::new());
    let mut add = |value: String| {
        if !value.is_empty() && seen.insert(value.clone()) {
            values.push(value);
        }
    };
    json::replace_values(text(request), |value| {
        add(plain(value));
        value.into()
    });
    request.headers.iter().for_each(|header| add(header.value.clone()));
    values
}

fn masked_request(request: &Request, masking: &mut Masking, kept: impl Fn(&str) -> bool) -> Request {
    let body = masking.json(text(request), &kept);
    let header = |header: &Field| match kept(&header.value) {
        true => header.clone(),
        false => Field::new(&header.name, masking.text(&header.value)),
    };
    let headers = request.headers.iter().map(header).collect();
    Request { body: Body::Text(ByteString::from(body)), headers, ..request.clone() }
}

fn translate(plugin: &Plugin, request: &Request) -> anyhow::Result<Value> {
    let call = file::block_on(plugin.translate(request, &Limits::default()))?;
    Ok(described(&call.result?))
}

/// What a translation says but for the values that the plugin wrote itself, which are masked with those it read.
fn shape(translation: &Value) -> Value {
    const WRITTEN: [&str; 5] = ["made", "extras", "tag", "memo", "body"];
    match translation {
        Value::Object(members) => {
            let shaped = members.iter().map(|(name, value)| match WRITTEN.contains(&name.as_str()) {
                true => (name.clone(), Value::Null),
                false => (name.clone(), shape(value)),
            });
            Value::Object(shaped.collect())
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        other => other.clone(),
    }
}
