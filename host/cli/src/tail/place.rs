//! The place in a stream at which a command begins, and the file that keeps it.

use std::{
    ffi::OsString,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use crate::exit_code::Usage;

/// The place to begin at.
#[derive(Debug, clap::Args)]
pub struct PlaceArguments {
    /// Begin after this event, by its id [default: now]
    #[arg(long, value_name = "ID")]
    since: Option<String>,
    /// Keep the place in this file, and begin there; a file that does not exist yet means now
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    cursor_file: Option<PathBuf>,
}

impl PlaceArguments {
    /// Returns the cursor to begin after; none to begin now.
    pub fn begin(&self) -> anyhow::Result<Option<String>> {
        match &self.cursor_file {
            Some(file) => read(file),
            None => Ok(self.since.clone()),
        }
    }

    /// Keeps a place that was reached, if there is a file for it.
    pub fn keep(&self, cursor: &str) -> anyhow::Result<()> {
        match &self.cursor_file {
            Some(file) => write(file, cursor),
            None => Ok(()),
        }
    }
}

/// Only a file that does not exist means now: any other failure would skip events silently.
fn read(file: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Ok(_) => bail!(Usage(format!(
            "{} holds no place; write the id of an event into it, or remove it to begin now",
            file.display()
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(error).with_context(|| format!("cannot read {}, which keeps the place in the stream", file.display()))
        }
    }
}

/// Replaces the file, so that a kill at any moment leaves a whole one.
fn write(file: &Path, cursor: &str) -> anyhow::Result<()> {
    let mut new = OsString::from(file);
    new.push(".new");
    fs::write(&new, format!("{cursor}\n"))
        .and_then(|()| fs::rename(&new, file))
        .with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_does_not_exist_means_now() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("place");
        let arguments = PlaceArguments { since: None, cursor_file: Some(file.clone()) };
        assert_eq!(arguments.begin().unwrap(), None);
        arguments.keep("a1").unwrap();
        arguments.keep("a2").unwrap();
        assert_eq!(arguments.begin().unwrap().as_deref(), Some("a2"));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "the temporary file is gone");
        fs::write(&file, "\n").unwrap();
        let error = arguments.begin().unwrap_err().to_string();
        assert!(
            error.ends_with("holds no place; write the id of an event into it, or remove it to begin now"),
            "{error}"
        );
        let folder = PlaceArguments { since: None, cursor_file: Some(directory.path().to_owned()) };
        assert!(folder.begin().unwrap_err().to_string().starts_with("cannot read "));
    }
}
