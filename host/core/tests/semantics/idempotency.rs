//! §4: idempotency.

use inlet_core::{Uuid, contract::Field, settings::KeyPaths};
use proptest::prelude::*;

use crate::world::*;

/// Idempotency on, u1 identified, one trigger.
fn ready() -> Inlet {
    let mut inlet = Inlet::idempotent();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"k"}"#);
    inlet
}

/// Returns the outcomes of two requests with this `messageId`, and the first one's warnings.
fn twice(key: &str) -> (Vec<&'static str>, String, Option<String>) {
    let mut inlet = ready();
    let body = with(&track("{}"), "messageId", key);
    let (first, second) = (inlet.one(&body), inlet.one(&body));
    (vec![first.outcome(), second.outcome()], first.log.fields.warnings.join("; "), first.log.fields.idempotency_key)
}

const REPLAYED: [&str; 2] = ["executed", "replayed"];
const EXECUTED: [&str; 2] = ["executed", "executed"];

#[test]
fn off_by_default() {
    let mut inlet = ready();
    inlet.settings = Default::default();
    let body = keyed("m1", &track("{}"));
    for _ in 0..2 {
        let entry = inlet.one(&body);
        assert_eq!((entry.outcome(), entry.log.idempotency_key.as_deref()), ("executed", Some("m1")));
    }
    assert_eq!(inlet.records(), 0);
}

