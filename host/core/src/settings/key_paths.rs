//! The place of an idempotency key in an item: one path, or several whose values make up the key.

use serde::{Deserialize, Serialize};

use crate::path::Path;

/// The most paths of a composed key.
pub const MAX_KEY_PATHS: usize = 10;

/// The paths of an idempotency key. The values of several are joined by `:`, and all must be there.
///
/// One path is written as a string, several as an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct KeyPaths(Vec<Path>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    One(Path),
    Several(Vec<Path>),
}

impl KeyPaths {
    /// Takes 1 to [`MAX_KEY_PATHS`] paths.
    pub fn new(paths: Vec<Path>) -> Option<Self> {
        (1..=MAX_KEY_PATHS).contains(&paths.len()).then_some(Self(paths))
    }

    /// Returns the paths in the order in which their values are joined.
    pub fn as_slice(&self) -> &[Path] {
        &self.0
    }
}

impl From<Path> for KeyPaths {
    fn from(path: Path) -> Self {
        Self(vec![path])
    }
}

impl TryFrom<Written> for KeyPaths {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::One(path) => Ok(path.into()),
            Written::Several(paths) => Self::new(paths).ok_or_else(|| format!("expected 1 to {MAX_KEY_PATHS} paths")),
        }
    }
}

impl From<KeyPaths> for Written {
    fn from(KeyPaths(mut paths): KeyPaths) -> Self {
        match (paths.len(), paths.pop()) {
            (1, Some(only)) => Written::One(only),
            (_, last) => {
                paths.extend(last);
                Written::Several(paths)
            }
        }
    }
}
