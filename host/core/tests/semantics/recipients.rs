//! §5: recipients, actors and tenants, by reference or inline.

use inlet_core::{json, recipient::RecipientKey};
use proptest::prelude::*;

use crate::world::*;

/// A trigger whose recipients are at `data.to`.
fn to_data() -> Inlet {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.to","data":{"value":{"n":1}}}"#);
    inlet
}

fn to(recipients: &str) -> String {
    track(&format!(r#"{{"to":{recipients}}}"#))
}

fn object(collection: &str, id: &str) -> RecipientKey {
    RecipientKey { collection: collection.to_owned().into(), id: id.to_owned() }
}

/// The reason for which these recipients are an error; nobody is identified and nothing runs.
fn refused(recipients: &str) -> String {
    let mut inlet = to_data();
    let entry = inlet.one(&to(recipients));
    assert_eq!((entry.outcome(), entry.action().status.as_str()), ("failed", "error"));
    assert_eq!((inlet.known(), inlet.written, entry.done.runs().count()), (0, 0, 0));
    entry.reason().to_owned()
}

/// So many recipients with ids from `first`, inline.
fn crowd(count: usize) -> String {
    json::array((0..count).map(|n| format!(r#"{{"id":"x{n}"}}"#)))
}

#[test]
fn the_default_recipient_is_user_id_and_the_default_data_the_event_s() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"k"}"#);
    let entry = inlet.one(&track(r#"{"n":1.10}"#));
    assert_eq!((entry.recipients(), &*entry.run().data), (vec!["u1"], r#"{"n":1.10}"#));
    assert_eq!((entry.run().workflow.as_str(), entry.run().source_event), ("k", entry.log.id));
    assert_eq!((entry.found_in("recipients"), entry.found_in("data")), ("event".into(), "event".into()));
}

#[test]
fn a_numeric_user_id_reaches_the_default_recipient_as_text() {
    let mut inlet = Inlet::new();
    inlet.knows("42");
    inlet.trigger(r#"{"key":"k"}"#);
    assert_eq!(inlet.one(&with(&track("{}"), "userId", "42")).recipients(), ["42"]);
}

#[test]
fn one_value_or_an_array_of_strings_references_and_inline_objects() {
    let mut inlet = to_data();
    inlet.knows("u1");
    assert_eq!(inlet.one(&to(r#""u1""#)).recipients(), ["u1"]);
    assert_eq!(inlet.one(&to(r#"{"id":"u2","name":"Bo"}"#)).recipients(), ["u2"]);
    inlet.one(&to(r#"{"collection":"projects","id":"p1","name":"Apollo"}"#));
    let entry = inlet.one(&to(r#"["u1",{"collection":"projects","id":"p1"},{"id":"u3"}]"#));
    assert_eq!(entry.recipients(), ["u1", "p1", "u3"]);
    assert_eq!(entry.result("recipients"), r#"[{"id":"u1"},{"id":"p1","collection":"projects"},{"id":"u3"}]"#);
    assert_eq!(entry.result("skipped_recipients"), "[]");
    assert_eq!(entry.result("workflow_run_id"), json::quote(&entry.run().id.to_string()));
}

#[test]
fn duplicate_recipients_run_once() {
    let mut inlet = to_data();
    inlet.knows("u1");
    let entry = inlet.one(&to(r#"["u1","u1",{"id":"u1","a":1},{"id":"u1","b":2},"u1"]"#));
    assert_eq!(entry.recipients(), ["u1"]);
    assert_eq!(inlet.user("u1"), Some(r#"{"a":1,"b":2}"#));
}

#[test]
fn a_user_and_an_object_of_one_id_are_two() {
    let mut inlet = to_data();
    let entry = inlet.one(&to(r#"[{"id":"x"},{"collection":"projects","id":"x","n":1}]"#));
    assert_eq!(entry.recipients(), ["x", "x"]);
    assert_eq!((inlet.user("x"), inlet.recipient(&object("projects", "x"))), (Some("{}"), Some(r#"{"n":1}"#)));
}

#[test]
fn a_recipient_given_as_an_object_is_upserted_its_id_alone_included() {
    let mut inlet = to_data();
    assert_eq!(inlet.one(&to(r#"{"id":"x"}"#)).recipients(), ["x"]);
    assert_eq!(inlet.user("x"), Some("{}"));
    inlet.one(&to(r#"{"id":"x","address":{"city":"Berlin"}}"#));
    inlet.one(&to(r#"{"id":"x","address":{"zip":"1"}}"#));
    assert_eq!(inlet.user("x"), Some(r#"{"address":{"city":"Berlin","zip":"1"}}"#));
}

#[test]
fn upserted_before_anything_else_of_that_event_runs() {
    // The older trigger names by reference whom the younger one gives inline.
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"first","recipients":{"value":"x"}}"#);
    inlet.trigger(r#"{"key":"second","recipients":{"id":{"value":"x"}}}"#);
    let entry = inlet.one(&track("{}"));
    assert_eq!(entry.statuses(), [("workflows_trigger", "success"); 2]);
}

#[test]
fn before_the_identify_of_the_same_event() {
    let mut inlet = Inlet::identifying();
    inlet.map("identify", "workflows_trigger", r#"{"key":"k","recipients":{"value":{"id":"u1","name":"inline"}}}"#);
    inlet.one(&identify(r#"{"name":"identified"}"#));
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"identified"}"#));
}

#[test]
fn each_event_sees_the_effects_of_the_ones_before_it() {
    let mut inlet = to_data();
    let entries = inlet.send(&batch(&[&to(r#""x""#), &to(r#"{"id":"x"}"#), &to(r#""x""#)]));
    let statuses: Vec<_> = entries.iter().map(|entry| entry.action().status.as_str()).collect();
    assert_eq!(statuses, ["skipped", "success", "success"]);
}

#[test]
fn an_actor_and_a_tenant_given_as_objects_are_upserted() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"k","actor":"data.actor","tenant":"data.tenant"}"#);
    let body = track(r#"{"actor":{"id":"a1","name":"Ann"},"tenant":{"id":"t1","name":"Acme"}}"#);
    let entry = inlet.one(&body);
    assert_eq!(inlet.user("a1"), Some(r#"{"name":"Ann"}"#));
    assert_eq!(inlet.recipient(&RecipientKey::tenant("t1")), Some(r#"{"name":"Acme"}"#));
    assert_eq!((entry.run().actor.as_deref(), entry.run().tenant.as_deref()), (Some(r#""a1""#), Some(r#""t1""#)));
    assert_eq!(entry.result("notes"), "(none)");
}

#[test]
fn only_a_string_or_collection_and_id_alone_is_a_reference() {
    let mut inlet = to_data();
    for reference in [r#""x""#, r#"{"collection":"projects","id":"x"}"#] {
        assert_eq!(inlet.one(&to(reference)).outcome(), "skipped");
        assert_eq!(inlet.known(), 0, "{reference}");
    }
    inlet.one(&to(r#"{"collection":"projects","id":"x","name":null}"#));
    assert_eq!(inlet.recipient(&object("projects", "x")), Some(r#"{"name":null}"#));
    inlet.one(&to(r#"{"collection":"projects","id":"y","$trigger_data":{"n":1}}"#));
    assert_eq!(inlet.recipient(&object("projects", "y")), Some("{}"));
}

#[test]
fn trigger_data_is_for_that_recipient_and_not_stored_on_the_user() {
    let mut inlet = to_data();
    let entry = inlet.one(&to(r#"[{"id":"x","$trigger_data":{"n":2.50},"a":1},{"id":"y"}]"#));
    let run = entry.run();
    assert_eq!(run.recipients[0].trigger_data.as_deref(), Some(r#"{"n":2.50}"#));
    assert_eq!(run.recipients[1].trigger_data, None);
    assert_eq!(&*run.data, r#"{"n":1}"#);
    assert_eq!(inlet.user("x"), Some(r#"{"a":1}"#));
}

#[test]
fn a_recipient_given_by_reference_and_not_yet_identified_is_skipped_and_the_others_run() {
    let mut inlet = to_data();
    inlet.knows("u1");
    let entry = inlet.one(&to(r#"["stranger","u1",{"collection":"projects","id":"p1"},"stranger"]"#));
    assert_eq!((entry.outcome(), entry.recipients()), ("executed", vec!["u1"]));
    assert_eq!(
        entry.result("skipped_recipients"),
        r#"[{"id":"stranger","reason":"not identified"},{"id":"p1","collection":"projects","reason":"not identified"}]"#
    );
    assert_eq!(inlet.known(), 1);
}

#[test]
fn nobody_left_no_run_skipped() {
    let mut inlet = to_data();
    let entry = inlet.one(&to(r#"["stranger"]"#));
    assert_eq!((entry.outcome(), entry.action().status.as_str(), entry.done.runs().count()), ("skipped", "skipped", 0));
    assert_eq!(entry.result("skipped_recipients"), r#"[{"id":"stranger","reason":"not identified"}]"#);
    assert_eq!((entry.result("workflow_run_id"), entry.result("recipients")), ("null", "[]"));
    insta::assert_snapshot!(entry.action().reason.as_deref().unwrap(), @"no recipient is identified; no workflow run was created");
}

#[test]
fn an_actor_or_tenant_not_identified_is_passed_on_as_a_reference_and_the_log_says_so() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"k","actor":"data.actor","tenant":{"value":"t1"}}"#);
    let entry = inlet.one(&track(r#"{"actor":{"collection":"projects","id":"p1"}}"#));
    assert_eq!(entry.run().actor.as_deref(), Some(r#"{"collection":"projects","id":"p1"}"#));
    assert_eq!(entry.run().tenant.as_deref(), Some(r#""t1""#));
    assert_eq!((entry.outcome(), inlet.known()), ("executed", 1));
    insta::assert_snapshot!(entry.result("notes"), @r#"["the actor is not identified and is passed on as a reference","the tenant is not identified and is passed on as a reference"]"#);
}

#[test]
fn user_ids_have_1_to_256_characters() {
    let longest = "😀".repeat(256);
    assert_eq!(to_data().one(&to(&format!(r#"{{"id":"{longest}"}}"#))).recipients(), [longest.as_str()]);
    insta::assert_snapshot!(refused(&format!(r#"{{"id":"{longest}x"}}"#)), @"recipients, read from the path `data.to`: recipient 0: its id is longer than 256 characters");
    insta::assert_snapshot!(refused(r#"{"id":""}"#), @"recipients, read from the path `data.to`: recipient 0: its id is empty; expected 1 to 256 characters");
}

#[test]
fn no_slash_and_no_number_sign_in_user_ids() {
    insta::assert_snapshot!(refused(r#""a/b""#), @"recipients, read from the path `data.to`: recipient 0: its id holds a slash, which no id may hold");
    insta::assert_snapshot!(refused(r#"{"id":"a#b"}"#), @"recipients, read from the path `data.to`: recipient 0: its id holds a number sign, which no id may hold");
    insta::assert_snapshot!(refused(r#"{"id":"a\u0000b"}"#), @"recipients, read from the path `data.to`: recipient 0: its id holds a control character, which no id may hold");
    insta::assert_snapshot!(refused(r#"{"collection":"a/b","id":"x"}"#), @"recipients, read from the path `data.to`: recipient 0: its collection holds a slash, which no id may hold");
}

#[test]
fn any_bad_recipient_is_an_error_that_names_its_index_and_nobody_is_identified_by_it() {
    insta::assert_snapshot!(refused(r#"[{"id":"fine"},{"id":"also fine"},7]"#), @"recipients, read from the path `data.to`: recipient 2: it is a number; expected a user id string or an object with an id; the path `user_id` gives the event's user id as a string, and other ids must be sent as strings");
    insta::assert_snapshot!(refused(r#"[{"id":"fine"},null]"#), @"recipients, read from the path `data.to`: recipient 1: it is null; expected a user id string or an object with an id");
    insta::assert_snapshot!(refused(r#"[{"id":"fine"},["x"]]"#), @"recipients, read from the path `data.to`: recipient 1: it is an array; expected a user id string or an object with an id");
    insta::assert_snapshot!(refused(r#"[{"id":"fine"},{"name":"no id"}]"#), @"recipients, read from the path `data.to`: recipient 1: it has no id; expected an object with a string id");
    insta::assert_snapshot!(refused(r#"[{"id":"fine"},{"id":7}]"#), @"recipients, read from the path `data.to`: recipient 1: its id is a number; expected a string");
    insta::assert_snapshot!(refused(r#"[{"id":"fine"},{"id":"x","collection":7}]"#), @"recipients, read from the path `data.to`: recipient 1: its collection is a number; expected a string");
    insta::assert_snapshot!(refused(r#"[{"id":"fine"},{"id":"x","$trigger_data":[]}]"#), @"recipients, read from the path `data.to`: recipient 1: its $trigger_data is an array; expected an object");
    insta::assert_snapshot!(refused("true"), @"recipients, read from the path `data.to`: recipient 0: it is a boolean; expected a user id string or an object with an id");
}

#[test]
fn a_bad_actor_or_tenant_is_an_error_and_nobody_is_identified_by_it() {
    let refused = |parameters: &str| {
        let mut inlet = Inlet::new();
        inlet.trigger(parameters);
        let entry = inlet.one(&track("{}"));
        assert_eq!((entry.outcome(), inlet.known()), ("failed", 0));
        entry.reason().to_owned()
    };
    let inline = r#""key":"k","recipients":{"value":{"id":"x"}}"#;
    insta::assert_snapshot!(refused(&format!(r#"{{{inline},"actor":{{"value":"a/b"}}}}"#)), @"actor, read from a constant: its id holds a slash, which no id may hold");
    insta::assert_snapshot!(refused(&format!(r#"{{{inline},"tenant":{{"value":7}}}}"#)), @"tenant, read from a constant: it is a number; expected a user id string or an object with an id; the path `user_id` gives the event's user id as a string, and other ids must be sent as strings");
}

#[test]
fn one_bad_trigger_does_not_stop_the_others() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"bad","recipients":{"value":[{"id":"x"},7]}}"#);
    inlet.trigger(r#"{"key":"good","recipients":{"value":[{"id":"y"}]}}"#);
    let entry = inlet.one(&track("{}"));
    assert_eq!(entry.outcome(), "failed");
    assert_eq!(entry.statuses(), [("workflows_trigger", "error"), ("workflows_trigger", "success")]);
    assert_eq!((entry.recipients(), inlet.user("x"), inlet.user("y")), (vec!["y"], None, Some("{}")));
}

#[test]
fn up_to_1000_recipients() {
    let mut inlet = to_data();
    let entry = inlet.one(&to(&crowd(1000)));
    assert_eq!((entry.outcome(), entry.recipients().len(), inlet.known()), ("executed", 1000, 1000));
    insta::assert_snapshot!(refused(&crowd(1001)), @"1001 recipients; at most 1000 are allowed in one trigger; none of this event's mappings was processed");
}

#[test]
fn counted_before_duplicates_are_removed() {
    let same = json::array(std::iter::repeat_n(r#"{"id":"x"}"#, 1001));
    assert!(refused(&same).starts_with("1001 recipients"));
}

#[test]
fn counted_before_any_of_them_is_looked_at() {
    assert!(refused(&json::array(std::iter::repeat_n("7", 1001))).starts_with("1001 recipients"));
}

#[test]
fn none_of_that_event_s_mappings_is_processed_nothing_is_upserted_and_one_error_is_logged() {
    let mut inlet = to_data();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"fine","recipients":{"value":{"id":"y"}}}"#);
    inlet.trigger(r#"{"key":"also too many","recipients":"data.to"}"#);
    inlet.map("Order Completed", "users_identify", r#"{"properties":{"value":{"seen":true}}}"#);
    let entry = inlet.one(&to(&crowd(1001)));
    assert_eq!(entry.outcome(), "failed");
    assert_eq!(entry.statuses(), [("workflows_trigger", "error")]);
    assert_eq!((inlet.written, inlet.user("u1"), entry.done.runs().count()), (0, Some("{}"), 0));
}

#[test]
fn the_built_in_identify_of_an_identify_event_still_runs() {
    let mut inlet = Inlet::identifying();
    inlet.settings.enforce_idempotency = true;
    inlet.map("identify", "users_identify", r#"{"properties":{"value":{"seen":true}}}"#);
    inlet.map("identify", "workflows_trigger", r#"{"key":"k","recipients":"data.to"}"#);
    let body = keyed("m1", &identify(&format!(r#"{{"name":"Ann","to":{}}}"#, crowd(1001))));
    let entry = inlet.one(&body);
    assert_eq!(entry.statuses(), [("users_identify", "success"), ("workflows_trigger", "error")]);
    assert_eq!(json::member(inlet.user("u1").unwrap(), "name"), Some(r#""Ann""#));
    assert_eq!((inlet.known(), entry.outcome()), (1, "failed"));
    // Actions that succeeded are not carried out again.
    let again = inlet.one(&body);
    assert_eq!(again.statuses(), [("workflows_trigger", "error")]);
    assert_eq!(again.done.resumes, Some(entry.log.id));
}

#[test]
fn the_events_beside_it_go_on() {
    let mut inlet = to_data();
    let entries = inlet.send(&batch(&[&to(r#"{"id":"a"}"#), &to(&crowd(1001)), &to(r#"{"id":"b"}"#)]));
    let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome()).collect();
    assert_eq!((outcomes, inlet.known()), (vec!["executed", "failed", "executed"], 2));
}

#[test]
fn custom_properties_beyond_256_kb_fail_only_that_action_and_upsert_nobody_of_it() {
    let mut inlet = to_data();
    inlet.trigger(r#"{"key":"other","recipients":{"value":{"id":"z"}}}"#);
    let big = format!(r#"[{{"id":"fine"}},{{"id":"big","x":"{}"}}]"#, "x".repeat(256 * 1024));
    let entry = inlet.one(&to(&big));
    assert_eq!(entry.statuses(), [("workflows_trigger", "error"), ("workflows_trigger", "success")]);
    assert_eq!((inlet.user("fine"), inlet.user("big"), inlet.user("z")), (None, None, Some("{}")));
    insta::assert_snapshot!(entry.reason(), @r#"the custom properties of "big" would take 262152 bytes; at most 262144 are allowed"#);
}

proptest! {
    #[test]
    fn everybody_given_runs_once_or_is_skipped_once(
        given in prop::collection::vec((0..6_u8, any::<bool>()), 0..20),
        known in prop::collection::btree_set(0..6_u8, 0..6),
    ) {
        let mut inlet = to_data();
        for id in &known {
            inlet.knows(&id.to_string());
        }
        let items = given.iter().map(|(id, inline)| if *inline { format!(r#"{{"id":"{id}"}}"#) } else { format!("\"{id}\"") });
        let entry = inlet.one(&to(&json::array(items)));
        let unique: std::collections::BTreeSet<u8> = given.iter().map(|(id, _)| *id).collect();
        let is_identified = |id: &u8| known.contains(id) || given.contains(&(*id, true));
        let (run, skipped): (Vec<u8>, Vec<u8>) = unique.into_iter().partition(is_identified);
        let count = |member| json::items(entry.result(member)).unwrap().len();
        prop_assert_eq!((count("recipients"), count("skipped_recipients")), (run.len(), skipped.len()));
        prop_assert_eq!(entry.done.runs().count(), usize::from(!run.is_empty()));
    }
}
