//! `when`: a mapping applies to an event if its condition holds.

use inlet_core::mapping::Condition;

use crate::world::*;

fn order(total: &str) -> String {
    track(&format!(r#"{{"total":{total}}}"#))
}

/// A trigger on `Order Completed` with a condition; u1 is identified.
fn inlet(when: &str) -> Inlet {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"k"}"#);
    inlet.when(when);
    inlet
}

#[test]
fn a_mapping_whose_condition_does_not_hold_is_no_action_of_the_event() {
    let mut inlet = inlet(r#"{"data.total":{"$gte":100}}"#);
    inlet.trigger(r#"{"key":"always"}"#);
    let entry = inlet.one(&order("99.999999999999999999"));
    assert_eq!((entry.outcome(), entry.run().workflow.as_str()), ("executed", "always"));
    assert_eq!(inlet.one(&order("1e2")).done.runs().count(), 2);
}

#[test]
fn an_event_of_which_no_condition_holds_is_logged_with_the_reason() {
    let mut inlet = inlet(r#"{"data.total":{"$gte":100}}"#);
    let entry = inlet.one(&order("5"));
    assert_eq!((entry.outcome(), entry.done.actions.len()), ("logged", 0));
    insta::assert_snapshot!(entry.reason(), @"one mapping matches this event type, and its condition does not hold: `data.total` $gte 100 does not hold: the path finds a number (mapping 00000000-0000-0000-0000-0000aaaa0000)");
    // The nearest is the one with the fewest clauses left.
    inlet.trigger(r#"{"key":"k2"}"#);
    inlet.when(r#"{"data.total":{"$lt":10},"user_id":{"$startsWith":"u"},"data.plan":{"$in":["pro","team"]}}"#);
    inlet.trigger(r#"{"key":"k3"}"#);
    inlet.when(r#"{"data.none":1,"data.nothing":1,"data.nowhere":1}"#);
    insta::assert_snapshot!(inlet.one(&order("5")).reason(), @"3 mappings match this event type, and the condition of none holds; of the nearest, 00000000-0000-0000-0000-0000aaaa0000: `data.total` $gte 100 does not hold: the path finds a number");
    insta::assert_snapshot!(inlet.one(&order("\"5\"")).reason(), @"3 mappings match this event type, and the condition of none holds; of the nearest, 00000000-0000-0000-0000-0000aaaa0000: `data.total` $gte 100 does not hold: the path finds a string");
}

#[test]
fn it_is_evaluated_before_parameters_are_resolved() {
    // A trigger of too many recipients stops the event, if it applies.
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.ids"}"#);
    inlet.when(r#"{"data.total":1}"#);
    let ids = format!("[{}]", vec!["\"u1\""; 1001].join(","));
    assert_eq!(inlet.one(&track(&format!(r#"{{"total":2,"ids":{ids}}}"#))).outcome(), "logged");
    assert_eq!(inlet.one(&track(&format!(r#"{{"total":1,"ids":{ids}}}"#))).outcome(), "failed");
}

#[test]
fn the_built_in_identify_has_no_condition() {
    let mut inlet = Inlet::identifying();
    inlet.map("identify", "workflows_trigger", r#"{"key":"k"}"#);
    inlet.when(r#"{"data.plan":"pro"}"#);
    let entry = inlet.one(&identify(r#"{"plan":"free"}"#));
    assert_eq!(entry.statuses(), [("users_identify", "success")]);
    assert_eq!(inlet.one(&identify(r#"{"plan":"pro"}"#)).done.actions.len(), 2);
    inlet.settings.handle_identifies = false;
    let entry = inlet.one(&identify(r#"{"plan":"free"}"#));
    assert!(
        entry.outcome() == "logged" && entry.reason().contains("its condition does not hold"),
        "{}",
        entry.reason()
    );
}

#[test]
fn what_an_earlier_execution_did_counts_whatever_the_condition_says_now() {
    let mut inlet = inlet(r#"{"data.total":{"$gte":100}}"#);
    inlet.settings.enforce_idempotency = true;
    assert_eq!(inlet.one(&keyed("m1", &order("5"))).outcome(), "logged");
    assert_eq!(inlet.records(), 0, "nothing was performed, so nothing can be doubled");
    assert_eq!(inlet.one(&keyed("m1", &order("500"))).outcome(), "executed");
    assert_eq!(inlet.one(&keyed("m1", &order("500"))).outcome(), "replayed");
}

#[test]
fn a_thousand_mappings_of_one_type_apply_by_their_conditions() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    for number in 0..1000 {
        inlet.trigger(&format!(r#"{{"key":"w{number}"}}"#));
        inlet.when(&format!(r#"{{"data.plan":"p{number}"}}"#));
    }
    let entry = inlet.one(&track(r#"{"plan":"p617"}"#));
    assert_eq!((entry.outcome(), entry.run().workflow.as_str()), ("executed", "w617"));
    let entry = inlet.one(&track(r#"{"plan":"p1000"}"#));
    assert!(entry.reason().starts_with("1000 mappings match this event type"), "{}", entry.reason());
}

#[test]
fn paths_see_what_redact_paths_left() {
    let mut inlet = inlet(r#"{"data.email":"a@example.com"}"#);
    let item = track(r#"{"email":"a@example.com"}"#);
    assert_eq!(inlet.one(&item).outcome(), "executed");
    inlet.settings.redact_paths = path("data.email").into_iter().collect();
    assert_eq!(inlet.one(&item).outcome(), "logged");
}

#[test]
fn a_replay_is_judged_by_the_condition_of_now() {
    let mut inlet = inlet(r#"{"data.total":{"$gte":100}}"#);
    let entry = inlet.one(&order("50"));
    assert_eq!(entry.outcome(), "logged");
    inlet.when(r#"{"data.total":{"$gte":50}}"#);
    assert_eq!(inlet.replay(entry.logged()).outcome(), "executed");
}

#[test]
fn a_condition_keeps_its_text() {
    let text = r#" {"data.n":{"$eq":1.10}} "#;
    assert_eq!(Condition::parse(text).unwrap().as_str(), text.trim());
}
