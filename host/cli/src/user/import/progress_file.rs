//! The progress of an import, in a file beside the input, so that a second run continues where the first one stopped.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::rows::Position;

/// The version of the file's form.
const VERSION: u32 = 1;

/// The numbers of rows so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Users that the server identified.
    pub identified: u64,
    /// Rows that the server or the tool refused.
    pub failed: u64,
}

impl Counts {
    /// Returns the number of rows.
    pub fn rows(self) -> u64 {
        self.identified + self.failed
    }
}

/// The progress of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The version of the form of the file.
    pub version: u32,
    /// The name of the input.
    pub input: String,
    /// The length of the file, in bytes; none if the input is no regular file.
    pub size: Option<u64>,
    /// The options by which the rows are read.
    pub options: String,
    /// A hash of the environment's key.
    pub key: String,
    /// The names of the columns of a CSV file.
    pub header: Vec<String>,
    /// The place behind the last row that is done.
    pub position: Position,
    /// The hash of the bytes before `position`, in hexadecimal digits.
    pub sha256: String,
    pub counts: Counts,
    /// The bulk operation of the rows behind `position`.
    pub under_way: Option<UnderWay>,
}

/// A bulk operation that the server accepted and that had not ended yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    pub bulk_operation: String,
    /// The place behind its last row.
    pub end: Position,
}

impl Progress {
    /// The progress before the first row.
    pub fn new(input: &Path, size: Option<u64>, options: String, key: &str) -> Self {
        Self {
            version: VERSION,
            input: input.file_name().unwrap_or(input.as_os_str()).to_string_lossy().into_owned(),
            size,
            options,
            key: key_hash(key),
            header: Vec::new(),
            position: Position { byte: 0, lines: 0 },
            sha256: String::new(),
            counts: Counts::default(),
            under_way: None,
        }
    }
}

/// Returns a hash that tells keys apart. It is not the hash by which the server knows a key.
fn key_hash(key: &str) -> String {
    let digest = Sha256::new().chain_update("inlet user import\n").chain_update(key).finalize();
    hex::encode(&digest[..16])
}

/// The file that holds the progress of an import.
#[derive(Debug)]
pub struct ProgressFile {
    path: PathBuf,
}

impl ProgressFile {
    /// Returns the file with this path.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns the file beside an input.
    pub fn beside(input: &Path) -> Self {
        let mut name = input.as_os_str().to_owned();
        name.push(".import-progress");
        Self { path: name.into() }
    }

    /// Returns the progress of an earlier run of the same import, or none if there was none. Another import is refused.
    pub fn read(&self, expected: &Progress) -> anyhow::Result<Option<Progress>> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("cannot read {}", self.path.display()))?,
        };
        let found: Progress = match serde_json::from_str(&text) {
            Ok(Progress { version: VERSION, counts, under_way: None, .. }) if counts.rows() == 0 => return Ok(None),
            Ok(Progress { version: VERSION, ref input, .. }) if *input != expected.input => {
                bail!("{} is the progress of {input}; {}", self.path.display(), Self::ADVICE)
            }
            Ok(found @ Progress { version: VERSION, .. }) => found,
            _ => bail!("{} is no progress of an import by this version; {}", self.path.display(), Self::ADVICE),
        };
        let Progress { size, options, key, .. } = expected;
        if found.size != *size {
            return Err(self.changed());
        }
        if found.key != *key {
            bail!(
                "{} is the progress with another key, perhaps of another environment; {}",
                self.path.display(),
                Self::ADVICE
            );
        }
        if found.options != *options {
            bail!(
                "the earlier run read the file in another way ({}; now {options}); name the same options, or {}",
                found.options,
                Self::ADVICE
            );
        }
        Ok(Some(found))
    }

    const ADVICE: &str = "--restart begins from the first row";

    /// Returns the refusal of an input that is not what the earlier run read.
    pub fn changed(&self) -> anyhow::Error {
        anyhow::anyhow!(
            "it changed since the earlier run, whose progress is in {}; bring back the file of that run, or {}",
            self.path.display(),
            Self::ADVICE
        )
    }

    /// Replaces the file: after a crash it holds the old or the new progress whole.
    pub fn write(&self, progress: &Progress) -> anyhow::Result<()> {
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let write = || {
            let mut file = fs::File::create(&new)?;
            serde_json::to_writer(&mut file, progress)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&new, &self.path)
        };
        write().with_context(|| {
            format!("cannot write the progress to {}; name another file with --progress", self.path.display())
        })
    }

    /// Removes the file, if there is one.
    pub fn remove(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress::new(Path::new("users.csv"), Some(10), "csv".to_owned(), "sk_1")
    }

    #[test]
    fn only_the_same_import_continues() {
        let directory = tempfile::tempdir().unwrap();
        let file = ProgressFile::beside(&directory.path().join("users.csv"));
        assert_eq!(file.read(&progress()).unwrap(), None);
        let begun = Progress { counts: Counts { identified: 7, failed: 1 }, ..progress() };
        file.write(&begun).unwrap();
        assert_eq!(file.read(&progress()).unwrap(), Some(begun));
        let error = |expected: Progress| {
            let error = file.read(&expected).unwrap_err().to_string();
            error.replace(&directory.path().display().to_string(), "DIR")
        };
        insta::assert_snapshot!(error(Progress { size: Some(11), ..progress() }), @"it changed since the earlier run, whose progress is in DIR/users.csv.import-progress; bring back the file of that run, or --restart begins from the first row");
        insta::assert_snapshot!(error(Progress { options: "ndjson".to_owned(), ..progress() }), @"the earlier run read the file in another way (csv; now ndjson); name the same options, or --restart begins from the first row");
        let other = Progress::new(Path::new("users.csv"), Some(10), "csv".to_owned(), "sk_2");
        insta::assert_snapshot!(error(other), @"DIR/users.csv.import-progress is the progress with another key, perhaps of another environment; --restart begins from the first row");
        let other = Progress::new(Path::new("more.csv"), Some(10), "csv".to_owned(), "sk_1");
        insta::assert_snapshot!(error(other), @"DIR/users.csv.import-progress is the progress of users.csv; --restart begins from the first row");
        file.remove().unwrap();
        file.remove().unwrap();
        assert_eq!(file.read(&progress()).unwrap(), None);
        file.write(&Progress::new(Path::new("users.csv"), Some(10), "csv".to_owned(), "sk_2")).unwrap();
        assert_eq!(file.read(&progress()).unwrap(), None, "nothing was done with the other key");
    }
}
