//! `inlet plan`: shows what the files would change on a server.

use std::process::ExitCode;

use super::{
    folder_arguments::{FolderArguments, secret_of_process},
    plan_output,
    send::{self, Sending},
};
use crate::{
    client::ServerArguments,
    exit_code::HAS_CHANGES,
    output::{OutputArguments, print_json},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 if there is nothing to change, 10 if there are changes to make. `inlet --help` lists the others.")]
pub struct Arguments {
    #[command(flatten)]
    folder: FolderArguments,
    /// Show what would be deleted, because there is no file for it
    #[arg(long)]
    delete: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let files = arguments.folder.read()?;
    let client = arguments.server.client()?;
    let document = files.document(&arguments.folder.environment, &secret_of_process);
    let sending = Sending { dry_run: true, deletes: arguments.delete, version: None };
    let planned = send::put(&client, &document, sending)
        .map_err(|error| send::at_its_place(error, &files.places, &arguments.folder.folder))?;
    if arguments.output.json {
        print_json(&planned.text)?;
    } else {
        plan_output::show(&planned.plan, Some(&files))?;
    }
    Ok(if planned.plan.changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(HAS_CHANGES) })
}
