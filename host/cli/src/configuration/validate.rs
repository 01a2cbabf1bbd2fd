//! `inlet validate`: checks configuration files without a server.

use std::process::ExitCode;

use serde_json::json;

use super::{files::Files, folder_arguments::FolderArguments};
use crate::output::{OutputArguments, note, print, text::counted};

#[derive(Debug, clap::Args)]
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
        print(&serde_json::Value::Array(problems).to_string())?;
    } else {
        for problem in arguments.folder.describe(&found) {
            print(&problem)?;
        }
    }
    match count {
        0 => note(&format!("{} good", counted(files.texts.len() as u64, "file is", "files are"))),
        _ => note(&counted(count, "fault", "faults")),
    }
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
