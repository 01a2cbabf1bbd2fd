//! The words of an issue.

use inlet_api_types::issues::Issue;

use crate::components::outcome::{self, Badge};

/// The kind of the failures, as lists of events and deliveries name it.
pub fn badge(issue: &Issue) -> Badge {
    match (issue.stage.as_str(), issue.code.as_str()) {
        ("deliver", "delivery_failing") => outcome::delivery("retrying"),
        ("deliver", _) => outcome::delivery("dead"),
        _ => outcome::event(&issue.kind),
    }
}

/// Returns what fails, in a few words: the source or the target, and what is to blame.
pub fn blamed(issue: &Issue) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(issue.source.clone());
    words.extend(issue.target.as_ref().map(|target| format!("target {target}")));
    if let Some(mapping) = &issue.mapping {
        words.push(match &mapping.event_type {
            Some(event_type) => format!("mapping of {event_type}"),
            None => "a mapping that was deleted".to_owned(),
        });
    }
    words.extend(issue.action_type.clone());
    if issue.stage == "translate" {
        words.extend(issue.plugin.as_ref().map(|plugin| format!("{} {}", plugin.key, plugin.version)));
    }
    words
}

/// The stage, as a part of a sentence.
pub fn stage(issue: &Issue) -> &'static str {
    match issue.stage.as_str() {
        "verify" => "The request is verified",
        "translate" => "The plugin translates the request",
        "read" => "The item is read as an event",
        "act" => "An action is carried out",
        "deliver" => "A run is delivered",
        _ => "A later stage",
    }
}
