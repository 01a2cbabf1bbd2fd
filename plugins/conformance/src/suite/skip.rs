//! `skip.json`: checks that are known to fail, each with a reason.

use std::io::{self, Read as _};

use cap_std::fs::Dir;
use serde::Deserialize;

/// A check that is known to fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The name of a law, or `case:` and the name of a case.
    pub id: String,
    /// Reason for the failure.
    pub reason: String,
}

/// Reason why a skip file is invalid.
#[derive(Debug, thiserror::Error)]
pub enum SkipError {
    /// The file cannot be read.
    #[error("cannot read skip.json: {0}")]
    Read(#[from] io::Error),
    /// The file is not a list of entries.
    #[error("skip.json is not in its format, a list of {{\"id\", \"reason\"}}: {0}")]
    Format(#[from] serde_json::Error),
    /// An entry has no reason.
    #[error("skip.json skips {id:?} without a reason; say why the check may fail")]
    Reason {
        /// The entry's id.
        id: String,
    },
    /// An entry names no check of this plugin.
    #[error("skip.json skips {id:?}, which is no check of this plugin; remove the entry or correct its id")]
    Unknown {
        /// The entry's id.
        id: String,
    },
}

/// Reads `skip.json` beside the cases; returns nothing if there is no such file.
pub fn read(directory: &Dir) -> Result<Vec<Skip>, SkipError> {
    let mut text = String::new();
    match directory.open("skip.json") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?.take(1 << 20).read_to_string(&mut text)?,
    };
    let skips: Vec<Skip> = serde_json::from_str(&text)?;
    match skips.iter().find(|skip| skip.reason.trim().is_empty()) {
        Some(skip) => Err(SkipError::Reason { id: skip.id.clone() }),
        None => Ok(skips),
    }
}
