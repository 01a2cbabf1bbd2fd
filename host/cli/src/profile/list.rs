//! `inlet profile list`: lists the servers. No token is shown.

use serde_json::json;

use super::{Credential, Profiles};
use crate::output::{OutputArguments, note, print, table};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Profiles { current, profiles } = Profiles::read()?;
    if arguments.output.json {
        let entries = profiles.iter().map(|(name, profile)| {
            json!({
                "name": name, "current": current.as_ref() == Some(name), "url": profile.url,
                "environment": profile.environment,
            })
        });
        return print(&json!({ "entries": entries.collect::<Vec<_>>() }).to_string());
    }
    if profiles.is_empty() {
        note("there are none; `inlet profile add NAME --url URL` adds one");
        return Ok(());
    }
    let rows = profiles.iter().map(|(name, profile)| {
        let mark = if current.as_ref() == Some(name) { "*" } else { "" };
        let token = match profile.token() {
            Some(Credential::File(path)) => path.display().to_string(),
            Some(Credential::Command(command)) => format!("printed by {}", command.join(" ")),
            None => "none".to_owned(),
        };
        let environment = profile.environment.clone().unwrap_or_default();
        [mark.to_owned(), name.clone(), profile.url.clone(), environment, token]
    });
    print(&table(["", "NAME", "URL", "ENVIRONMENT", "TOKEN"], rows))
}
