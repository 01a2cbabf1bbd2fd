//! `inlet plugin run`: calls a plugin with one request and prints its translation and its resource usage.

mod json;
mod request;
mod resolve;
mod server_checks;
mod text;

use std::path::PathBuf;

use anyhow::bail;
use inlet_core::contract::{Notice, Translation};
use inlet_sandbox::{Call, Limits};

use self::request::RequestArguments;
use super::{plugin_file, sandbox::block_on};
use crate::output::{print_json, print_text};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    request: RequestArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print the translation as a case's expected.json
    #[arg(long, conflicts_with = "json")]
    expected: bool,
}

/// A finished call: a translation, a rejection of the whole request, or a fault.
type TranslateCall = Call<Result<Translation, Notice>>;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plugin = plugin_file::load(&arguments.file)?;
    let request = arguments.request.request(plugin.manifest())?;
    let limits = Limits::default();
    let call = block_on(plugin.translate(&request, &limits))?;
    let (checked, refused) = match &call.result {
        Ok(Ok(translation)) => match server_checks::log_entries(&plugin, &request, translation) {
            Ok(checked) => (checked, None),
            Err(sentence) => (Vec::new(), Some(sentence)),
        },
        _ => (Vec::new(), None),
    };
    if let (true, Ok(translated)) = (arguments.expected, &call.result) {
        let expected = serde_json::to_string_pretty(&inlet_conformance::described(translated))?;
        print_json(&expected)?;
        return refused.map_or(Ok(()), |sentence| bail!(sentence));
    }
    match arguments.json {
        true => print_json(&json::report(&request, &call, &checked, &limits))?,
        false => print_text(&text::report(&request, &call, &checked, &limits))?,
    }
    match (call.result, refused) {
        (Err(fault), _) => bail!(fault),
        (Ok(_), Some(sentence)) => bail!(sentence),
        (Ok(_), None) => Ok(()),
    }
}
