//! `inlet apply`: makes a server as the files say, all of it or nothing.

use anyhow::bail;
use inlet_api_types::configuration::SecretState;

use super::{
    folder_arguments::{FolderArguments, secret_of_process},
    plan_output,
    send::{self, Sending},
};
use crate::{
    client::ServerArguments,
    output::{Confirmation, OutputArguments, note, print_json},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    folder: FolderArguments,
    /// Delete what there is no file for
    #[arg(long)]
    delete: bool,
    /// Go on without the secrets that neither the server has nor a variable holds
    #[arg(long)]
    allow_missing_secrets: bool,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let files = arguments.folder.read()?;
    let client = arguments.server.client()?;
    let document = files.document(&arguments.folder.environment, &secret_of_process);
    let put = |sending: Sending<'_>| {
        send::put(&client, &document, sending)
            .map_err(|error| send::at_its_place(error, &files.places, &arguments.folder.folder))
    };
    let deletes = arguments.delete;
    let planned = put(Sending { dry_run: true, deletes, version: None })?;
    if !arguments.output.json {
        plan_output::show(&planned.plan, Some(&files))?;
    }
    if planned.plan.changes.is_empty() {
        return if arguments.output.json { print_json(&planned.text) } else { Ok(()) };
    }
    let missing = planned.plan.secrets.iter().filter(|secret| secret.state == SecretState::Missing).count();
    if missing > 0 && !arguments.allow_missing_secrets {
        bail!(
            "secrets are missing, and nothing was changed; set their variables, or go on with --allow-missing-secrets"
        );
    }
    let consequence = format!("this changes {}: {}", client.base(), plan_output::summary(&planned.plan));
    arguments.confirmation.require(&plan_output::changed_environments(&planned.plan), &consequence)?;
    // The version refuses it if somebody changed the configuration since it was shown.
    let applied = put(Sending { dry_run: false, deletes, version: Some(&planned.plan.version) })?;
    if arguments.output.json {
        return print_json(&applied.text);
    }
    note("applied");
    Ok(())
}
