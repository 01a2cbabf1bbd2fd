//! `on_overflow` and §8: a trigger with more recipients than one run takes.

use std::collections::HashSet;

use inlet_core::{
    actions::{self, workflows_trigger::MAX_SPLIT_RECIPIENTS},
    json,
    plan::MAX_LISTED_RECIPIENTS,
    run::{RunPart, run_key},
};
use proptest::prelude::*;

use crate::world::*;

fn split() -> Inlet {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.to","data":{"value":{}},"on_overflow":"split"}"#);
    inlet
}

fn to(recipients: impl IntoIterator<Item = String>) -> String {
    track(&format!(r#"{{"to":{}}}"#, json::array(recipients)))
}

fn crowd(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!(r#"{{"id":"x{n}"}}"#))
}

/// The number of recipients of every run.
fn sizes(entry: &Entry) -> Vec<usize> {
    entry.done.runs().map(|run| run.recipients.len()).collect()
}

#[test]
fn more_than_a_thousand_recipients_become_several_runs_of_at_most_a_thousand() {
    assert_eq!(sizes(&split().one(&to(crowd(1000)))), [1000]);
    assert_eq!(sizes(&split().one(&to(crowd(1001)))), [1000, 1]);
    let entry = split().one(&to(crowd(2500)));
    assert_eq!(sizes(&entry), [1000, 1000, 500]);
    let named: Vec<String> = entry.done.runs().flat_map(|run| &run.recipients).map(|to| to.id.clone()).collect();
    assert_eq!(named, (0..2500).map(|n| format!("x{n}")).collect::<Vec<_>>());
}

#[test]
fn the_result_names_all_runs() {
    let entry = split().one(&to(crowd(1001)));
    let ids: Vec<String> = entry.done.runs().map(|run| json::quote(&run.id.to_string())).collect();
    assert_eq!((entry.result("workflow_run_id"), entry.result("workflow_run_ids")), (&*ids[0], &*json::array(&ids)));
    assert_eq!(json::array_len(entry.result("recipients")), Some(1001));
    let single = split().one(&to(crowd(1)));
    assert_eq!(single.result("workflow_run_ids"), "(none)");
}

#[test]
fn the_keys_are_derived_from_event_mapping_and_chunk_number() {
    let entry = split().one(&to(crowd(2001)));
    let keys: Vec<_> = entry.done.runs().map(|run| run.key).collect();
    let derived = |chunk| run_key(entry.log.id, entry.action().mapping, RunPart::Chunk(chunk));
    assert_eq!(keys, [derived(0), derived(1), derived(2)]);
}

#[test]
fn twenty_thousand_recipients_are_allowed_and_no_more() {
    assert_eq!(sizes(&split().one(&to(crowd(MAX_SPLIT_RECIPIENTS)))), [1000; 20]);
    let mut inlet = split();
    let entry = inlet.one(&to(crowd(MAX_SPLIT_RECIPIENTS + 1)));
    assert_eq!((entry.outcome(), inlet.known(), entry.done.runs().count()), ("failed", 0, 0));
    let reason =
        "20001 recipients; at most 20000 are allowed in one trigger; none of this event's mappings was processed";
    assert_eq!(entry.reason(), reason);
}

#[test]
fn a_mapping_without_the_option_still_fails() {
    for parameters in [
        r#"{"key":"k","recipients":"data.to"}"#,
        r#"{"key":"k","recipients":"data.to","on_overflow":null}"#,
        r#"{"key":"k","recipients":"data.to","on_overflow":"error"}"#,
    ] {
        let mut inlet = Inlet::new();
        inlet.trigger(parameters);
        assert_eq!((inlet.one(&to(crowd(1001))).outcome(), inlet.known()), ("failed", 0));
    }
}

#[test]
fn a_resend_replays_all_runs_and_the_option_is_checked_when_it_is_saved() {
    let mut inlet = split();
    inlet.settings.enforce_idempotency = true;
    let body = keyed("m1", &to(crowd(1001)));
    assert_eq!((inlet.one(&body).done.runs().count(), inlet.one(&body).outcome()), (2, "replayed"));
    let refused = |value: &str| {
        let parameters = format!(r#"{{"key":"k","on_overflow":{value}}}"#);
        actions::parse_action("workflows_trigger", &parameters).unwrap_err().to_string()
    };
    let expected = r#"expected "error" or "split""#;
    assert_eq!(refused(r#""chunks""#), format!(r#"action_parameters.on_overflow: it is "chunks"; {expected}"#));
    assert_eq!(refused("true"), format!("action_parameters.on_overflow: it is a boolean; {expected}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_recipient_runs_once(ids in prop::collection::vec(0..3000_usize, 0..4000)) {
        let entry = split().one(&to(ids.iter().map(|id| format!(r#"{{"id":"x{id}"}}"#))));
        let named: Vec<&str> = entry.done.runs().flat_map(|run| &run.recipients).map(|to| to.id.as_str()).collect();
        let distinct: HashSet<String> = ids.iter().map(|id| format!("x{id}")).collect();
        prop_assert_eq!(named.len(), distinct.len());
        prop_assert!(named.iter().all(|id| distinct.contains(*id)));
        prop_assert!(entry.done.runs().all(|run| run.recipients.len() <= 1000));
    }
}

/// One request is one transaction.
#[test]
fn the_recipients_that_all_events_of_a_request_may_name_are_bounded() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.to","data":{"value":{}}}"#);
    inlet.knows("u1");
    let thousand = to(vec![r#""u1""#.to_owned(); 1000]);
    let (few, one) = (to([r#""u1""#.to_owned(), r#""u1""#.to_owned()]), to([r#""u1""#.to_owned()]));
    let mut events = vec![thousand.as_str(); MAX_LISTED_RECIPIENTS / 1000 - 1];
    events.extend([few.as_str(), &thousand, &few, &one]);
    let entries = inlet.send(&batch(&events));
    let failed: Vec<usize> = (0..entries.len()).filter(|at| entries[*at].outcome() == "failed").collect();
    assert_eq!(failed, [events.len() - 3], "later events that name fewer are carried out");
    insta::assert_snapshot!(entries[failed[0]].action().reason.clone().unwrap(), @"the actions of one request may name 50000 recipients in all, of which 998 are left, and this one names 1000; replay the event, or send fewer events in one request");
}
