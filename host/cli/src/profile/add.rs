//! `inlet profile add`: adds a server.

use std::{
    io::{Read as _, stdin},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{Profile, Profiles};
use crate::{
    client::checked_url,
    exit_code::Usage,
    output::{OutputArguments, note},
    secret_file,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name: a-z, 0-9, _ and -
    name: String,
    /// The server's management address
    #[arg(long, value_name = "URL")]
    url: String,
    /// The file of a management token; only you may be able to read it
    #[arg(long, value_name = "FILE", group = "token")]
    token_file: Option<PathBuf>,
    /// A command that prints a management token, for example `pass inlet/production`
    #[arg(long, value_name = "COMMAND", group = "token")]
    token_command: Option<String>,
    /// Read a management token from the standard input, and keep it beside the profiles
    #[arg(long, group = "token")]
    token_stdin: bool,
    /// The file of a key of the environment, for the commands that act as its own code does
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The environment of commands that name none
    #[arg(long, value_name = "SLUG")]
    env: Option<String>,
    /// Choose it for commands that name no profile, as the first one is
    #[arg(long)]
    r#use: bool,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = &arguments.name;
    let is_name_character = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '_' | '-');
    if name.is_empty() || !name.chars().all(is_name_character) {
        bail!(Usage(format!("{name:?} is no name of a profile; expected a-z, 0-9, _ and -")));
    }
    let mut profiles = Profiles::read()?;
    let token_file = match arguments.token_stdin {
        true => Some(keep_token(name)?),
        false => arguments.token_file.as_deref().map(absolute).transpose()?,
    };
    let url = checked_url(&arguments.url)?;
    let profile = Profile {
        url: url.clone(),
        environment: arguments.env.clone(),
        token_file,
        token_command: arguments.token_command.as_deref().map(words),
        key_file: arguments.key_file.as_deref().map(absolute).transpose()?,
        key_command: None,
    };
    for credential in [profile.token(), profile.key()].into_iter().flatten() {
        credential.read()?;
    }
    if profile.token().is_none() {
        note("note: the profile has no management token; commands take it from INLET_TOKEN or --token-file");
    }
    profiles.profiles.insert(name.clone(), profile);
    if arguments.r#use || profiles.current.is_none() {
        profiles.current = Some(name.clone());
    }
    profiles.write()?;
    let is_current = profiles.current.as_ref() == Some(name);
    let current = if is_current { ", and commands call it now" } else { "" };
    let result = json!({ "name": name, "url": url, "environment": arguments.env, "current": is_current });
    arguments.output.finish(&result, &format!("profile {name:?} is kept{current}"))
}

fn keep_token(name: &str) -> anyhow::Result<PathBuf> {
    let mut token = String::new();
    stdin().read_to_string(&mut token).context("cannot read the token")?;
    if token.trim().is_empty() {
        bail!(Usage("there is no token on the standard input".to_owned()));
    }
    // The directory is made with the file of the profiles.
    Profiles::read()?.write()?;
    let path = Profiles::directory()?.join(format!("{name}.token"));
    secret_file::write(&path, token.trim())?;
    Ok(path)
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))
}

/// Splits at white space. Anything that needs quoting is written into the file as a list.
fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}
