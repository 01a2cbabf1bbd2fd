//! `inlet profile remove`: removes a server, and the token that `profile add` kept for it.

use std::fs;

use serde_json::json;

use super::Profiles;
use crate::output::{Confirmation, OutputArguments};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The profile
    name: String,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = &arguments.name;
    let mut profiles = Profiles::read()?;
    profiles.get(name)?;
    arguments.confirmation.require(name, &format!("this removes the profile {name:?} and the token kept for it"))?;
    profiles.profiles.remove(name);
    if profiles.current.as_ref() == Some(name) {
        profiles.current = None;
    }
    profiles.write()?;
    // A token file elsewhere is the user's own.
    let _ = fs::remove_file(Profiles::directory()?.join(format!("{name}.token")));
    arguments.output.finish(&json!({ "deleted": name }), &format!("profile {name:?} is removed"))
}
