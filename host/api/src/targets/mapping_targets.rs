//! The targets that mappings name (`targets` of `workflows_trigger`).

use inlet_api_types::{RawJson, sources::MappingRequest};
use inlet_core::{actions::ActionType, json, nearest::nearest};

use crate::error::ApiError;

/// Returns the keys of the targets that a mapping names.
pub fn named_targets(action_type: &str, parameters: &str) -> Vec<String> {
    let is_trigger = action_type == ActionType::WorkflowsTrigger.as_str();
    let named = json::member(parameters, "targets").filter(|_| is_trigger).and_then(json::items);
    named.unwrap_or_default().into_iter().filter_map(json::string).collect()
}

/// Refuses mappings that name a target that the environment does not have: their runs would reach nobody. `field` is the path
/// of the list.
pub fn check_named_targets(mappings: &[MappingRequest], field: &str, targets: &[&str]) -> Result<(), ApiError> {
    for (index, mapping) in mappings.iter().enumerate().filter(|(_, mapping)| mapping.is_deleted != Some(true)) {
        let action_type = mapping.action_type.as_deref().unwrap_or_default();
        let parameters = mapping.action_parameters.as_ref().map_or("{}", RawJson::as_text);
        for (position, named) in named_targets(action_type, parameters).iter().enumerate() {
            if targets.contains(&named.as_str()) {
                continue;
            }
            let keys = || targets.iter().copied();
            let hint = match (nearest(named, keys()), targets.is_empty()) {
                (_, true) => "the environment has none: create it first, with PUT /v1/targets/{key}".to_owned(),
                (Some(near), _) => format!("the nearest is {near:?}"),
                (None, _) => format!("expected {}", keys().collect::<Vec<_>>().join(", ")),
            };
            let field = format!("{field}[{index}].action_parameters.targets[{position}]");
            return Err(ApiError::invalid(field, format!("there is no target {named:?} here; {hint}")));
        }
    }
    Ok(())
}
