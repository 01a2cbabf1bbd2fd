//! The arguments that select a server and the key of one of its environments.

use std::path::{Path, PathBuf};

use super::{
    Client,
    address::{SelectedServer, ServerAddress},
};
use crate::{exit_code::NoCredential, secret_file};

/// The variable that may hold an environment's key.
const KEY_VARIABLE: &str = "INLET_API_KEY";

/// The server to call, and the key of an environment to call it with.
#[derive(Debug, clap::Args)]
pub struct KeyArguments {
    #[command(flatten)]
    address: ServerAddress,
    /// The file of an environment's key (sk_…), unless the profile or INLET_API_KEY has one
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl KeyArguments {
    /// Returns a client of the server; sends no request yet.
    pub fn client(&self, key: String) -> anyhow::Result<Client> {
        Ok(self.address.select(false)?.client(key))
    }

    /// Returns the key.
    pub fn key(&self) -> anyhow::Result<String> {
        if let Some(file) = &self.key_file {
            return key_of_file(file);
        }
        let key = key_in_use(&self.address.select(false)?)?;
        key.ok_or_else(|| {
            NoCredential(format!(
                "there is no environment's key; set {KEY_VARIABLE}, or name a file with --key-file (`inlet key create` \
                 makes one)"
            ))
            .into()
        })
    }
}

/// Reads the key in a file that the command line names.
pub(super) fn key_of_file(file: &Path) -> anyhow::Result<String> {
    let missing = || NoCredential(format!("there is no key in {}; correct --key-file", file.display()));
    Ok(secret_file::read(file)?.ok_or_else(missing)?)
}

/// Returns the key of the profile, or else of the variable.
pub(super) fn key_in_use(selected: &SelectedServer) -> anyhow::Result<Option<String>> {
    if let Some(credential) = selected.profile.as_ref().and_then(|profile| profile.key()) {
        return credential.read().map(Some);
    }
    let key = std::env::var(KEY_VARIABLE).ok();
    Ok(key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()))
}
