//! §6: `objects_subscribe` and `objects_unsubscribe`.

use crate::{stored::object, world::*};

const SUBSCRIBE: &str = r#"{"collection":"projects","id":"data.id","recipients":"data.to","properties":"data.set"}"#;
const UNSUBSCRIBE: &str = r#"{"collection":"projects","id":"data.id","recipients":"data.to"}"#;

/// A project p1 is known, and so are the users u1 and u2.
fn subscribing() -> Inlet {
    let mut inlet = Inlet::new();
    inlet.map("New", "objects_set", r#"{"collection":"projects","id":"data.id"}"#);
    inlet.map("Order Completed", "objects_subscribe", SUBSCRIBE);
    inlet.map("Left", "objects_unsubscribe", UNSUBSCRIBE);
    inlet.map("Closed", "objects_delete", r#"{"collection":"projects","id":"data.id"}"#);
    inlet.map("delete", "users_delete", "{}");
    inlet.one(&named("New", r#"{"id":"p1"}"#));
    inlet.knows("u1");
    inlet.knows("u2");
    inlet
}

fn named(event: &str, data: &str) -> String {
    format!(r#"{{"type":"track","event":"{event}","userId":"u1","properties":{data}}}"#)
}

fn subscribers(inlet: &Inlet) -> Vec<(String, String)> {
    inlet.stored.subscribers("projects", "p1")
}

fn pair(id: &str, properties: &str) -> (String, String) {
    (id.to_owned(), properties.to_owned())
}

#[test]
fn recipients_are_ids_references_and_inline_objects_which_are_upserted_first() {
    let mut inlet = subscribing();
    inlet.one(&named("New", r#"{"id":"p2"}"#));
    let to = r#"["u1",{"id":"u9","name":"Nine"},{"collection":"projects","id":"p2"},{"collection":"teams","id":"t","size":3},"u1"]"#;
    let entry = inlet.one(&track(&format!(r#"{{"id":"p1","to":{to},"set":{{"role":"owner"}}}}"#)));
    assert_eq!((entry.outcome(), entry.statuses()), ("executed", vec![("objects_subscribe", "success")]));
    insta::assert_snapshot!(entry.action().result.clone().unwrap(), @r#"{"object":{"id":"p1","collection":"projects"},"recipients":[{"id":"u1"},{"id":"u9"},{"id":"p2","collection":"projects"},{"id":"t","collection":"teams"}],"skipped_recipients":[]}"#);
    let owner = r#"{"role":"owner"}"#;
    assert_eq!(subscribers(&inlet), ["u1", "u9", "p2", "t"].map(|id| pair(id, owner)));
    assert_eq!(inlet.user("u9"), Some(r#"{"name":"Nine"}"#));
    assert_eq!(inlet.recipient(&object("teams", "t")), Some(r#"{"size":3}"#));
}

#[test]
fn recipients_are_by_default_the_path_user_id_and_properties_are_null() {
    let mut inlet = subscribing();
    inlet.map("Joined", "objects_subscribe", r#"{"collection":"projects","id":"data.id"}"#);
    inlet.one(&named("Joined", r#"{"id":"p1"}"#));
    assert_eq!(subscribers(&inlet), [pair("u1", "null")]);
}

#[test]
fn the_properties_of_an_existing_subscription_are_replaced() {
    let mut inlet = subscribing();
    inlet.one(&track(r#"{"id":"p1","to":"u1","set":{"a":1}}"#));
    inlet.one(&track(r#"{"id":"p1","to":"u1","set":{"b":1}}"#));
    assert_eq!(subscribers(&inlet), [pair("u1", r#"{"b":1}"#)]);
    inlet.one(&track(r#"{"id":"p1","to":"u1"}"#));
    assert_eq!(subscribers(&inlet), [pair("u1", "null")]);
}

/// Every subscription keeps its own properties, so a short list of ids would multiply a long body.
#[test]
fn the_properties_of_one_and_of_all_subscriptions_are_bounded() {
    let mut inlet = subscribing();
    let mut send = |bytes: usize, to: &str| {
        let entry = inlet.one(&track(&format!(r#"{{"id":"p1","to":{to},"set":{{"a":"{}"}}}}"#, "x".repeat(bytes - 8))));
        (entry.statuses()[0].1.to_owned(), entry.action().reason.clone().unwrap_or_default())
    };
    assert_eq!(send(256 << 10, r#""u1""#).0, "success");
    insta::assert_snapshot!(send((256 << 10) + 1, r#""u1""#).1, @"properties of 262145 bytes are too many; at most 262144 are allowed");
    let many: Vec<String> = (0..1000).map(|number| format!(r#"{{"id":"n{number}"}}"#)).collect();
    let many = format!("[{}]", many.join(","));
    assert_eq!(send(8388, &many).0, "success");
    insta::assert_snapshot!(send(8389, &many).1, @"properties of 8389 bytes for 1000 subscriptions would take 8389000 bytes; at most 8388608 are allowed in one action: give smaller ones, or name fewer recipients");
}

#[test]
fn an_unidentified_reference_is_named_and_the_others_are_subscribed() {
    let mut inlet = subscribing();
    let entry = inlet.one(&track(r#"{"id":"p1","to":["u1","ghost",{"collection":"teams","id":"ghosts"}]}"#));
    insta::assert_snapshot!(entry.result("skipped_recipients"), @r#"[{"id":"ghost","reason":"not identified"},{"id":"ghosts","collection":"teams","reason":"not identified"}]"#);
    assert_eq!((entry.outcome(), entry.done.skipped_recipients), ("executed", 2));
    assert_eq!(subscribers(&inlet), [pair("u1", "null")]);
    let entry = inlet.one(&track(r#"{"id":"p1","to":"ghost"}"#));
    assert_eq!((entry.outcome(), entry.done.skipped_recipients), ("skipped", 1));
    insta::assert_snapshot!(entry.reason(), @"no recipient is identified; nobody was subscribed");
}

#[test]
fn an_object_that_is_not_known_is_skipped_with_that_reason() {
    let mut inlet = subscribing();
    let entry = inlet.one(&track(r#"{"id":"p9","to":"u1"}"#));
    assert_eq!((entry.outcome(), inlet.stored.subscriptions.len()), ("skipped", 0));
    insta::assert_snapshot!(entry.reason(), @"the object is not known; nobody was subscribed to it");
}

#[test]
fn an_object_may_have_been_set_by_this_very_event() {
    let mut inlet = subscribing();
    inlet.map("Order Completed", "objects_set", r#"{"collection":"projects","id":"data.id"}"#);
    let entry = inlet.one(&track(r#"{"id":"p9","to":"u1"}"#));
    assert_eq!(entry.statuses(), [("objects_set", "success"), ("objects_subscribe", "success")]);
    assert_eq!(inlet.stored.subscribers("projects", "p9"), [pair("u1", "null")]);
}

#[test]
fn more_than_1000_recipients_are_an_error_of_this_action_alone() {
    let mut inlet = subscribing();
    inlet.trigger(r#"{"key":"k"}"#);
    let crowd = format!("[{}]", vec![r#""u1""#; 1001].join(","));
    let entry = inlet.one(&track(&format!(r#"{{"id":"p1","to":{crowd}}}"#)));
    assert_eq!(entry.statuses(), [("objects_subscribe", "error"), ("workflows_trigger", "success")]);
    insta::assert_snapshot!(entry.reason(), @"recipients, read from the path `data.to`: 1001 recipients; at most 1000 are allowed in one action");
}

#[test]
fn a_bad_recipient_is_an_error_that_names_its_index_and_upserts_nobody() {
    let mut inlet = subscribing();
    let entry = inlet.one(&track(r#"{"id":"p1","to":[{"id":"u8"},7]}"#));
    assert_eq!((entry.outcome(), inlet.user("u8"), inlet.stored.subscriptions.len()), ("failed", None, 0));
    insta::assert_snapshot!(entry.reason(), @"recipients, read from the path `data.to`: recipient 1: it is a number; expected a user id string or an object with an id; the path `user_id` gives the event's user id as a string, and other ids must be sent as strings");
}

#[test]
fn a_subscription_ends_for_those_who_are_subscribed_and_the_others_are_named() {
    let mut inlet = subscribing();
    inlet.one(&track(r#"{"id":"p1","to":["u1","u2"]}"#));
    let entry = inlet.one(&named("Left", r#"{"id":"p1","to":["u2",{"id":"u3"},"ghost"]}"#));
    insta::assert_snapshot!(entry.action().result.clone().unwrap(), @r#"{"object":{"id":"p1","collection":"projects"},"recipients":[{"id":"u2"}],"not_subscribed":[{"id":"u3"}],"skipped_recipients":[{"id":"ghost","reason":"not identified"}]}"#);
    assert_eq!(subscribers(&inlet), [pair("u1", "null")]);
    let again = inlet.one(&named("Left", r#"{"id":"p1","to":"u2"}"#));
    assert_eq!(again.outcome(), "skipped");
    insta::assert_snapshot!(again.reason(), @"no recipient is subscribed to the object; nothing was changed");
}

#[test]
fn a_deletion_takes_the_subscriptions_of_both_sides_along() {
    let mut inlet = subscribing();
    inlet.one(&named("New", r#"{"id":"p2"}"#));
    inlet.one(&track(r#"{"id":"p1","to":["u1","u2",{"collection":"projects","id":"p2"}]}"#));
    inlet.one(&track(r#"{"id":"p2","to":["u1"]}"#));
    inlet.one(r#"{"type":"delete","userId":"u1"}"#);
    assert_eq!(subscribers(&inlet), [pair("u2", "null"), pair("p2", "null")]);
    inlet.one(&named("Closed", r#"{"id":"p2"}"#));
    assert_eq!(subscribers(&inlet), [pair("u2", "null")]);
    // Nobody is subscribed to an object that is set again, nor is a user who is identified again.
    inlet.send(&batch(&[&named("Closed", r#"{"id":"p1"}"#), &named("New", r#"{"id":"p1"}"#)]));
    assert_eq!(subscribers(&inlet), []);
    let entry = inlet.one(&named("Left", r#"{"id":"p1","to":"u2"}"#));
    assert_eq!(entry.outcome(), "skipped");
}

#[test]
fn events_of_one_request_see_the_subscriptions_of_those_before() {
    let mut inlet = subscribing();
    let join = track(r#"{"id":"p1","to":"u2"}"#);
    let leave = named("Left", r#"{"id":"p1","to":"u2"}"#);
    let entries = inlet.send(&batch(&[&join, &leave, &leave, &join]));
    let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome()).collect();
    assert_eq!(outcomes, ["executed", "executed", "skipped", "executed"]);
    assert_eq!(subscribers(&inlet), [pair("u2", "null")]);
}
