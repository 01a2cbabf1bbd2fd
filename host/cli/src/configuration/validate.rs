//! `inlet validate`: checks configuration files without a server.

use std::process::ExitCode;

use serde_json::json;

use super::{files::Files, folder_arguments::FolderArguments};
use crate::output::{
    OutputArguments, note, print, print_json,
    text::{clean, counted},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 without a fault, 1 with faults, 3 if there is no such folder.")]
pub struct Arguments {
    #[command(flatten)]
    folder: FolderArguments,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let files = Files::read(&arguments.folder.folder)?;
    let found = files.all_problems();
    let count = found.len() as u64;
    if arguments.output.json {
        let problems: Vec<_> = found
            .iter()
            .map(|problem| {
                let (file, position) = (&problem.place.file, problem.place.position);
                json!({"file": file, "line": position.line, "column": position.column, "message": problem.message})
            })
            .collect();
        print_json(&serde_json::Value::Array(problems).to_string())?;
    } else {
        for problem in arguments.folder.describe(&found) {
            print(&clean(&problem))?;
        }
    }
    match count {
        0 => note(&format!("{}, no faults", counted(files.texts.len() as u64, "file", "files"))),
        _ => note(&counted(count, "fault", "faults")),
    }
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