#[test]
fn the_key_comes_from_the_plugin_or_from_idempotency_key_path() {
    let mut inlet = ready();
    inlet.settings.idempotency_key_path = key_path(path("properties.order"));
    assert_eq!(inlet.one(&keyed("m1", &track(r#"{"order":"o1"}"#))).outcome(), "executed");
    assert_eq!(inlet.one(&keyed("m2", &track(r#"{"order":"o1"}"#))).outcome(), "replayed");
    assert_eq!(inlet.one(&keyed("m1", &track(r#"{"order":"o2"}"#))).outcome(), "executed");
}

#[test]
fn a_key_of_several_paths_is_joined_by_colons_and_all_must_be_there() {
    let mut inlet = ready();
    let paths = ["userId", "properties.at", "headers.x-shop"].map(|text| path(text).unwrap());
    inlet.settings.idempotency_key_path = KeyPaths::new(paths.to_vec());
    inlet.headers = vec![Field::new("x-shop", "berlin")];
    let send = |inlet: &mut Inlet, properties: &str| {
        let entry = inlet.one(&keyed("m1", &track(properties)));
        let key = entry.log.fields.idempotency_key.clone().unwrap_or_default();
        (entry.outcome(), key, entry.log.fields.warnings.join("; "))
    };
    let key = || "u1:2026-11-27:berlin".to_owned();
    assert_eq!(send(&mut inlet, r#"{"at":"2026-11-27"}"#), ("executed", key(), String::new()));
    assert_eq!(send(&mut inlet, r#"{"at":"2026-11-27"}"#), ("replayed", key(), String::new()));
    assert_eq!(send(&mut inlet, r#"{"at":"2026-11-28"}"#).0, "executed");
    // The plugin's key does not stand in for a part.
    for properties in ["{}", r#"{"at":null}"#, r#"{"at":""}"#] {
        let (outcome, key, warning) = send(&mut inlet, properties);
        assert_eq!((outcome, key.as_str()), ("executed", ""));
        insta::allow_duplicates! {
            insta::assert_snapshot!(warning, @"the part of the idempotency key at `properties.at` is absent; the event was processed without idempotency");
        }
    }
    let (outcome, key, warning) = send(&mut inlet, r#"{"at":1732665600}"#);
    assert_eq!((outcome, key.as_str()), ("executed", ""));
    insta::assert_snapshot!(warning, @"the part of the idempotency key at `properties.at` is a number, not a string; the event was processed without idempotency");
    let long = format!(r#"{{"at":"{}"}}"#, "k".repeat(255 - "u1::berlin".len()));
    assert_eq!(send(&mut inlet, &long).1.len(), 255);
    let long = format!(r#"{{"at":"{}"}}"#, "k".repeat(255));
    insta::assert_snapshot!(send(&mut inlet, &long).2, @"the idempotency key has 265 characters; at most 255 are allowed; the event was processed without idempotency");
    let paths = ["properties.a", "properties.b"].map(|text| path(text).unwrap());
    inlet.settings.idempotency_key_path = KeyPaths::new(paths.to_vec());
    assert_eq!(send(&mut inlet, "{}"), ("executed", String::new(), String::new()), "no part is no key");
}

#[test]
fn a_json_string_of_1_to_255_scalar_values_is_valid() {
    for key in ["k", " ", &"k".repeat(255), &"😀".repeat(255), &"é".repeat(255)] {
        let (outcomes, warnings, kept) = twice(&format!("\"{key}\""));
        assert_eq!((outcomes, warnings.as_str(), kept.as_deref()), (REPLAYED.to_vec(), "", Some(key)));
    }
}

#[test]
fn scalar_values_are_counted_after_escapes_are_read() {
    assert_eq!(twice(&format!("\"{}\"", r"\ud83d\ude00".repeat(255))).0, REPLAYED);
    assert_eq!(twice(&format!("\"{}\"", r"\ud83d\ude00".repeat(256))).0, EXECUTED);
}

#[test]
fn anything_else_is_invalid_processed_normally_and_the_key_is_dropped() {
    let invalid = |key: &str| {
        let (outcomes, warnings, kept) = twice(key);
        assert_eq!((outcomes, kept), (EXECUTED.to_vec(), None), "{key}");
        warnings
    };
    insta::assert_snapshot!(invalid("42"), @"the idempotency key is a number, not a string; the event was processed without idempotency");
    insta::assert_snapshot!(invalid("true"), @"the idempotency key is a boolean, not a string; the event was processed without idempotency");
    insta::assert_snapshot!(invalid(r#"{"id":"m1"}"#), @"the idempotency key is an object, not a string; the event was processed without idempotency");
    insta::assert_snapshot!(invalid(r#"["m1"]"#), @"the idempotency key is an array, not a string; the event was processed without idempotency");
    insta::assert_snapshot!(invalid(&format!("\"{}\"", "k".repeat(256))), @"the idempotency key has 256 characters; at most 255 are allowed; the event was processed without idempotency");
    insta::assert_snapshot!(invalid(&format!("\"{}\"", "😀".repeat(256))), @"the idempotency key has 256 characters; at most 255 are allowed; the event was processed without idempotency");
    insta::assert_snapshot!(invalid(r#""a\u0000""#), @"the idempotency key holds control characters; the event was processed without idempotency");
}

#[test]
fn absent_null_or_empty_is_processed_normally() {
    for key in ["null", "\"\""] {
        assert_eq!(twice(key), (EXECUTED.to_vec(), String::new(), None));
    }
    let mut inlet = ready();
    assert_eq!([inlet.one(&track("{}")).outcome(), inlet.one(&track("{}")).outcome()], EXECUTED);
    assert_eq!(inlet.records(), 0);
}

#[test]
fn the_event_is_logged_labelled_has_no_actions_and_refers_to_the_execution() {
    let mut inlet = ready();
    let body = keyed("m1", &track(r#"{"n":1}"#));
    let first = inlet.one(&body);
    for _ in 0..2 {
        let replay = inlet.one(&body);
        assert_eq!(replay.outcome(), "replayed");
        assert_eq!(replay.done.replay_of, Some(first.log.id));
        assert!(
            replay.done.actions.is_empty() && replay.done.runs().next().is_none() && replay.done.warnings.is_empty()
        );
        assert_eq!(replay.data(), r#"{"n":1}"#);
        assert_eq!(inlet.written, 0);
    }
}

#[test]
fn the_window_is_24_hours_counted_from_that_execution() {
    let mut inlet = ready();
    let body = keyed("m1", &track("{}"));
    let first = inlet.one(&body);
    inlet.pass(24 * HOUR - 1);
    assert_eq!(inlet.one(&body).done.replay_of, Some(first.log.id));
    inlet.pass(1);
    assert_eq!(inlet.one(&body).outcome(), "executed");
    inlet.pass(24 * HOUR - 1);
    assert_eq!(inlet.one(&body).outcome(), "replayed");
}

#[test]
fn the_window_never_slides() {
    let mut inlet = ready();
    let body = keyed("m1", &track("{}"));
    inlet.one(&body);
    for _ in 0..3 {
        inlet.pass(7 * HOUR);
        assert_eq!(inlet.one(&body).outcome(), "replayed");
    }
    inlet.pass(3 * HOUR);
    assert_eq!(inlet.one(&body).outcome(), "executed");
}

#[test]
fn the_window_is_per_source_environment() {
    let mut inlet = ready();
    inlet.settings.idempotency_window_seconds = 60;
    let body = keyed("m1", &track("{}"));
    inlet.one(&body);
    inlet.pass(59_999);
    assert_eq!(inlet.one(&body).outcome(), "replayed");
    inlet.pass(1);
    assert_eq!(inlet.one(&body).outcome(), "executed");
}

#[test]
fn an_execution_that_did_not_succeed_does_not_count() {
    let mut inlet = ready();
    let failing = keyed("m1", &with(&track("{}"), "userId", "\"a/b\""));
    assert_eq!(inlet.one(&failing).outcome(), "failed");
    assert_eq!(inlet.one(&failing).outcome(), "failed");
    assert_eq!(inlet.records(), 0, "every action failed: nothing can be doubled");
    assert_eq!(inlet.one(&keyed("m1", &track("{}"))).outcome(), "executed");
}

#[test]
fn no_mapping_and_nothing_is_recorded() {
    let mut inlet = Inlet::idempotent();
    let body = keyed("m1", &track("{}"));
    assert_eq!(inlet.one(&body).outcome(), "logged");
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"k"}"#);
    assert_eq!(inlet.one(&body).outcome(), "executed");
}

#[test]
fn toggle_off_and_nothing_is_recorded() {
    let mut inlet = Inlet::idempotent();
    let body = keyed("m1", &identify(r#"{"name":"Ann"}"#));
    assert_eq!(inlet.one(&body).outcome(), "logged");
    inlet.settings.handle_identifies = true;
    assert_eq!(inlet.one(&body).outcome(), "executed");
    assert_eq!(inlet.one(&body).outcome(), "replayed");
}

#[test]
fn every_recipient_skipped_and_nothing_is_recorded() {
    let mut inlet = Inlet::idempotent();
    inlet.trigger(r#"{"key":"k"}"#);
    let body = keyed("m1", &track("{}"));
    assert_eq!(inlet.one(&body).statuses(), [("workflows_trigger", "skipped")]);
    assert_eq!(inlet.records(), 0);
    inlet.knows("u1");
    assert_eq!(inlet.one(&body).statuses(), [("workflows_trigger", "success")]);
}

#[test]
fn some_recipients_skipped_is_a_success_and_replays() {
    let mut inlet = Inlet::idempotent();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"k","recipients":{"value":["u1","stranger"]}}"#);
    let body = keyed("m1", &track("{}"));
    assert_eq!(inlet.one(&body).recipients(), ["u1"]);
    inlet.knows("stranger");
    assert_eq!(inlet.one(&body).outcome(), "replayed");
}

#[test]
fn one_trigger_done_and_another_skipped_is_a_success_and_replays() {
    let mut inlet = ready();
    inlet.trigger(r#"{"key":"other","recipients":{"value":"stranger"}}"#);
    let body = keyed("m1", &track("{}"));
    let first = inlet.one(&body);
    assert_eq!(first.outcome(), "executed");
    assert_eq!(first.statuses(), [("workflows_trigger", "success"), ("workflows_trigger", "skipped")]);
    assert_eq!(inlet.one(&body).outcome(), "replayed");
}

#[test]
fn some_failed_and_the_next_event_runs_only_the_rest_and_says_what_it_resumes() {
    let mut inlet = ready();
    let failing = inlet.trigger(r#"{"key":"second","recipients":"data.who"}"#);
    let body = keyed("m1", &track("{}"));
    let first = inlet.one(&body);
    assert_eq!(first.outcome(), "failed");
    assert_eq!(first.statuses(), [("workflows_trigger", "success"), ("workflows_trigger", "error")]);

    let second = inlet.one(&body);
    assert_eq!((second.outcome(), second.done.resumes), ("failed", Some(first.log.id)));
    assert_eq!(second.action().mapping, Some(failing));

    inlet.remap(failing, r#"{"key":"second"}"#);
    let third = inlet.one(&body);
    assert_eq!((third.outcome(), third.done.resumes, third.done.replay_of), ("executed", Some(first.log.id), None));
    assert_eq!(third.run().workflow, "second");

    let fourth = inlet.one(&body);
    assert_eq!((fourth.outcome(), fourth.done.replay_of), ("replayed", Some(third.log.id)));
}

#[test]
fn what_is_left_may_have_been_removed_and_then_it_replays() {
    let mut inlet = ready();
    let failing = inlet.trigger(r#"{"key":"second","recipients":"data.who"}"#);
    let body = keyed("m1", &track("{}"));
    let first = inlet.one(&body);
    inlet.unmap(failing);
    assert_eq!(inlet.one(&body).done.replay_of, Some(first.log.id));
}

#[test]
fn the_built_in_identify_is_resumed_like_a_mapping() {
    let mut inlet = Inlet::idempotent();
    inlet.settings.handle_identifies = true;
    inlet.map("identify", "workflows_trigger", r#"{"key":"k","recipients":"data.who"}"#);
    let body = keyed("m1", &identify("{}"));
    assert_eq!(inlet.one(&body).statuses(), [("users_identify", "success"), ("workflows_trigger", "error")]);
    assert_eq!(inlet.one(&body).statuses(), [("workflows_trigger", "error")]);
}

#[test]
fn a_resumed_window_counts_from_each_execution() {
    let mut inlet = ready();
    let failing = inlet.trigger(r#"{"key":"second","recipients":"data.who"}"#);
    let body = keyed("m1", &track("{}"));
    inlet.one(&body);
    inlet.pass(24 * HOUR);
    assert_eq!(inlet.one(&body).statuses().len(), 2, "the first execution no longer counts");
    inlet.remap(failing, r#"{"key":"second"}"#);
    inlet.pass(23 * HOUR);
    let resumed = inlet.one(&body);
    assert_eq!(resumed.run().workflow, "second");
    inlet.pass(23 * HOUR);
    assert_eq!(inlet.one(&body).done.replay_of, Some(resumed.log.id));
}

#[test]
fn two_items_of_one_batch_with_one_key_execute_once() {
    let mut inlet = ready();
    let item = keyed("m1", &track("{}"));
    let entries = inlet.send(&batch(&[&item, &item, &keyed("m2", &track("{}")), &item]));
    let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome()).collect();
    assert_eq!(outcomes, ["executed", "replayed", "executed", "replayed"]);
    assert_eq!(entries[3].done.replay_of, Some(entries[0].log.id));
}

#[test]
fn same_key_other_event_type_differs_in_scope() {
    let mut inlet = ready();
    inlet.map("Order Refunded", "workflows_trigger", r#"{"key":"refund"}"#);
    let body = keyed("m1", &track("{}"));
    assert_eq!(inlet.one(&body).outcome(), "executed");
    let other = inlet.one(&with(&body, "event", "\"Order Refunded\""));
    assert_eq!((other.outcome(), other.done.warnings.len()), ("executed", 0));
}

#[test]
fn same_key_other_user_id_or_data_replays_with_a_warning() {
    let mut inlet = ready();
    inlet.knows("u2");
    let body = keyed("m1", &track(r#"{"n":1}"#));
    inlet.one(&body);
    for other in [with(&body, "userId", "\"u2\""), with(&body, "properties", r#"{"n":2}"#)] {
        let entry = inlet.one(&other);
        assert_eq!(entry.outcome(), "replayed");
        insta::allow_duplicates! {
            insta::assert_snapshot!(entry.done.warnings.join("; "), @"the user id or the data differ from those of the execution with the same key");
        }
    }
}

#[test]
fn a_resumed_execution_with_other_data_is_warned_of_too() {
    let mut inlet = ready();
    inlet.trigger(r#"{"key":"second","recipients":"data.who"}"#);
    inlet.one(&keyed("m1", &track("{}")));
    let resumed = inlet.one(&keyed("m1", &track(r#"{"who":"u1"}"#)));
    assert_eq!((resumed.outcome(), resumed.done.warnings.len()), ("executed", 1));
}

#[test]
fn upserts_of_state_carry_no_key_so_a_b_a_ends_at_a() {
    let mut inlet = Inlet::idempotent();
    inlet.settings.handle_identifies = true;
    for plan in ["a", "b", "a"] {
        assert_eq!(inlet.one(&identify(&format!(r#"{{"plan":"{plan}"}}"#))).outcome(), "executed");
    }
    assert_eq!(inlet.user("u1"), Some(r#"{"plan":"a"}"#));
}

#[test]
fn a_request_prepared_before_another_was_committed_still_replays() {
    // Any number of concurrent requests with one key: exactly one executes.
    let mut inlet = ready();
    let body = keyed("m1", &track("{}"));
    let jobs: Vec<_> = (0..5).map(|_| inlet.prepare(&body, &segment(&body)).unwrap()).collect();
    let outcomes: Vec<_> = jobs.into_iter().flat_map(|job| inlet.commit(job)).map(|entry| entry.outcome()).collect();
    assert_eq!(outcomes, ["executed", "replayed", "replayed", "replayed", "replayed"]);
}

/// A step of a random history of one key.
#[derive(Debug, Clone)]
enum Step {
    Send { items: usize, who: bool },
    Pass(i64),
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1..4_usize, any::<bool>()).prop_map(|(items, who)| Step::Send { items, who }),
        1 => (1..30_i64).prop_map(|hours| Step::Pass(hours * HOUR)),
    ];
    prop::collection::vec(step, 1..20)
}

proptest! {
    #[test]
    fn a_mapping_succeeds_at_most_once_per_window_and_a_replay_changes_nothing(history in history()) {
        let mut inlet = ready();
        inlet.trigger(r#"{"key":"second","recipients":"data.who"}"#);
        inlet.trigger(r#"{"key":"third","recipients":{"value":"stranger"}}"#);
        let mut successes: Vec<(Uuid, i64)> = Vec::new();
        for step in history {
            let Step::Send { items, who } = step else {
                let Step::Pass(ms) = step else { unreachable!() };
                inlet.pass(ms);
                continue;
            };
            // The second mapping succeeds only when `who` is there.
            let item = keyed("m1", &track(if who { r#"{"who":"u1"}"# } else { "{}" }));
            let entries = inlet.send(&batch(&vec![item.as_str(); items]));
            if entries.iter().all(|entry| entry.outcome() == "replayed") {
                prop_assert_eq!(inlet.written, 0);
            }
            for action in entries.iter().flat_map(|entry| &entry.done.actions) {
                if action.status.as_str() == "success" {
                    successes.push((action.mapping.unwrap(), inlet.now_ms));
                }
            }
        }
        for (index, (mapping, at)) in successes.iter().enumerate() {
            for (other, later) in &successes[index + 1..] {
                prop_assert!(mapping != other || later - at >= 24 * HOUR);
            }
        }
    }
}
