//! `inlet plugin capture`: turns logged requests into test cases, with personal data masked.
//!
//! Every value is masked except those that the plugin reads. These are found by running the plugin: the masked request must
//! translate to the same pointers as the logged one.

mod case;
mod log_entry;
mod log_search;
mod logged_request;
mod masker;
mod read_values;
mod replacement;

use std::{fs, path::PathBuf};

use anyhow::{Context as _, bail, ensure};
use inlet_conformance::suite::cases::folder_of_new_cases;
use inlet_core::Uuid;
use serde_json::json;

use self::{case::Case, log_search::LogSearch, masker::Masker};
use super::{plugin_file, reference::SourceRef};
use crate::{
    client::ServerArguments,
    output::{OutputArguments, note, print_json, print_text},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The log entries, by their ids
    #[arg(value_name = "EVENT_ID", required = true)]
    ids: Vec<Uuid>,
    /// The folder of the cases; each gets a folder named after its entry, in the must of the plugin's contract (v0.2/must)
    #[arg(long, value_name = "DIR", default_value = "cases")]
    into: PathBuf,
    /// The source that they came to, for example shop@production [default: all that the token is good for]
    #[arg(long, value_name = "SOURCE@ENVIRONMENT")]
    source: Option<SourceRef>,
    /// The plugin that says what is expected [default: the only .wasm file here]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let plugin = match &arguments.plugin {
        Some(path) => plugin_file::load(path)?,
        None => plugin_file::load(&only_plugin()?)?,
    };
    let search = LogSearch::new(&client, arguments.source.as_ref())?;
    let mut masker = Masker::new().context("the system gives no random bytes")?;
    let into = arguments.into.join(folder_of_new_cases(&plugin.manifest().contract));
    let mut written = Vec::new();
    for id in &arguments.ids {
        let folder = into.join(id.to_string());
        ensure!(!folder.exists(), "{} is there already; remove it to capture the event again", folder.display());
        let (entry, settings) = search.find(&client, *id)?;
        let (key, own) = (&entry.plugin.key, &plugin.manifest().key);
        ensure!(key == own, "{id} came through {key}, and the plugin is {own}; name that one's file with --plugin");
        let case = Case::capture(&plugin, &entry, settings, &mut masker)?;
        case.write(&folder)?;
        if arguments.output.json {
            written.push(json!({ "directory": folder.display().to_string(), "kept": case.kept }));
            continue;
        }
        print_text(&folder.display().to_string())?;
        if !case.kept.is_empty() {
            print_text(&format!("    as they came, because the plugin reads them: {}", case.kept.join(", ")))?;
        }
    }
    if arguments.output.json {
        print_json(&json!({ "cases": written }).to_string())?;
    }
    note("Names of members stay as they came, too: look at the cases before you give them away.");
    Ok(())
}

/// Returns the only `.wasm` file of the current directory.
fn only_plugin() -> anyhow::Result<PathBuf> {
    let files = fs::read_dir(".").context("cannot read this folder")?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut plugins = files.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    match (plugins.next(), plugins.next()) {
        (Some(path), None) => Ok(path),
        _ => bail!("there is not one .wasm file here but none or several; name the plugin with --plugin"),
    }
}
