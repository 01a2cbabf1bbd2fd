//! `inlet delivery discard`: discards what waits.

use anyhow::Context as _;
use inlet_api_types::deliveries::{DiscardDeliveries, DiscardedDeliveries};
use ureq::http::Method;

use super::selection::Selection;
use crate::{
    client::{Content, EnvironmentArgument, OTHER_VERSION, ServerArguments},
    output::{Confirmation, OutputArguments, print, print_json, text::counted},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let selection = &arguments.selection;
    let client = arguments.server.client()?;
    let path = format!("/v1/deliveries/discard?{}", arguments.environment.query(&client)?);
    let send = |dry_run: bool| -> anyhow::Result<(String, DiscardedDeliveries)> {
        let request = DiscardDeliveries {
            target: selection.target.clone(),
            workflow: selection.workflow.clone(),
            mapping_id: selection.mapping.clone(),
            starting_at: selection.after.clone(),
            ending_at: selection.before.clone(),
            dry_run: Some(dry_run),
        };
        let text = client.send_for_text(Method::POST, &path, Content::json(&request)?)?;
        let discarded = serde_json::from_str(&text).context(OTHER_VERSION)?;
        Ok((text, discarded))
    };
    let (mut text, mut discarded) = send(true)?;
    let found = counted(discarded.matched, "delivery", "deliveries");
    if !selection.dry_run && discarded.matched > 0 {
        arguments.confirmation.require("discard", &format!("this discards {found}, which are then never sent"))?;
        (text, discarded) = send(false)?;
    }
    match (arguments.output.json, selection.dry_run) {
        (true, _) => print_json(&text),
        (false, true) => print(&format!("{found} would be discarded")),
        (false, false) => print(&format!("{} of {found} discarded", discarded.discarded)),
    }
}
