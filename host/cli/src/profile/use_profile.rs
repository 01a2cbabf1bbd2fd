//! `inlet profile use`: chooses the server of commands that name none.

use super::Profiles;
use crate::output::note;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The profile
    name: String,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut profiles = Profiles::read()?;
    let url = profiles.get(&arguments.name)?.url.clone();
    profiles.current = Some(arguments.name.clone());
    profiles.write()?;
    note(&format!("commands call {url} now"));
    Ok(())
}
