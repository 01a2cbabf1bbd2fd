//! The places of cases: `must/NAME` and `should/NAME` in a folder for each contract version, `v0.1` and `v0.2`. Other folders
//! are errors, so that no case is ignored unnoticed.

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

/// The folders for cases, one for each contract version.
pub const VERSIONS: [&str; 2] = ["v0.1", "v0.2"];

/// Returns the folder for a new case of a plugin, below the directory of its cases: `v0.2/must` for the contract `0.2.0`.
pub fn folder_of_new_cases(contract: &str) -> String {
    let version = contract.rsplit_once('.').map_or(contract, |(version, _patch)| version);
    format!("v{version}/{}", Level::Must.as_str())
}

/// Reads every case of a directory, the oldest version first: first the level `must`, then `should`, each sorted by name.
pub fn read(directory: &Dir) -> Result<Vec<LevelledCase>, CaseError> {
    // Folders of other versions are for other runners.
    let is_version =
        |name: &str| name.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    reject_other_folders(directory, "", is_version)?;
    let mut cases = Vec::new();
    for version in VERSIONS {
        if let Ok(directory) = directory.open_dir(version) {
            read_version(&directory, version, &mut cases)?;
        }
    }
    let mut names = HashSet::new();
    match cases.iter().find(|levelled| !names.insert(levelled.case.name.as_str())) {
        Some(twice) => Err(CaseError::Twice { case: twice.case.name.clone() }),
        None if cases.is_empty() => Err(CaseError::None),
        None => Ok(cases),
    }
}

fn read_version(directory: &Dir, version: &str, cases: &mut Vec<LevelledCase>) -> Result<(), CaseError> {
    const LEVELS: [Level; 2] = [Level::Must, Level::Should];
    reject_other_folders(directory, &format!("{version}/"), |name| LEVELS.iter().any(|level| level.as_str() == name))?;
    for level in LEVELS {
        if let Ok(directory) = directory.open_dir(level.as_str()) {
            cases.extend(Case::read_all(&directory)?.into_iter().map(|case| LevelledCase { level, case }));
        }
    }
    Ok(())
}

fn reject_other_folders(directory: &Dir, place: &str, known: impl Fn(&str) -> bool) -> Result<(), CaseError> {
    match folders(directory)?.into_iter().find(|name| !known(name)) {
        Some(name) => Err(CaseError::Misplaced { folder: format!("{place}{name}") }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{VERSIONS, folder_of_new_cases};

    #[test]
    fn a_new_case_lies_where_cases_are_read() {
        let folders = ["0.1.0", "0.2.7"].map(folder_of_new_cases);
        assert_eq!(folders, VERSIONS.map(|version| format!("{version}/must")));
    }
}
