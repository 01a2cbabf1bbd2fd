//! `inlet plugin new`: creates a project that builds and passes its tests.
//!
//! The SDK's source, the contract and the schemas of cases are copied from this binary into the project's `vendor/`. The project needs nothing
//! of Inlet to be published, and keeps building when Inlet changes.

mod embedded;
mod language;
mod names;
mod sdk_manifest;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use serde_json::json;

use self::{embedded::SDK_AND_CONTRACT, language::Language, names::Names};
use crate::output::OutputArguments;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// publisher/name, or a name alone, which becomes local/NAME. The project is put into ./NAME
    #[arg(value_name = "NAME")]
    name: String,
    /// The language that it is written in
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    lang: Language,
    /// Without code: rules in plugin.toml say where everything is
    #[arg(long, conflicts_with = "lang")]
    declarative: bool,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let names = Names::parse(&arguments.name)?;
    let directory = PathBuf::from(names.name);
    ensure!(!directory.exists(), "{} is there already; choose another name or remove it", directory.display());
    let steps = if arguments.declarative {
        create_declarative(&directory, &names)?;
        next_steps(&names, None)
    } else {
        create(&directory, &names, arguments.lang)?;
        next_steps(&names, Some(arguments.lang.first_step()))
    };
    let result = json!({ "key": names.key, "directory": names.name });
    arguments.output.print(&result, &steps)
}

/// Creates a project without code. Its `vendor/` holds only the schemas of the files that its author writes.
fn create_declarative(directory: &Path, names: &Names<'_>) -> anyhow::Result<()> {
    let files = embedded::COMMON.iter().filter(|(path, _)| *path != "plugin.toml").chain(embedded::DECLARATIVE);
    for (path, text) in files {
        write(directory, path, &names.fill(text))?;
    }
    for (path, text) in SDK_AND_CONTRACT.iter().filter(|(path, _)| path.ends_with(".schema.json")) {
        write(&directory.join("vendor"), path, text)?;
    }
    Ok(())
}

fn create(directory: &Path, names: &Names<'_>, language: Language) -> anyhow::Result<()> {
    for (path, text) in embedded::COMMON {
        write(directory, path, &names.fill(text))?;
    }
    for (path, text) in embedded::files(language) {
        let text = match language {
            Language::Rust => names.fill(text),
            Language::JavaScript | Language::Python | Language::C => names.rename(text),
        };
        write(directory, path, &text)?;
    }
    let is_vendored = |path: &str| language == Language::Rust || !path.starts_with("plugins/sdk/");
    for (path, text) in SDK_AND_CONTRACT.iter().filter(|(path, _)| is_vendored(path)) {
        write(&directory.join("vendor"), path, text)?;
    }
    if language == Language::Rust {
        write(directory, "vendor/plugins/sdk/Cargo.toml", &sdk_manifest::standalone()?)?;
    }
    Ok(())
}

fn write(directory: &Path, path: &str, text: &str) -> anyhow::Result<()> {
    let file = directory.join(path);
    let parent = file.parent().unwrap_or(directory);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(&file, text))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Returns what to do next. `first` is a command before the first build, and a comment on it.
fn next_steps(Names { key, name }: &Names<'_>, first: Option<(&str, &str)>) -> String {
    let first = first.map(|(step, purpose)| format!("\n  {step:<29}  # {purpose}")).unwrap_or_default();
    format!(
        "{key} is in ./{name}. Next:
  cd {name}{first}
  inlet plugin build             # leaves {name}.wasm
  inlet plugin test {name}.wasm  # the cases, in the server's sandbox
  inlet plugin run {name}.wasm --request cases/v0.2/must/order-created/body.json"
    )
}
