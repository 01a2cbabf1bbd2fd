//! `inlet delivery redrive`: sends single deliveries again by their ids, or all that a filter selects.

use anyhow::Context as _;
use inlet_api_types::deliveries::{Delivery, RedriveDeliveries, RedrivenDeliveries};
use ureq::http::Method;

use super::selection::Selection;
use crate::{
    client::{Content, EnvironmentArgument, OTHER_VERSION, ServerArguments, encoded},
    enum_word::word,
    output::{Confirmation, OutputArguments, print, print_json, text::counted, tinted},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The deliveries' ids; without one, all that the filters select
    #[arg(value_name = "ID", conflicts_with_all = ["target", "status", "workflow", "mapping", "after", "before"])]
    ids: Vec<String>,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    selection: Selection,
    /// `dead`, or `retrying` for those that wait for a retry [default: dead]
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let environment = arguments.environment.query(&client)?;
    for id in &arguments.ids {
        let path = format!("/v1/deliveries/{}/redrive?{environment}", encoded(id));
        let text = client.send_for_text(Method::POST, &path, Content::None)?;
        let delivery: Delivery = serde_json::from_str(&text).context(OTHER_VERSION)?;
        match arguments.output.json {
            true => print_json(&text)?,
            false => print(&format!("{} {}", delivery.id, tinted(&word(&delivery.status))))?,
        }
    }
    if !arguments.ids.is_empty() {
        return Ok(());
    }
    let selection = &arguments.selection;
    let request = |dry_run| RedriveDeliveries {
        target: selection.target.clone(),
        status: arguments.status.clone(),
        workflow: selection.workflow.clone(),
        mapping_id: selection.mapping.clone(),
        starting_at: selection.after.clone(),
        ending_at: selection.before.clone(),
        dry_run: Some(dry_run),
        ..RedriveDeliveries::default()
    };
    let send = |dry_run: bool| -> anyhow::Result<(String, RedrivenDeliveries)> {
        let path = format!("/v1/deliveries/redrive?{environment}");
        let text = client.send_for_text(Method::POST, &path, Content::json(&request(dry_run))?)?;
        let redriven = serde_json::from_str(&text).context(OTHER_VERSION)?;
        Ok((text, redriven))
    };
    let (mut text, mut redriven) = send(true)?;
    let found = counted(redriven.matched, "delivery", "deliveries");
    if !selection.dry_run && redriven.matched > 0 {
        arguments.confirmation.require("redrive", &format!("this sends {found} again"))?;
        (text, redriven) = send(false)?;
    }
    match (arguments.output.json, selection.dry_run) {
        (true, _) => print_json(&text),
        (false, true) => print(&format!("{found} would be sent again")),
        (false, false) => print(&format!("{} of {found} sent again", redriven.redriven)),
    }
}
