//! The arguments that select a server and the management token for it.

use std::path::PathBuf;

use super::{
    Client,
    address::{SelectedServer, ServerAddress},
};
use crate::{DEFAULT_DATA_DIR, exit_code::NoCredential, secret_file};

/// The variable that may hold a management token.
const TOKEN_VARIABLE: &str = "INLET_TOKEN";

/// The server to call, and the token to call it with.
#[derive(Debug, clap::Args)]
pub struct ServerArguments {
    #[command(flatten)]
    pub(super) address: ServerAddress,
    /// The file of a management token, unless the profile or INLET_TOKEN has one [default: <data-dir>/management-token]
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// The server's data directory, where its own token is [default: inlet-data]
    #[arg(long, value_name = "DIR", env = "INLET_DATA_DIR")]
    pub(super) data_dir: Option<PathBuf>,
}

impl ServerArguments {
    /// Returns true if a flag, a variable or a profile names a server. Without one, commands call the default address.
    pub fn is_named(&self) -> anyhow::Result<bool> {
        Ok(self.data_dir.is_some() || self.address.is_named()?)
    }

    /// Returns a client of the server; sends no request yet.
    pub fn client(&self) -> anyhow::Result<Client> {
        self.client_of(None)
    }

    /// Returns a client of the server of a profile, where one is named in another way than by the arguments.
    pub fn client_of(&self, profile: Option<&str>) -> anyhow::Result<Client> {
        let selected = match profile {
            Some(name) => SelectedServer::of_profile(name)?,
            None => self.address.select(self.data_dir.is_some())?,
        };
        let of_profile = selected.profile.as_ref().and_then(|profile| profile.token());
        let token = match (&self.token_file, of_profile) {
            (Some(file), _) => {
                let missing = || NoCredential(format!("there is no token in {}; correct --token-file", file.display()));
                secret_file::read(file)?.ok_or_else(missing)?
            }
            (None, Some(credential)) => credential.read()?,
            (None, None) => self.own_token()?,
        };
        Ok(selected.client(token))
    }

    fn own_token(&self) -> anyhow::Result<String> {
        if let Some(token) = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.trim().is_empty()) {
            return Ok(token.trim().to_owned());
        }
        let data_dir = self.data_dir.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR));
        let file = data_dir.join(secret_file::MANAGEMENT_TOKEN);
        secret_file::read(&file)?.ok_or_else(|| {
            NoCredential(format!(
                "there is no management token: {} does not hold one; set {TOKEN_VARIABLE}, or name a file with \
                 --token-file",
                file.display()
            ))
            .into()
        })
    }
}
