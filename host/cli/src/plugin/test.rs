//! `inlet plugin test`: runs the conformance suite: a plugin's cases, and the laws that hold for every plugin.

use std::{fs, io, path::PathBuf};

use anyhow::{Context as _, bail};
use cap_std::{ambient_authority, fs::Dir};
use inlet_conformance::suite::{self, Report};

use super::{plugin_file, sandbox::block_on};
use crate::{
    error_sentence,
    output::{print_json, print_text},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder of its cases [default: cases, if there is one]
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write JUnit XML too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let report = report(arguments)?;
    if arguments.json {
        print_json(&report.to_json().to_string())?;
    } else {
        print_text(&report.to_string())?;
    }
    if let Some(path) = &arguments.junit {
        fs::write(path, report.to_junit()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if !report.conforms() {
        bail!("{} does not conform; see the failures above", report.plugin);
    }
    Ok(())
}

/// Runs the suite. A file that does not load fails its first law, so that programs read that in the report too.
fn report(arguments: &Arguments) -> anyhow::Result<Report> {
    match plugin_file::load(&arguments.file) {
        Ok(plugin) => {
            let cases = cases(arguments.cases.as_ref())?;
            Ok(block_on(suite::run(&plugin, cases.as_ref(), &suite::Options::default()))??)
        }
        Err(error) => Ok(Report::not_loaded(arguments.file.display().to_string(), error_sentence(&error))),
    }
}

/// Opens the folder of the cases; without one named, the default folder may be missing.
fn cases(named: Option<&PathBuf>) -> anyhow::Result<Option<Dir>> {
    let default = PathBuf::from("cases");
    let path = named.unwrap_or(&default);
    match Dir::open_ambient_dir(path, ambient_authority()) {
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
            eprintln!("note: there is no folder `cases`; only the laws are run");
            Ok(None)
        }
        opened => {
            Ok(Some(opened.with_context(|| {
                format!("cannot open {}; name the folder of the cases with --cases", path.display())
            })?))
        }
    }
}
