//! `inlet trigger`: sends an example of the plugin's manifest to a source, changed as wanted, by the source's own endpoint.

mod edit;

use std::path::PathBuf;

use anyhow::bail;
use inlet_api_types::providers::ExamplePayload;
use serde_json::json;

use crate::{
    client::{Client, ServerArguments, encoded},
    exit_code::NotFound,
    output::{OutputArguments, note, print, shown_json},
    plugin::{reference::SourceRef, send},
    settings_arguments::read_secret,
};

/// The arguments of `inlet trigger`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Names of --set are paths into the request's body, for example properties.total=3; values are JSON, or else texts. Without
EVENT the examples are listed.")]
pub struct Arguments {
    /// The source, for example shop@development
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The example, by its event type; `order-completed` also finds `track/Order Completed`
    event: Option<String>,
    /// Change a value of the body; repeatable
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// The file with the secret to sign with, or the write key; - is the standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Print the body as it would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// Sends the example.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let examples = send::Examples::read(&client, &arguments.source)?;
    let names: Vec<&str> = examples.names().collect();
    let Some(wanted) = &arguments.event else {
        return arguments.output.print(&json!({ "entries": names }), &names.join("\n"));
    };
    let name = find(&names, wanted, &client, &arguments.source)?.to_owned();
    let example = examples.get(&name)?;
    let mut raw_body = example.raw_body;
    for change in &arguments.set {
        raw_body = edit::set(&raw_body, change)?;
    }
    if arguments.dry_run {
        return print(&shown_json(&raw_body));
    }
    note(&format!("sending {name}"));
    let example = ExamplePayload { raw_body, ..example };
    let secret = arguments.secret_file.as_deref().map(read_secret).transpose()?;
    send::send_example(&client, &arguments.source, &examples, &example, secret.as_deref(), arguments.output)
}

/// Finds an example by its name, or by the words of its name.
fn find<'a>(names: &[&'a str], wanted: &str, client: &Client, source: &SourceRef) -> anyhow::Result<&'a str> {
    if let Some(name) = names.iter().find(|name| **name == wanted) {
        return Ok(name);
    }
    let folded = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let ends = |name: &&&str| {
        let name = folded(name);
        name == folded(wanted) || name.ends_with(&format!("/{}", folded(wanted)))
    };
    let found: Vec<&&str> = names.iter().filter(ends).collect();
    match found.as_slice() {
        [name] => Ok(name),
        [] => bail!(NotFound(format!(
            "the plugin of {:?} at {} has no example {wanted:?}; expected one of {}",
            encoded(&source.source),
            client.base(),
            names.join(", ")
        ))),
        several => {
            let several: Vec<&str> = several.iter().map(|name| **name).collect();
            bail!(NotFound(format!("{wanted:?} may be {}; name one of them", several.join(" or "))))
        }
    }
}
