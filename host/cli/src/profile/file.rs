//! The file of profiles, `inlet/config.toml` in the user's configuration directory.
//!
//! A profile can name a command that prints a token, so whoever can write the file can run commands as the user: a file that
//! others can write is not read.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use etcetera::{BaseStrategy as _, choose_base_strategy};
use serde::{Deserialize, Serialize};

use super::Credential;
use crate::exit_code::{NoCredential, NotFound};

/// The file, below the user's configuration directory.
const FILE: &str = "inlet/config.toml";

/// The profiles of the user.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    /// The profile of commands that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// The profiles by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, Profile>,
}

/// A server, and the credentials for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The management address.
    pub url: String,
    /// The environment of commands that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The file of a management token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// A command that prints a management token: the program and its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_command: Option<Vec<String>>,
    /// The file of the environment's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// A command that prints the environment's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_command: Option<Vec<String>>,
}

impl Profile {
    /// Returns where the management token is.
    pub fn token(&self) -> Option<Credential<'_>> {
        Credential::of(self.token_file.as_deref(), self.token_command.as_deref())
    }

    /// Returns where the environment's key is.
    pub fn key(&self) -> Option<Credential<'_>> {
        Credential::of(self.key_file.as_deref(), self.key_command.as_deref())
    }
}

impl Profiles {
    /// Returns the directory of the file and of the tokens that `profile add` keeps.
    pub fn directory() -> anyhow::Result<PathBuf> {
        let path = Self::path().context("there is no home directory to keep profiles in; set XDG_CONFIG_HOME")?;
        Ok(path.parent().unwrap_or(&path).to_owned())
    }

    fn path() -> Option<PathBuf> {
        Some(choose_base_strategy().ok()?.config_dir().join(FILE))
    }

    /// Reads the file. There are no profiles without one.
    pub fn read() -> anyhow::Result<Self> {
        match Self::path() {
            Some(path) => Self::read_file(&path),
            None => Ok(Self::default()),
        }
    }

    fn read_file(path: &Path) -> anyhow::Result<Self> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mode = metadata.permissions().mode();
        if mode & 0o022 != 0 {
            bail!(NoCredential(format!(
                "{} can be written by others (mode {:o}), who could make it send your tokens elsewhere; `chmod 600` it \
                 and look at what is in it",
                path.display(),
                mode & 0o777
            )));
        }
        let owner = rustix::process::geteuid().as_raw();
        if metadata.uid() != owner && metadata.uid() != 0 {
            bail!(NoCredential(format!("{} belongs to another user; it is not read", path.display())));
        }
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} cannot be understood", path.display()))
    }

    /// Writes the file, readable by its owner alone. It is replaced as a whole.
    pub fn write(&self) -> anyhow::Result<()> {
        let directory = Self::directory()?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        let path = directory.join("config.toml");
        let text = toml::to_string(self).context("cannot write the profiles")?;
        let new = directory.join(".config.toml.new");
        let write = || {
            let _ = fs::remove_file(&new);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Returns a profile by its name.
    pub fn get(&self, name: &str) -> anyhow::Result<&Profile> {
        let names = || match self.profiles.is_empty() {
            true => "there are none yet: `inlet profile add`".to_owned(),
            false => format!("expected one of {}", self.profiles.keys().cloned().collect::<Vec<_>>().join(", ")),
        };
        match self.profiles.get(name) {
            Some(profile) => Ok(profile),
            None => bail!(NotFound(format!("there is no profile {name:?}; {}", names()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, mode: u32) -> anyhow::Result<Profiles> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Profiles::read_file(&path).map_err(|error| {
            let shown = error.to_string().replace(&directory.path().display().to_string(), "DIR");
            error.context(shown)
        })
    }

    const FILE: &str = "current = \"eu\"\n\n[profiles.eu]\nurl = \"https://a\"\nenvironment = \"production\"\ntoken_command = [\"pass\", \"a\"]\n";

    #[test]
    fn a_file_reads_as_it_is_written() {
        let profiles = written(FILE, 0o600).unwrap();
        assert_eq!(profiles.get("eu").unwrap().environment.as_deref(), Some("production"));
        assert_eq!(toml::to_string(&profiles).unwrap(), FILE);
        insta::assert_snapshot!(profiles.get("us").unwrap_err(), @r#"there is no profile "us"; expected one of eu"#);
        assert_eq!(Profiles::read_file(Path::new("/nonexistent/config.toml")).unwrap(), Profiles::default());
    }

    #[test]
    fn a_file_that_others_can_write_is_not_read() {
        assert!(written(FILE, 0o644).is_ok(), "reading it is harmless: it holds no token");
        insta::assert_snapshot!(written(FILE, 0o664).unwrap_err(), @"DIR/config.toml can be written by others (mode 664), who could make it send your tokens elsewhere; `chmod 600` it and look at what is in it");
    }

    #[test]
    fn a_word_that_is_not_known_is_refused() {
        let error = written("[profiles.eu]\nurl = \"https://a\"\ntokenfile = \"x\"\n", 0o600).unwrap_err();
        assert!(format!("{error:#}").contains("unknown field `tokenfile`"), "{error:#}");
    }
}
