//! `inlet profile use`: chooses the server of commands that name none.

use serde_json::json;

use super::Profiles;
use crate::output::OutputArguments;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The profile
    name: String,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut profiles = Profiles::read()?;
    let url = profiles.get(&arguments.name)?.url.clone();
    profiles.current = Some(arguments.name.clone());
    profiles.write()?;
    let result = json!({ "name": arguments.name, "url": url, "current": true });
    arguments.output.finish(&result, &format!("commands call {url} now"))
}
