//! The arguments that select a server.

use anyhow::bail;

use super::{
    Client,
    agent::{agent, is_loopback},
};
use crate::{
    exit_code::Usage,
    output::note,
    profile::{Profile, Profiles},
};

/// The server of commands that name none, where there is no profile either.
const DEFAULT_URL: &str = "http://127.0.0.1:8080";

/// The server to call.
#[derive(Debug, Default, clap::Args)]
pub struct ServerAddress {
    /// The server's management address [env: INLET_SERVER] [default: that of the profile, else http://127.0.0.1:8080]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The server and its credentials by a name of `inlet profile` [env: INLET_PROFILE]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// A selected server. A profile gives the address and the credentials together, so that no token goes to another server.
#[derive(Debug)]
pub struct SelectedServer {
    base: String,
    /// The profile, if one was selected.
    pub profile: Option<Profile>,
}

impl ServerAddress {
    /// Returns true if a flag, a variable or the profile in use names a server.
    pub fn is_named(&self) -> anyhow::Result<bool> {
        let of_variable = ["INLET_PROFILE", "INLET_SERVER"].iter().any(|name| variable(name).is_some());
        Ok(self.server.is_some() || self.profile.is_some() || of_variable || Profiles::read()?.current.is_some())
    }

    /// Returns the server: of the flags, else of the environment's variables, else of the profile in use, unless `is_local` says that
    /// the command names the data directory of a server on this machine.
    pub fn select(&self, is_local: bool) -> anyhow::Result<SelectedServer> {
        let named = SelectedServer::of_profile;
        match (&self.profile, &self.server) {
            (Some(_), Some(_)) => {
                bail!(Usage("--server and --profile each name a server; give one of them".to_owned()))
            }
            (Some(name), None) => named(name),
            (None, Some(url)) => Ok(SelectedServer { base: checked_url(url)?, profile: None }),
            (None, None) => match (variable("INLET_PROFILE"), variable("INLET_SERVER")) {
                (Some(name), _) => named(&name),
                (None, Some(url)) => Ok(SelectedServer { base: checked_url(&url)?, profile: None }),
                (None, None) if is_local => Ok(SelectedServer { base: DEFAULT_URL.to_owned(), profile: None }),
                (None, None) => match Profiles::read()?.current {
                    Some(name) => named(&name),
                    None => Ok(SelectedServer { base: DEFAULT_URL.to_owned(), profile: None }),
                },
            },
        }
    }
}

/// Returns the value of a variable of the environment that is not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

impl SelectedServer {
    /// Returns the server of a profile.
    pub fn of_profile(name: &str) -> anyhow::Result<Self> {
        let profile = Profiles::read()?.get(name)?.clone();
        Ok(Self { base: checked_url(&profile.url)?, profile: Some(profile) })
    }

    /// Returns a client of the server; sends no request yet.
    pub fn client(self, token: String) -> Client {
        let Self { base, profile } = self;
        if !base.starts_with("https://") && !is_loopback(&base) {
            note(&format!("note: the token goes to {base} in clear text; a server on another machine wants https://"));
        }
        Client { agent: agent(false, 0), base, token, environment: profile.and_then(|profile| profile.environment) }
    }
}

/// Returns a server's address without a slash at its end.
pub fn checked_url(url: &str) -> anyhow::Result<String> {
    let base = url.trim().trim_end_matches('/');
    if !base.starts_with("http://") && !base.starts_with("https://") {
        bail!(Usage(format!("the server's address is {base:?}; expected a URL such as https://inlet.example.com")));
    }
    Ok(base.to_owned())
}
