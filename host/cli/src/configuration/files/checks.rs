//! The checks of settings and mappings that need no server: those of the core, each at its place in the file.

use std::collections::HashMap;

use inlet_core::{
    actions,
    configuration::mapping_label,
    json,
    mapping::{self, BadMapping, Condition, condition},
    settings::{ChangeContext, Settings},
};
use serde_json::Map;

use super::{checked_object::Checks, source_file::MAPPING_MEMBERS};
use crate::configuration::{
    problem::Places,
    yaml::{Member, Node, Position, Value},
};

/// Settings that are secrets, which stand elsewhere.
const SECRETS: [&str; 4] =
    ["signing_secret", "write_key", "signing_secret_overlap_seconds", "write_key_overlap_seconds"];

/// Checks each setting by itself. What depends on the plugin, or on others, is the server's to check.
pub fn check_settings(members: &[Member], checks: &mut Checks<'_>) {
    let defaults = Settings::default();
    let context = ChangeContext {
        has_public_url: true,
        defaults: &defaults,
        // Whether there is a secret is not known here.
        has_secret: false,
        has_write_key: true,
        scheme: None,
        kept_headers: &[],
        max_items_limit: u64::MAX,
    };
    for Member { name, position, node } in members {
        if SECRETS.contains(&name.as_str()) {
            checks.fault(
                *position,
                format!("{name} is no setting of a file; put it under secrets: {{{name}: {{from_env: NAME}}}}"),
            );
            continue;
        }
        let Ok(value) = serde_json::from_str(&node.to_json()) else {
            checks.fault(node.position, format!("{name}: it holds a number that is too large"));
            continue;
        };
        let patch = Map::from_iter([(name.clone(), value)]);
        let Err(error) = defaults.change(&patch, context) else { continue };
        // These two depend on the plugin's scheme and on the headers that it keeps.
        let depends = name == "verification_headers" && error.message.starts_with("it chooses between")
            || name.ends_with("_path") && error.message.contains("is not kept");
        if !depends {
            let place = if error.field == *name { node.position } else { *position };
            checks.fault(place, format!("{}: {}", error.field, error.message));
        }
    }
}

/// Checks mappings as the server does, but for what they refer to.
pub fn check_mappings(items: &[Node], checks: &mut Checks<'_>) {
    let mut known: HashMap<String, Position> = HashMap::new();
    for item in items {
        if checks.object(item, "a mapping", &MAPPING_MEMBERS).is_none() {
            continue;
        }
        let before = checks.problems.len();
        check_mapping(item, checks);
        if checks.problems.len() > before {
            continue;
        }
        let text = item.to_json();
        let content = ["event_type", "action_type", "when", "action_parameters"]
            .map(|name| json::canonical(json::member(&text, name).unwrap_or("null")));
        if let Some(twin) = known.insert(json::array(content), item.position) {
            let message =
                format!("it is the same mapping as in line {}: {}; keep one", twin.line, mapping_label(&text));
            checks.fault(item.position, message);
        }
    }
}

fn check_mapping(item: &Node, checks: &mut Checks<'_>) {
    let mut required = |name: &str| match item.member(name) {
        Some(node) => checks.text(node, name),
        None => {
            checks.fault(item.position, format!("{name} is missing"));
            None
        }
    };
    let (event_type, action_type) = (required("event_type"), required("action_type"));
    if let Some(active) = item.member("active") {
        checks.boolean(active, "active");
    }
    let (Some(event_type), Some(action_type)) = (event_type, action_type) else { return };
    let parameters = item.member("action_parameters");
    let text = parameters.map_or_else(|| "{}".to_owned(), Node::to_json);
    let when = item.member("when").filter(|when| !matches!(when.value, Value::Null)).map(Node::to_json);
    let mut faults = vec![mapping::check_event_type(&event_type)];
    faults.push(actions::parse_action(&action_type, &text).map(drop));
    if faults.last().is_some_and(Result::is_ok) {
        faults.push(actions::check_workable(&action_type, &text));
    }
    if let Some(when) = &when {
        faults.push(Condition::parse(when).map(drop).and_then(|()| condition::check_constants(when)));
    }
    let mut places = Places::default();
    places.add_tree("m", checks.file, item);
    for BadMapping { field, message } in faults.into_iter().filter_map(Result::err) {
        let place = places.find(&format!("m.{field}")).map_or(item.position, |place| place.position);
        checks.fault(place, format!("{field}: {message}"));
    }
}
