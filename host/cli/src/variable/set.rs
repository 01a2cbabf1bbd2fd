//! `inlet variable set`: creates a variable, or changes one.

use std::path::PathBuf;

use anyhow::bail;
use serde_json::{Map, json};
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, ServerArguments, encoded},
    exit_code::Usage,
    output::{OutputArguments, note, print_json},
    settings_arguments::read_secret,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The variable's key
    key: String,
    /// The value of a public variable
    value: Option<String>,
    /// The file with the value of a secret variable; - is the standard input
    #[arg(long, value_name = "FILE", conflicts_with = "value")]
    secret_file: Option<PathBuf>,
    /// A description for people; an empty one removes it
    #[arg(long)]
    description: Option<String>,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut variable = Map::new();
    match (&arguments.value, &arguments.secret_file) {
        (Some(value), _) => _ = variable.insert("value".to_owned(), json!(value)),
        (None, Some(file)) => {
            variable.insert("type".to_owned(), json!("secret"));
            variable.insert("value".to_owned(), json!(read_secret(file)?));
        }
        (None, None) => {}
    }
    if let Some(description) = &arguments.description {
        variable.insert("description".to_owned(), json!(Some(description).filter(|text| !text.is_empty())));
    }
    if variable.is_empty() {
        bail!(Usage("there is nothing to set; give a value, --secret-file or --description".to_owned()));
    }
    let client = arguments.server.client()?;
    let path = format!("/v1/variables/{}?{}", encoded(&arguments.key), arguments.environment.query(&client)?);
    let request = Content::Json(json!({ "variable": variable }).to_string());
    let text = client.send_for_text(Method::PUT, &path, request)?;
    if arguments.output.json {
        return print_json(&text);
    }
    note(&format!("{:?} is set", arguments.key));
    Ok(())
}
