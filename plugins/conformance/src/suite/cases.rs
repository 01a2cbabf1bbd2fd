//! The places of cases: `v0.1/must/NAME` and `v0.1/should/NAME`. Other folders are errors, so that no case is ignored
//! unnoticed.

use std::collections::HashSet;

use cap_std::fs::Dir;

use super::law::Level;
use crate::case::{Case, CaseError, folders};

/// A case with its level.
#[derive(Debug)]
pub struct LevelledCase {
    /// The consequence of a failure.
    pub level: Level,
    /// The case.
    pub case: Case,
}

/// The folder for cases of this contract version.
pub const VERSION: &str = "v0.1";

/// Reads every case of a directory: first the level `must`, then `should`, each sorted by name.
pub fn read(directory: &Dir) -> Result<Vec<LevelledCase>, CaseError> {
    // Folders of other versions are for other runners.
    let is_version =
        |name: &str| name.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    reject_other_folders(directory, "", is_version)?;
    let Ok(version) = directory.open_dir(VERSION) else { return Err(CaseError::None) };
    reject_other_folders(&version, "v0.1/", |name| {
        [Level::Must, Level::Should].iter().any(|level| level.as_str() == name)
    })?;
    let mut cases = Vec::new();
    for level in [Level::Must, Level::Should] {
        if let Ok(directory) = version.open_dir(level.as_str()) {
            cases.extend(Case::read_all(&directory)?.into_iter().map(|case| LevelledCase { level, case }));
        }
    }
    let mut names = HashSet::new();
    match cases.iter().find(|levelled| !names.insert(levelled.case.name.as_str())) {
        Some(twice) => Err(CaseError::Twice { case: twice.case.name.clone() }),
        None if cases.is_empty() => Err(CaseError::None),
        None => Ok(cases),
    }
}

fn reject_other_folders(directory: &Dir, place: &str, known: impl Fn(&str) -> bool) -> Result<(), CaseError> {
    match folders(directory)?.into_iter().find(|name| !known(name)) {
        Some(name) => Err(CaseError::Misplaced { folder: format!("{place}{name}") }),
        None => Ok(()),
    }
}
