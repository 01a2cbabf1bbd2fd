//! `inlet target set`: creates a target, or changes one.

use std::path::PathBuf;

use anyhow::bail;
use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, ServerArguments, encoded},
    exit_code::Usage,
    output::{OutputArguments, note, print_json},
    settings_arguments::{Setting, apply, read_secret},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The target's key
    key: String,
    #[command(flatten)]
    environment: EnvironmentArgument,
    /// The kind of a new target: webhook, temporal, events, knock, novu and more
    #[arg(long)]
    kind: Option<String>,
    /// The URL
    #[arg(long)]
    url: Option<String>,
    /// An option of the kind, for example namespace=default; all options that are not named get their default; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    option: Vec<Setting>,
    /// Only runs of this workflow; repeatable
    #[arg(long, value_name = "KEY")]
    workflow: Vec<String>,
    /// Runs of all workflows
    #[arg(long, conflicts_with = "workflow")]
    all_workflows: bool,
    /// A secret and the file that holds it, for example signing_secret=secret.txt; - is the standard input; repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_secret)]
    secret: Vec<(String, PathBuf)>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

fn parse_secret(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), PathBuf::from(file))),
        _ => Err("expected NAME=FILE, for example signing_secret=secret.txt".to_owned()),
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut target = Map::new();
    for (name, value) in [("kind", &arguments.kind), ("url", &arguments.url)] {
        if let Some(value) = value {
            target.insert(name.to_owned(), json!(value));
        }
    }
    if !arguments.option.is_empty() {
        let mut options = Map::new();
        apply(&mut options, &arguments.option);
        target.insert("options".to_owned(), Value::Object(options));
    }
    match (arguments.all_workflows, arguments.workflow.is_empty()) {
        (true, _) => _ = target.insert("workflows".to_owned(), Value::Null),
        (false, false) => _ = target.insert("workflows".to_owned(), json!(arguments.workflow)),
        (false, true) => {}
    }
    for (name, file) in &arguments.secret {
        // A header with a secret is a member of `secret_headers`.
        let setting: Setting = format!("{name}=x").parse().map_err(Usage)?;
        apply(&mut target, &[setting.with_value(Value::String(read_secret(file)?))]);
    }
    if target.is_empty() {
        bail!(Usage("there is nothing to set; add --kind, --url, --option, --workflow or --secret".to_owned()));
    }
    let client = arguments.server.client()?;
    let path = format!("/v1/targets/{}?{}", encoded(&arguments.key), arguments.environment.query(&client)?);
    let request = Content::Json(json!({ "target": target }).to_string());
    let text = client.send_for_text(Method::PUT, &path, request)?;
    if arguments.output.json {
        return print_json(&text);
    }
    note(&format!("{:?} is set", arguments.key));
    Ok(())
}
