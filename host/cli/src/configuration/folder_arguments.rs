//! The arguments that select configuration files.

use std::path::PathBuf;

use anyhow::bail;

use super::{
    files::{DEFAULT_FOLDER, Files},
    problem::Problem,
};
use crate::{exit_code::NotFound, output::text::counted};

/// The folder, and the environments that a command is about.
#[derive(Debug, clap::Args)]
pub struct FolderArguments {
    /// The folder of the files
    #[arg(value_name = "DIR", default_value = DEFAULT_FOLDER)]
    pub folder: PathBuf,
    /// Only this environment; repeatable
    #[arg(long, visible_alias = "env", value_name = "SLUG")]
    pub environment: Vec<String>,
}

impl FolderArguments {
    /// Reads the files, and refuses them if there is a fault.
    pub fn read(&self) -> anyhow::Result<Files> {
        let files = Files::read(&self.folder)?;
        let problems = files.all_problems();
        if !problems.is_empty() {
            bail!("{}", refusal(&self.describe(&problems)));
        }
        let document = files.document(&[], &|_| None);
        let mut known: Vec<&String> = document.environments.iter().flatten().map(|(slug, _)| slug).collect();
        known.extend(document.sources.iter().flatten().flat_map(|(_, source)| source.environments.keys()));
        if let Some(unknown) = self.environment.iter().find(|slug| !known.contains(slug)) {
            bail!(NotFound(format!("no file in {} is about the environment {unknown:?}", self.folder.display())));
        }
        Ok(files)
    }

    /// Returns the problems, each with the path of its file from here.
    pub fn describe(&self, problems: &[Problem]) -> Vec<String> {
        problems.iter().map(|problem| format!("{}/{problem}", self.folder.display())).collect()
    }
}

fn refusal(problems: &[String]) -> String {
    let count = counted(problems.len() as u64, "fault", "faults");
    format!("{}\n{count}; nothing was sent", problems.join("\n"))
}

/// Returns the value of a variable of the process's environment. An empty one is none.
pub fn secret_of_process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
