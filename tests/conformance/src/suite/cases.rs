//! Where cases lie: `v0.1/must/NAME`, `v0.1/should/NAME`, or `NAME` alone, which is a must.

use cap_std::fs::Dir;

use super::law::Level;
use crate::case::{Case, CaseError};

/// A case, and how much depends on it.
#[derive(Debug)]
pub struct LevelledCase {
    /// How much depends on it.
    pub level: Level,
    /// The case.
    pub case: Case,
}

/// The folder of the contract version that the cases are written for.
const VERSION: &str = "v0.1";

/// Reads every case of a directory, in the order of their names, the musts first.
pub fn read(directory: &Dir) -> Result<Vec<LevelledCase>, CaseError> {
    let Ok(version) = directory.open_dir(VERSION) else { return levelled(directory, Level::Must) };
    let mut cases = Vec::new();
    for level in [Level::Must, Level::Should] {
        if let Ok(directory) = version.open_dir(level.as_str()) {
            cases.extend(levelled(&directory, level)?);
        }
    }
    if cases.is_empty() { Err(CaseError::None) } else { Ok(cases) }
}

fn levelled(directory: &Dir, level: Level) -> Result<Vec<LevelledCase>, CaseError> {
    Ok(Case::read_all(directory)?.into_iter().map(|case| LevelledCase { level, case }).collect())
}
