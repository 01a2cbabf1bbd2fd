//! Warnings of mappings whose workflow no target knows.

use std::sync::Arc;

use inlet_core::{actions::ActionType, json, nearest::nearest};
use inlet_delivery::workflows::ListedWorkflows;
use inlet_store::MappingRecord;

use super::mapping_targets::named_targets;

/// The most characters of a key that a warning shows.
const MAX_SHOWN: usize = 100;

/// A target, and what is known of the workflows that reach it.
pub struct Candidate<'a> {
    /// The key.
    pub key: &'a str,
    /// The workflows whose runs it gets; none for all.
    pub workflows: Option<&'a [Box<str>]>,
    /// The workflows that its engine has, as far as that is known.
    pub listed: Option<Arc<ListedWorkflows>>,
}

impl Candidate<'_> {
    /// Returns the workflows beside which the target knows no others; none if it may know any. A mapping that names the
    /// target goes past the target's own choice.
    fn known(&self, is_named: bool) -> Option<Vec<&str>> {
        let chosen = self.workflows.filter(|_| !is_named);
        let listed = self.listed.as_ref().filter(|listed| listed.is_complete).map(|listed| listed.keys.as_slice());
        match (chosen, listed) {
            (None, None) => None,
            (Some(keys), None) | (None, Some(keys)) => Some(keys.iter().map(AsRef::as_ref).collect()),
            (Some(chosen), Some(listed)) => {
                Some(chosen.iter().filter(|key| listed.contains(key)).map(AsRef::as_ref).collect())
            }
        }
    }
}

/// Returns a warning for a mapping whose workflow is a constant that every target that could get it does not know.
pub fn warning(mapping: &MappingRecord, targets: &[Candidate<'_>]) -> Option<String> {
    if !mapping.active || mapping.action_type != ActionType::WorkflowsTrigger.as_str() {
        return None;
    }
    let workflow = json::member(&mapping.parameters, "key").and_then(json::string)?;
    let named = json::member(&mapping.parameters, "targets")
        .filter(|named| json::items(named).is_some())
        .map(|_| named_targets(&mapping.action_type, &mapping.parameters));
    let mut known: Vec<(&str, &str)> = Vec::new();
    let mut has_candidate = false;
    for target in targets {
        let is_named = named.as_ref().map(|named| named.iter().any(|key| key == target.key));
        if is_named == Some(false) {
            continue;
        }
        has_candidate = true;
        let keys = target.known(is_named == Some(true))?;
        if keys.contains(&workflow.as_str()) {
            return None;
        }
        known.extend(keys.into_iter().map(|key| (key, target.key)));
    }
    if !has_candidate {
        return None;
    }
    let near = nearest(&workflow, known.iter().map(|(key, _)| *key));
    let hint = match near.and_then(|near| known.iter().find(|(key, _)| *key == near)) {
        Some((near, target)) => format!("the nearest is {near:?} of {target:?}"),
        None => "GET /v1/targets/{key}/workflows lists those that an engine has".to_owned(),
    };
    let shown: String = workflow.chars().take(MAX_SHOWN).collect();
    Some(format!("action_parameters.key: no target that gets its runs knows the workflow {shown:?}; {hint}"))
}

#[cfg(test)]
mod tests {
    use inlet_core::Uuid;

    use super::*;

    fn mapping(parameters: &str) -> MappingRecord {
        MappingRecord {
            id: Uuid::nil(),
            event_type: "track/Paid".to_owned(),
            action_type: "workflows_trigger".to_owned(),
            when: None,
            parameters: parameters.to_owned(),
            forms: true,
            active: true,
            created_at_ms: 0,
            updated_at_ms: 0,
        }
    }

    fn keys(keys: &[&str]) -> Vec<Box<str>> {
        keys.iter().map(|key| Box::from(*key)).collect()
    }

    fn listed(found: &[&str], is_complete: bool) -> Option<Arc<ListedWorkflows>> {
        Some(Arc::new(ListedWorkflows { keys: keys(found), is_complete, fetched_at_ms: 0 }))
    }

    #[test]
    fn a_workflow_that_no_target_knows_is_named_with_the_nearest() {
        let novu = || Candidate { key: "novu", workflows: None, listed: listed(&["order-paid", "welcome"], true) };
        let of = |parameters: &str, targets: &[Candidate<'_>]| warning(&mapping(parameters), targets);
        insta::assert_snapshot!(of(r#"{"key":"welcme"}"#, &[novu()]).unwrap(), @r#"action_parameters.key: no target that gets its runs knows the workflow "welcme"; the nearest is "welcome" of "novu""#);
        insta::assert_snapshot!(of(r#"{"key":"xyz"}"#, &[novu()]).unwrap(), @r#"action_parameters.key: no target that gets its runs knows the workflow "xyz"; GET /v1/targets/{key}/workflows lists those that an engine has"#);
        assert_eq!(of(r#"{"key":"welcome"}"#, &[novu()]), None);
    }

    #[test]
    fn a_target_that_may_know_it_is_enough() {
        let targets = |workflows, of_crm| {
            let other = Candidate { key: "crm", workflows, listed: of_crm };
            vec![Candidate { key: "novu", workflows: None, listed: listed(&["welcome"], true) }, other]
        };
        let of = |parameters: &str, targets: &[Candidate<'_>]| warning(&mapping(parameters), targets).is_some();
        let chosen = keys(&["paid"]);
        assert!(!of(r#"{"key":"x"}"#, &targets(None, None)));
        assert!(!of(r#"{"key":"x"}"#, &targets(None, listed(&["welcome"], false))));
        assert!(of(r#"{"key":"x"}"#, &targets(Some(&chosen), None)));
        assert!(!of(r#"{"key":"paid"}"#, &targets(Some(&chosen), None)));
        // The engine does not have what the target is chosen for.
        assert!(of(r#"{"key":"paid"}"#, &targets(Some(&chosen), listed(&["welcome"], true))));
    }

    #[test]
    fn only_the_targets_that_a_mapping_names_count_and_none_need_to_know_what_nobody_gets() {
        let chosen = keys(&["paid"]);
        let targets = [
            Candidate { key: "novu", workflows: None, listed: listed(&["welcome"], true) },
            Candidate { key: "crm", workflows: Some(&chosen), listed: None },
        ];
        let of = |parameters: &str| warning(&mapping(parameters), &targets).is_some();
        assert!(of(r#"{"key":"x","targets":["novu"]}"#));
        assert!(!of(r#"{"key":"x","targets":["crm"]}"#), "a mapping that names a target goes past its choice");
        assert!(!of(r#"{"key":"x","targets":[]}"#));
        assert!(warning(&mapping(r#"{"key":"x"}"#), &[]).is_none());
        let inactive = MappingRecord { active: false, ..mapping(r#"{"key":"x"}"#) };
        assert!(warning(&inactive, &targets).is_none());
        let other = MappingRecord { action_type: "users_identify".to_owned(), ..mapping(r#"{"key":"x"}"#) };
        assert!(warning(&other, &targets).is_none());
    }
}
