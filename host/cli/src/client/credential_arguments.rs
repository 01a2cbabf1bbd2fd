//! The arguments of commands that an environment's key may call, and a management token too.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::{
    Client, ServerArguments, encoded,
    key_arguments::{key_in_use, key_of_file},
};
use crate::exit_code::Usage;

/// The server to call, and either the key of an environment or a management token with the environment's slug.
///
/// A key belongs to one environment. Where the command line names the environment or a token, no key is used, so that a
/// key in a variable cannot lead to another environment than the named one.
#[derive(Debug, clap::Args)]
pub struct CredentialArguments {
    /// The environment, with a management token [default: INLET_ENVIRONMENT, or that of the profile]
    #[arg(long, value_name = "SLUG", conflicts_with = "key_file")]
    env: Option<String>,
    /// The file of an environment's key (sk_…), instead of a management token. The key of the profile or of INLET_API_KEY is used
    /// without --env and --token-file
    #[arg(long, value_name = "FILE", conflicts_with = "token_file")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

impl CredentialArguments {
    /// Returns a client, and the query string of the requests: empty, or `?environment=…`.
    pub fn client(&self) -> anyhow::Result<(Client, String)> {
        let server = &self.server;
        let is_token = self.env.is_some() || server.token_file.is_some();
        let selected = server.address.select(server.data_dir.is_some())?;
        let key = match &self.key_file {
            Some(file) => Some(key_of_file(file)?),
            None if is_token => None,
            None => key_in_use(&selected)?,
        };
        if let Some(key) = key {
            return Ok((selected.client(key), String::new()));
        }
        let client = match is_token {
            true => server.client()?,
            false => server.client().context("there is no environment's key (INLET_API_KEY, --key-file) either")?,
        };
        let of_variable = std::env::var("INLET_ENVIRONMENT").ok().filter(|slug| !slug.is_empty());
        let Some(slug) = self.env.clone().or(of_variable).or(client.environment.clone()) else {
            bail!(Usage("which environment? Name it with --env, for example --env production".to_owned()));
        };
        Ok((client, format!("?environment={}", encoded(&slug))))
    }
}
