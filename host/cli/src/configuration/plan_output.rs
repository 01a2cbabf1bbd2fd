//! Plans for people: one line for each resource and each field that differs.

use inlet_api_types::{
    RawJson,
    configuration::{ConfigurationPlan, PlannedAction, PlannedChange, PlannedField, PlannedSecret, SecretState},
};

use super::{files::Files, folder_arguments::secret_of_process};
use crate::{
    output::{
        print,
        text::{clean, counted, shorten},
    },
    route_commands::with_commands,
};

/// The most characters of a value that are shown.
const MAX_VALUE: usize = 200;

/// Prints the changes, and what else the operator should know.
pub fn show(plan: &ConfigurationPlan, files: Option<&Files>) -> anyhow::Result<()> {
    for change in &plan.changes {
        print(&heading(change))?;
        for field in &change.fields {
            print(&format!("    {}", line(field)))?;
        }
    }
    for secret in &plan.secrets {
        if let Some(sentence) = secret_sentence(secret, files) {
            print(&sentence)?;
        }
    }
    for warning in &plan.warnings {
        print(&format!("warning: {}", clean(&with_commands(&placed(warning, files)))))?;
    }
    if files.is_some() {
        for kept in &plan.kept {
            let resource = of_environment(&kept.resource, kept.environment.as_deref());
            print(&format!("{resource} has no file and stays; --delete would delete it"))?;
        }
    }
    print(&summary(plan))
}

fn of_environment(resource: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => format!("{} in {}", clean(resource), clean(environment)),
        None => clean(resource),
    }
}

fn heading(change: &PlannedChange) -> String {
    let resource = of_environment(&change.resource, change.environment.as_deref());
    let lost = match change.resource.split('/').next() {
        Some("sources") => "its endpoints, mappings and logs in every environment are lost",
        Some("targets") => "its secrets are lost, and its open deliveries are canceled",
        _ => "its value is lost",
    };
    match (change.action, change.destroys) {
        (PlannedAction::Create, _) => format!("+ {resource}: new"),
        (PlannedAction::Update, false) => format!("~ {resource}"),
        (PlannedAction::Update, true) => format!("~ {resource}: DELETES a mapping"),
        (PlannedAction::Delete, _) => format!("- {resource}: DELETED; {lost}"),
    }
}

fn line(field: &PlannedField) -> String {
    let PlannedField { field, mapping, before, after } = field;
    let shown = |value: &RawJson| shorten(&clean(value.as_text()), MAX_VALUE);
    let whole = mapping.as_ref().filter(|_| field.ends_with(']'));
    match (whole, before, after) {
        (Some(mapping), Some(_), None) => format!("- mapping DELETED: {}", clean(mapping)),
        (Some(mapping), _, Some(after)) => format!("+ mapping {}: {}", clean(mapping), shown(after)),
        _ => {
            // A setting that is not named has its default.
            let none = if mapping.is_none() && field.starts_with("settings.") { "(default)" } else { "(none)" };
            let value = |value: &Option<RawJson>| value.as_ref().map_or_else(|| none.to_owned(), shown);
            let change = match before {
                None => value(after),
                Some(_) => format!("{} → {}", value(before), value(after)),
            };
            let within = field.split_once("].").filter(|_| mapping.is_some()).map_or(field.as_str(), |(_, rest)| rest);
            let mapping = mapping.as_ref().map(|mapping| format!("mapping {}, ", clean(mapping))).unwrap_or_default();
            format!("{mapping}{}: {change}", clean(within))
        }
    }
}

/// Returns what becomes of a secret; none if there is nothing to say.
fn secret_sentence(secret: &PlannedSecret, files: Option<&Files>) -> Option<String> {
    let PlannedSecret { resource, environment, name, state } = secret;
    let reference = files?.reference(secret)?;
    let variables = reference.variables.join(", ");
    let is_given = reference.value(&secret_of_process).is_some();
    let sentence = match state {
        SecretState::Kept if is_given => return None,
        SecretState::Kept => format!("stays as it is on the server ({variables} is not set here)"),
        SecretState::Set => format!("will be set, from {variables}"),
        SecretState::Changed => format!("will be REPLACED, from {variables}"),
        SecretState::Missing => format!("is MISSING: the server has none, and {variables} is not set here"),
    };
    let resource = of_environment(resource, Some(environment));
    Some(format!("secret {} of {resource} {sentence}", clean(name)))
}

/// Puts the place in a file in place of the path in the document, with which a warning begins.
fn placed(warning: &str, files: Option<&Files>) -> String {
    let place = warning.split_once(": ").and_then(|(path, rest)| Some((files?.places.find(path)?, rest)));
    place.map_or_else(|| warning.to_owned(), |(place, rest)| format!("{place}: {rest}"))
}

/// Returns the numbers of changes.
pub fn summary(plan: &ConfigurationPlan) -> String {
    let count = |action| plan.changes.iter().filter(|change| change.action == action).count() as u64;
    let (created, changed, deleted) =
        (count(PlannedAction::Create), count(PlannedAction::Update), count(PlannedAction::Delete));
    if plan.changes.is_empty() {
        return "no changes: the server is as it should be".to_owned();
    }
    let mappings = plan.changes.iter().filter(|change| change.action == PlannedAction::Update && change.destroys);
    let mappings = match mappings.count() as u64 {
        0 => String::new(),
        count => format!(", {} with mappings to DELETE", counted(count, "source", "sources")),
    };
    let deleted = if deleted == 0 { "none to delete".to_owned() } else { format!("{deleted} to DELETE") };
    format!("{created} to create, {changed} to change, {deleted}{mappings}")
}

/// Returns the environments that a plan changes, for a person to type.
pub fn changed_environments(plan: &ConfigurationPlan) -> String {
    let mut slugs: Vec<&str> = plan.changes.iter().filter_map(|change| change.environment.as_deref()).collect();
    slugs.sort_unstable();
    slugs.dedup();
    if slugs.is_empty() { "all".to_owned() } else { slugs.join(",") }
}
