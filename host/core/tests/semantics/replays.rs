//! §4, last sentences: a replay runs as if the sender had sent the request again; `force`; an older identify.

use inlet_core::json::{fill_gaps, members, merge};
use proptest::prelude::*;

use crate::world::*;

#[test]
fn a_replay_from_the_log_runs_with_the_mappings_of_today() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    let mapping = inlet.trigger(r#"{"key":"w","recipients":"data.to"}"#);
    let first = inlet.one(&track(r#"{"who":"u1","n":9007199254740993,"m":1.10}"#));
    assert_eq!(first.outcome(), "failed");
    inlet.remap(mapping, r#"{"key":"w","recipients":"data.who","data":"data"}"#);
    let again = inlet.replay(first.logged());
    assert_eq!((again.outcome(), again.recipients()), ("executed", vec!["u1"]));
    assert_eq!(&*again.run().data, r#"{"who":"u1","n":9007199254740993,"m":1.10}"#, "digits included");
    assert_eq!(
        (&again.log.event_type, &again.log.user_id, again.log.occurred_at_us),
        (&first.log.event_type, &first.log.user_id, first.log.occurred_at_us)
    );
    assert_ne!(again.log.id, first.log.id);
}

#[test]
fn its_verification_result_is_kept() {
    let mut inlet = Inlet::new();
    let mut logged = inlet.one(&track("{}")).logged();
    logged.verification_status = "enforced:verified".to_owned();
    assert_eq!(inlet.replay(logged).log.verification_status, "enforced:verified");
}

#[test]
fn what_already_executed_is_answered_so() {
    let mut inlet = Inlet::idempotent();
    inlet.knows("u1");
    let good = inlet.trigger(r#"{"key":"good"}"#);
    let bad = inlet.trigger(r#"{"key":"bad","recipients":"data.to"}"#);
    let first = inlet.one(&keyed("k", &track(r#"{"who":"u1"}"#)));
    assert_eq!(first.statuses(), [("workflows_trigger", "success"), ("workflows_trigger", "error")]);
    inlet.remap(bad, r#"{"key":"bad","recipients":"data.who"}"#);
    let rest = inlet.replay(first.logged());
    assert_eq!((rest.outcome(), rest.done.resumes, rest.action().mapping), ("executed", Some(first.log.id), Some(bad)));
    let whole = inlet.replay(first.logged());
    assert_eq!((whole.outcome(), whole.done.actions.len()), ("replayed", 0));
    assert_ne!(good, bad);
}

#[test]
fn force_bypasses_idempotency_and_says_so_and_is_recorded_all_the_same() {
    let mut inlet = Inlet::idempotent();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"w"}"#);
    let body = keyed("k", &track("{}"));
    assert_eq!(inlet.one(&body).outcome(), "executed");
    inlet.pass(HOUR);
    let forced = inlet.again(&body, START, true);
    assert_eq!(forced.outcome(), "executed");
    insta::assert_snapshot!(forced.done.warnings.join("; "), @"idempotency was bypassed: executions with the same key did not count");
    inlet.pass(23 * HOUR + 1);
    let sent_again = inlet.one(&body);
    assert_eq!(
        (sent_again.outcome(), sent_again.done.replay_of),
        ("replayed", Some(forced.log.id)),
        "its own execution counts"
    );
}

#[test]
fn without_force_a_replay_is_subject_to_idempotency() {
    let mut inlet = Inlet::idempotent();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"w"}"#);
    let body = keyed("k", &track("{}"));
    inlet.one(&body);
    assert_eq!(inlet.again(&body, START, false).outcome(), "replayed");
}

#[test]
fn a_replayed_identify_older_than_the_users_last_one_only_fills_gaps() {
    let mut inlet = Inlet::identifying();
    inlet.pass(HOUR);
    inlet.one(&identify(r#"{"name":"New","address":{"city":"Porto"},"plan":null}"#));
    let old = identify(r#"{"name":"Old","address":{"city":"Lisbon","zip":"1"},"plan":"free","email":"a@b.c"}"#);
    let again = inlet.again(&old, START, false);
    assert_eq!(again.outcome(), "executed");
    assert_eq!(
        inlet.user("u1"),
        Some(r#"{"name":"New","address":{"city":"Porto","zip":"1"},"plan":null,"email":"a@b.c"}"#)
    );
    insta::assert_snapshot!(again.done.warnings.join("; "), @"it is older than what is known of a user: only gaps were filled");
}

#[test]
fn a_replayed_identify_that_is_the_users_newest_merges_as_ever() {
    let mut inlet = Inlet::identifying();
    inlet.one(&identify(r#"{"name":"Old"}"#));
    inlet.pass(HOUR);
    let again = inlet.again(&identify(r#"{"name":"New"}"#), START + 1, false);
    assert_eq!((inlet.user("u1"), again.done.warnings.len()), (Some(r#"{"name":"New"}"#), 0));
}

#[test]
fn identifies_replayed_one_after_the_other_end_at_the_newest() {
    let mut inlet = Inlet::identifying();
    inlet.pass(HOUR);
    inlet.again(&identify(r#"{"name":"A"}"#), START, false);
    inlet.again(&identify(r#"{"name":"B"}"#), START + 1, false);
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"B"}"#), "a replay is as old as its event, not as its replay");
    inlet.again(&identify(r#"{"name":"A","x":1}"#), START, false);
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"B","x":1}"#));
}

#[test]
fn mapped_and_inline_identifies_fill_gaps_too() {
    let mut inlet = Inlet::new();
    inlet.map("Order Completed", "users_identify", r#"{"user_id":"user_id","properties":"data.user"}"#);
    inlet.trigger(r#"{"key":"w","recipients":"data.to"}"#);
    inlet.pass(HOUR);
    let body = |name: &str| {
        track(&format!(r#"{{"user":{{"name":"{name}","{name}":1}},"to":{{"id":"u2","name":"{name}","{name}":1}}}}"#))
    };
    inlet.one(&body("new"));
    let again = inlet.again(&body("old"), START, false);
    assert_eq!(again.outcome(), "executed");
    for user in ["u1", "u2"] {
        assert_eq!(inlet.user(user), Some(r#"{"name":"new","new":1,"old":1}"#), "{user}");
    }
}

#[test]
fn what_has_just_come_overwrites_whatever_its_clock_says() {
    let mut inlet = Inlet::identifying();
    inlet.one(&identify(r#"{"name":"A"}"#));
    inlet.one(&with(&identify(r#"{"name":"B"}"#), "timestamp", r#""2001-01-01T00:00:00Z""#));
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"B"}"#));
}

#[test]
fn redact_paths_that_were_added_since_are_applied() {
    let mut inlet = Inlet::new();
    inlet.map("Order Completed", "workflows_trigger", r#"{"key":"w","recipients":{"value":{"id":"u"}},"data":"data"}"#);
    let first = inlet.one(&track(r#"{"email":"a@b.c","n":1.10}"#));
    inlet.settings.redact_paths = vec![path("properties.email").unwrap()];
    let again = inlet.replay(first.logged());
    assert_eq!(again.data(), r#"{"email":"[redacted]","n":1.10}"#);
    assert!(!again.original().contains("a@b.c"));
    assert_eq!((&*again.run().data, again.log.redacted.clone()), (again.data(), vec!["properties.email".to_owned()]));
}

fn object() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("null".to_owned()), Just("1.10".to_owned()), Just("\"x\"".to_owned())];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop::collection::btree_map("[abc]", inner, 0..4)
            .prop_map(|members| inlet_core::json::object(members.iter().map(|(key, value)| (key, value.as_str()))))
    });
    prop::collection::btree_map("[abcd]", value, 0..4)
        .prop_map(|members| inlet_core::json::object(members.iter().map(|(key, value)| (key, value.as_str()))))
}

/// Whatever the order of its members.
fn sorted(text: &str) -> String {
    match members(text) {
        None => text.to_owned(),
        Some(members) => {
            let members: std::collections::BTreeMap<_, _> =
                members.into_iter().map(|(key, value)| (key.into_owned(), sorted(value))).collect();
            inlet_core::json::object(members.iter().map(|(key, value)| (key, value.as_str())))
        }
    }
}

proptest! {
    #[test]
    fn filling_gaps_is_merging_the_other_way_round(known in object(), older in object()) {
        prop_assert_eq!(sorted(&fill_gaps(&known, &older)), sorted(&merge(&older, &known)));
        prop_assert_eq!(fill_gaps(&known, "{}"), merge(&known, "{}"));
        let once = fill_gaps(&known, &older);
        prop_assert_eq!(fill_gaps(&once, &older), once);
    }
}
