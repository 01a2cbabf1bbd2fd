//! `inlet source set`: changes a source.

use std::path::PathBuf;

use anyhow::bail;
use serde_json::{Map, Value, json};

use super::put::put_source;
use crate::{
    client::ServerArguments,
    exit_code::Usage,
    output::{OutputArguments, note},
    plugin::reference::SourceRef,
    settings_arguments::{Setting, apply, read_secret},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@production
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The name for people
    #[arg(long)]
    name: Option<String>,
    /// A description for people; an empty one removes it
    #[arg(long)]
    description: Option<String>,
    /// The file with the secret that the platform signs with; - is the standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The file with the write key of a source that has one; - is the standard input
    #[arg(long, value_name = "FILE")]
    write_key_file: Option<PathBuf>,
    /// A setting, for example enforce_idempotency=true; null restores the default; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    setting: Vec<Setting>,
    /// Change it only if it is of this version, which `source show` names
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
    /// Check it and show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut source = Map::new();
    if let Some(name) = &arguments.name {
        source.insert("name".to_owned(), json!(name));
    }
    if let Some(description) = &arguments.description {
        source.insert("description".to_owned(), json!(Some(description).filter(|text| !text.is_empty())));
    }
    let mut settings = Map::new();
    for (name, file) in [("signing_secret", &arguments.secret_file), ("write_key", &arguments.write_key_file)] {
        if let Some(file) = file {
            settings.insert(name.to_owned(), Value::String(read_secret(file)?));
        }
    }
    apply(&mut settings, &arguments.setting);
    if !settings.is_empty() {
        let environment = &arguments.source.environment;
        source.insert("environment_settings".to_owned(), json!({ environment.as_str(): { "settings": settings } }));
    }
    if source.is_empty() {
        bail!(Usage("there is nothing to change; add --setting, --name, --description or --secret-file".to_owned()));
    }
    let client = arguments.server.client()?;
    let source = Value::Object(source);
    let upserted =
        put_source(&client, &arguments.source, &source, arguments.if_version, arguments.dry_run, arguments.output)?;
    if upserted.is_some() {
        note(&format!("{:?} is changed", arguments.source.source));
    }
    Ok(())
}
