//! `inlet plugin test`: the conformance suite, a plugin's own cases and the laws that every plugin keeps.

use std::{fs, io, path::PathBuf};

use anyhow::{Context as _, bail};
use cap_std::{ambient_authority, fs::Dir};
use inlet_conformance::suite;

use super::file;

/// What it takes.
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
    let plugin = file::load(&arguments.file)?;
    let cases = cases(arguments.cases.as_ref())?;
    let report = file::block_on(suite::run(&plugin, cases.as_ref(), &suite::Options::default()))??;
    if arguments.json {
        println!("{}", report.to_json());
    } else {
        print!("{report}");
    }
    if let Some(path) = &arguments.junit {
        fs::write(path, report.to_junit()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if !report.conforms() {
        bail!("{} does not conform; see the failures above", plugin.manifest().key);
    }
    Ok(())
}

fn cases(named: Option<&PathBuf>) -> anyhow::Result<Option<Dir>> {
    let usual = PathBuf::from("cases");
    let path = named.unwrap_or(&usual);
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
