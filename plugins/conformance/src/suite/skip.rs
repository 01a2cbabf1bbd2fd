//! `skip.json`: checks that a plugin is known to fail, each with its reason.

use std::io::{self, Read as _};

use cap_std::fs::Dir;
use serde::Deserialize;

/// A check that is known to fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The check: a law's name, or `case:` and a case's.
    pub id: String,
    /// Why it may fail.
    pub reason: String,
}

/// Why a skip file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SkipError {
    /// It cannot be read.
    #[error("cannot read skip.json: {0}")]
    Read(#[from] io::Error),
    /// It is not in its format.
    #[error("skip.json is not in its format, a list of {{\"id\", \"reason\"}}: {0}")]
    Format(#[from] serde_json::Error),
    /// An entry says nothing.
    #[error("skip.json skips {id:?} without a reason; say why the check may fail")]
    Reason {
        /// The check.
        id: String,
    },
    /// An entry names no check.
    #[error("skip.json skips {id:?}, which is no check of this plugin; remove the entry or correct its id")]
    Unknown {
        /// What it names.
        id: String,
    },
}

/// Reads `skip.json` beside the cases; no such file skips nothing.
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
