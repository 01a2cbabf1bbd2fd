//! `inlet user export`: writes everything that an environment holds about a user, as NDJSON.

use std::{
    fs::{self, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use ureq::http::Method;

use crate::{
    client::{CredentialArguments, encoded},
    output::{note, print, progress_bar, shown_json, text::counted},
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The output is NDJSON, so there is no --json. The last line, of the type end, says that it is whole."
)]
pub struct Arguments {
    /// The user's id
    id: String,
    /// The file to write, which must not exist [default: the standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    server: CredentialArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (client, query) = arguments.server.client()?;
    let path = format!("/v1/users/{}/export{query}", encoded(&arguments.id));
    let lines = BufReader::new(client.open(Method::GET, &path)?);
    let partial = arguments.output.as_ref().map(|file| file.with_extension("partial"));
    let mut file = match &partial {
        Some(partial) => {
            // It holds personal data.
            let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(partial);
            Some(opened.with_context(|| format!("cannot write {}", partial.display()))?)
        }
        None => None,
    };
    // On the terminal the lines themselves show how far it is.
    let bar = if file.is_some() { progress_bar(None, "lines") } else { ProgressBar::hidden() };
    let (mut count, mut is_complete) = (0, false);
    for line in lines.lines() {
        let line = line.context("the export broke off; begin again")?;
        // The last line says that the export is complete.
        is_complete = line.starts_with(r#"{"type":"end""#);
        match &mut file {
            Some(file) => writeln!(file, "{line}").context("cannot write the export")?,
            None => print(&shown_json(&line))?,
        }
        count += 1;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !is_complete {
        bail!("the export broke off after {}; begin again", counted(count, "line", "lines"));
    }
    if let (Some(file), Some(partial), Some(output)) = (file, partial, &arguments.output) {
        file.sync_all().context("cannot write the export")?;
        fs::rename(&partial, output).with_context(|| format!("cannot write {}", output.display()))?;
        note(&format!("{} in {}", counted(count, "line", "lines"), output.display()));
    }
    Ok(())
}
