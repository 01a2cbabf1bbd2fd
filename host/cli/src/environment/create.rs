//! `inlet env create`: creates an environment.

use inlet_api_types::environments::CreateEnvironment;
use serde_json::{Map, json};
use ureq::http::Method;

use crate::{
    client::{Content, ServerArguments},
    output::{OutputArguments, note, print_json},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The slug in URLs, which cannot be changed: a-z, 0-9, _ and -
    slug: String,
    /// The name for people [default: the slug]
    #[arg(long)]
    name: Option<String>,
    /// The days for which logs are kept
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<i64>,
    /// The days for which bodies are kept
    #[arg(long, value_name = "DAYS")]
    body_retention_days: Option<i64>,
    /// The events that keep their bodies: all, or failures [default: all]
    #[arg(long, value_name = "WHICH")]
    keep_bodies: Option<String>,
    /// Hide received values in logs
    #[arg(long)]
    hide_personal_data: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let slug = &arguments.slug;
    let request = CreateEnvironment {
        slug: slug.clone(),
        name: arguments.name.clone().unwrap_or_else(|| slug.clone()),
        keep_bodies: arguments.keep_bodies.clone(),
        hide_personal_data: Some(arguments.hide_personal_data),
        ..CreateEnvironment::default()
    };
    // The server checks the days, with its own sentence.
    let mut request = match serde_json::to_value(&request)? {
        serde_json::Value::Object(request) => request,
        _ => Map::new(),
    };
    for (name, days) in
        [("retention_days", arguments.retention_days), ("body_retention_days", arguments.body_retention_days)]
    {
        if let Some(days) = days {
            request.insert(name.to_owned(), json!(days));
        }
    }
    let client = arguments.server.client()?;
    let text = client.send_for_text(Method::POST, "/v1/environments", Content::json(&request)?)?;
    if arguments.output.json {
        return print_json(&text);
    }
    note(&format!(
        "{slug:?} is created; every source has an endpoint in it, and `inlet key create --env {slug}` makes a key"
    ));
    Ok(())
}
