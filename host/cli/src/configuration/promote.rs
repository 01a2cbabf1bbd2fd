//! `inlet promote`: brings sources of one environment to another, on one server or between two.

use std::collections::BTreeSet;

use anyhow::bail;
use inlet_api_types::{RawJson, configuration::Configuration};
use inlet_core::{
    actions::{ActionType, variable_references},
    json,
};

use super::{
    plan_output,
    send::{self, Sending},
};
use crate::{
    client::ServerArguments,
    exit_code::{NotFound, Usage},
    output::{Confirmation, OutputArguments, note, print_json},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The sources; all if none is named
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// The environment whose settings, mappings and plugin versions are taken
    #[arg(long, value_name = "SLUG")]
    from: String,
    /// The environment that gets them
    #[arg(long, value_name = "SLUG")]
    to: String,
    /// The server that they are taken from, by a name of `inlet profile` [default: the server of the command]
    #[arg(long, value_name = "NAME")]
    from_profile: Option<String>,
    /// The server that gets them, by a name of `inlet profile` [default: the server of the command]
    #[arg(long, value_name = "NAME")]
    to_profile: Option<String>,
    /// Leave the plugin versions of the other environment as they are
    #[arg(long)]
    keep_plugins: bool,
    /// Show the plan, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { from, to, sources, .. } = arguments;
    if from == to && arguments.from_profile == arguments.to_profile {
        bail!(Usage("--from and --to are the same environment of one server; name two".to_owned()));
    }
    let origin = arguments.server.client_of(arguments.from_profile.as_deref())?;
    let client = arguments.server.client_of(arguments.to_profile.as_deref())?;
    let found = send::get(&origin, Some(from))?;
    let present = send::get(&client, Some(to))?;
    check_sources(&found, &present, arguments, (origin.base(), client.base()))?;
    let mut document = found.promoted(from, &present, to, sources);
    if arguments.keep_plugins {
        let environments =
            document.sources.iter_mut().flatten().flat_map(|(_, source)| source.environments.values_mut());
        environments.for_each(|environment| environment.plugin = None);
    }
    let missing = missing_references(&document, &present, to);
    if !missing.is_empty() {
        bail!("{}\ncreate them in {to:?} first; nothing was changed", missing.join("\n"));
    }
    let planned = send::put(&client, &document, Sending { dry_run: true, ..Sending::default() })?;
    if !arguments.output.json {
        plan_output::show(&planned.plan, None)?;
    }
    if planned.plan.changes.is_empty() || arguments.dry_run {
        return if arguments.output.json { print_json(&planned.text) } else { Ok(()) };
    }
    let consequence = format!("this changes {to:?} on {}: {}", client.base(), plan_output::summary(&planned.plan));
    arguments.confirmation.require(to, &consequence)?;
    let applied =
        send::put(&client, &document, Sending { version: Some(&planned.plan.version), ..Sending::default() })?;
    if arguments.output.json {
        return print_json(&applied.text);
    }
    note(&format!("promoted to {to:?}"));
    Ok(())
}

/// Refuses sources that one of the two sides does not have. Without names, a source that is on one side only is left out of
/// nothing silently: it must exist on the other side.
fn check_sources(
    found: &Configuration,
    present: &Configuration,
    arguments: &Arguments,
    (origin, goal): (&str, &str),
) -> anyhow::Result<()> {
    let keys = |side: &Configuration| -> BTreeSet<String> {
        side.sources.iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    let (from, to) = (keys(found), keys(present));
    let wanted: Vec<&String> =
        if arguments.sources.is_empty() { from.iter().collect() } else { arguments.sources.iter().collect() };
    if let Some(unknown) = wanted.iter().find(|key| !from.contains(**key)) {
        bail!(NotFound(format!(
            "there is no source {unknown:?} on {origin}; `inlet source list` lists those there are"
        )));
    }
    if let Some(unknown) = wanted.iter().find(|key| !to.contains(**key)) {
        bail!(NotFound(format!(
            "there is no source {unknown:?} on {goal}; create it first (inlet source create, or inlet apply), or name the \
             sources to promote"
        )));
    }
    let provider = |side: &Configuration, key: &str| side.sources.as_ref()?.get(key)?.provider.clone();
    if let Some(other) = wanted.iter().find(|key| provider(found, key) != provider(present, key)) {
        bail!("the source {other:?} has another plugin on {goal}; it cannot take settings and mappings of {origin}");
    }
    Ok(())
}

/// Returns a sentence for each target and variable that mappings need and the other environment does not have.
fn missing_references(document: &Configuration, present: &Configuration, to: &str) -> Vec<String> {
    let environment = present.environments.as_ref().and_then(|all| all.get(to));
    let has_target =
        |key: &str| environment.and_then(|found| found.targets.as_ref()).is_some_and(|all| all.contains_key(key));
    let has_variable =
        |key: &str| environment.and_then(|found| found.variables.as_ref()).is_some_and(|all| all.contains_key(key));
    let mut missing = BTreeSet::new();
    for (source, configuration) in document.sources.iter().flatten() {
        for mapping in configuration.environments.values().flat_map(|found| found.mappings.iter().flatten()) {
            let parameters = mapping.action_parameters.as_ref().map_or("{}", RawJson::as_text);
            let when = mapping.when.as_ref().map(RawJson::as_text);
            let of = format!("{source}: {}", mapping.event_type.as_deref().unwrap_or_default());
            let is_trigger = mapping.action_type.as_deref() == Some(ActionType::WorkflowsTrigger.as_str());
            let targets = json::member(parameters, "targets").filter(|_| is_trigger).and_then(json::items);
            for target in
                targets.unwrap_or_default().into_iter().filter_map(json::string).filter(|key| !has_target(key))
            {
                missing.insert(format!("{of} names the target {target:?}, which {to:?} does not have"));
            }
            for variable in variable_references(parameters, when).into_iter().filter(|key| !has_variable(key)) {
                missing.insert(format!("{of} reads vars.{variable}, which {to:?} does not have"));
            }
        }
    }
    missing.into_iter().collect()
}
