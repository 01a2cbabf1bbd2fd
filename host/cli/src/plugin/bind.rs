//! `inlet plugin bind`: writes C bindings of the contract.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use serde_json::json;

use crate::output::OutputArguments;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The directory that the files are written into
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// What the plugin exports: `source`, or `answering-source` if it writes its own answers
    #[arg(long, value_name = "WORLD", default_value = "source")]
    world: String,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let out = &arguments.out;
    let files = inlet_pack::c_bindings(&arguments.world)?;
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let mut written = Vec::new();
    for (name, content) in files {
        let file = out.join(name);
        fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))?;
        written.push(file.display().to_string());
    }
    arguments.output.print(&json!({ "files": written }), &written.join("\n"))
}
