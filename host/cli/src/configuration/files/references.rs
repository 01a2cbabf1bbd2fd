//! The references of mappings within the files of one folder.

use std::collections::BTreeSet;

use inlet_core::{
    actions::{ActionType, variable_references},
    json,
    nearest::nearest,
    variables::Variables,
};

use super::{Files, environment_file::VariableValue};
use crate::configuration::problem::Problem;

/// Returns the mappings that name a target or read a variable that the files of their environment do not have. An environment
/// without files of its own is left to the server.
pub fn check(files: &Files) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, source) in &files.sources {
        for (slug, environment) in &source.environments {
            let path = format!("sources.{key}.environments.{slug}.mappings");
            let targets = files.target_keys(slug);
            let variables = files.environments.get(slug).and_then(|environment| environment.variables.as_ref());
            let variables = variables.map(|all| {
                Variables::new(all.iter().map(|(key, variable)| match &variable.value {
                    VariableValue::Public(text) => (key.as_str(), Some(text.as_str())),
                    VariableValue::Secret(_) => (key.as_str(), None),
                }))
            });
            for (index, mapping) in environment.mappings.iter().flatten().enumerate() {
                let mut fault = |field: &str, message: String| {
                    let place = files.places.find(&format!("{path}[{index}].{field}"));
                    problems.extend(place.map(|place| Problem { place: place.clone(), message }));
                };
                if let Some(targets) = &targets {
                    check_targets(mapping, slug, targets, &mut fault);
                }
                if let Some(variables) = &variables {
                    let parameters = json::member(mapping, "action_parameters").unwrap_or("{}");
                    for name in variable_references(parameters, json::member(mapping, "when")) {
                        if let Err(message) = variables.check_reference(&name) {
                            fault("action_parameters", format!("{slug}: {message}"));
                        }
                    }
                }
            }
        }
    }
    problems
}

fn check_targets(mapping: &str, slug: &str, targets: &BTreeSet<&str>, fault: &mut impl FnMut(&str, String)) {
    let is_trigger = json::member(mapping, "action_type").and_then(json::string).as_deref()
        == Some(ActionType::WorkflowsTrigger.as_str());
    let parameters = json::member(mapping, "action_parameters").filter(|_| is_trigger).unwrap_or("{}");
    let named = json::member(parameters, "targets").and_then(json::items).unwrap_or_default();
    for (position, named) in named.into_iter().filter_map(json::string).enumerate() {
        if targets.contains(named.as_str()) {
            continue;
        }
        let hint = match nearest(&named, targets.iter().copied()) {
            Some(near) => format!("the nearest is {near:?}"),
            None => format!("there is no file targets/{slug}/{named}.yaml"),
        };
        fault(&format!("action_parameters.targets[{position}]"), format!("{slug} has no target {named:?}; {hint}"));
    }
}
