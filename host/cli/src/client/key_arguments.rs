//! The arguments that select a server and the key of one of its environments.

use std::path::PathBuf;

use anyhow::Context as _;

use super::{Client, address::ServerAddress};
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
            let key = secret_file::read(file)?;
            return key.with_context(|| format!("there is no key in {}; correct --key-file", file.display()));
        }
        let selected = self.address.select(false)?;
        if let Some(credential) = selected.profile.as_ref().and_then(|profile| profile.key()) {
            return credential.read();
        }
        let key = std::env::var(KEY_VARIABLE).ok().filter(|key| !key.trim().is_empty());
        let key = key.ok_or_else(|| {
            NoCredential(format!(
                "there is no environment's key; set {KEY_VARIABLE}, or name a file with --key-file (`inlet key create` \
                 makes one)"
            ))
        })?;
        Ok(key.trim().to_owned())
    }
}
