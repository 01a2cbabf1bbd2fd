//! §6: `objects_set`, `objects_delete`, `tenants_set` and `tenants_delete`.

use inlet_core::{actions::parse_action, recipient::RecipientKey};

use crate::{stored::object, world::*};

fn setting() -> Inlet {
    let mut inlet = Inlet::new();
    let parameters = r#"{"collection":"projects","id":"data.id","properties":"data.set"}"#;
    inlet.map("Order Completed", "objects_set", parameters);
    inlet
}

fn project(inlet: &Inlet) -> Option<&str> {
    inlet.recipient(&object("projects", "p1"))
}

#[test]
fn an_object_is_upserted_by_a_deep_merge_as_users_are() {
    let mut inlet = setting();
    let entry = inlet.one(&track(r#"{"id":"p1","set":{"name":"One","plan":{"seats":1,"tier":"a"},"tags":[1,2]}}"#));
    assert_eq!((entry.outcome(), entry.statuses()), ("executed", vec![("objects_set", "success")]));
    assert_eq!((entry.result("collection"), entry.result("id")), (r#""projects""#, r#""p1""#));
    // Null overwrites, arrays are replaced, keys are never removed.
    inlet.one(&track(r#"{"id":"p1","set":{"name":null,"plan":{"seats":2.50},"tags":[3]}}"#));
    assert_eq!(project(&inlet), Some(r#"{"name":null,"plan":{"seats":2.50,"tier":"a"},"tags":[3]}"#));
}

#[test]
fn without_properties_an_object_becomes_known_and_keeps_what_is_known() {
    let mut inlet = setting();
    inlet.one(&track(r#"{"id":"p1","set":null}"#));
    assert_eq!(project(&inlet), Some("{}"));
    inlet.one(&track(r#"{"id":"p1","set":{"phone":"1"}}"#));
    inlet.one(&track(r#"{"id":"p1"}"#));
    // The traits of users have no meaning here.
    assert_eq!(project(&inlet), Some(r#"{"phone":"1"}"#));
}

#[test]
fn a_number_is_an_id_as_its_decimal_text() {
    let mut inlet = setting();
    inlet.one(&track(r#"{"id":1.661194e7}"#));
    assert_eq!(inlet.recipient(&object("projects", "16611940")), Some("{}"));
}

#[test]
fn a_missing_or_bad_value_is_an_error_that_names_it() {
    let mut inlet = setting();
    let mut reason = |data: &str| {
        let entry = inlet.one(&track(data));
        assert_eq!((entry.outcome(), entry.done.effects.len()), ("failed", 0));
        entry.reason().to_owned()
    };
    insta::assert_snapshot!(reason("{}"), @"id is required, and the path `data.id` finds nothing");
    insta::assert_snapshot!(reason(r#"{"id":""}"#), @"id is required, and the path `data.id` finds nothing");
    insta::assert_snapshot!(reason(r#"{"id":"a/b"}"#), @"id holds a slash, which no id may hold");
    insta::assert_snapshot!(reason(r#"{"id":["p"]}"#), @"id, read from the path `data.id`, is an array; expected a string or a number");
    insta::assert_snapshot!(reason(r#"{"id":"p1","set":[]}"#), @"properties, read from the path `data.set`, is an array; expected an object");
    let big = format!(r#"{{"id":"p1","set":{{"x":"{}"}}}}"#, "x".repeat(256 * 1024));
    insta::assert_snapshot!(reason(&big), @r#"the custom properties of "p1" would take 262152 bytes; at most 262144 are allowed"#);
}

#[test]
fn what_cannot_be_an_object_is_refused_when_the_mapping_is_saved() {
    let refusal = |action: &str, parameters: &str| parse_action(action, parameters).unwrap_err().to_string();
    insta::assert_snapshot!(refusal("objects_set", "{}"), @"action_parameters.collection: it is missing; expected a string");
    insta::assert_snapshot!(refusal("objects_set", r#"{"collection":"c"}"#), @r#"action_parameters.id: it is missing; expected a path (a string) or {"value": …} for a constant"#);
    insta::assert_snapshot!(refusal("objects_set", r#"{"collection":"a/b","id":"x"}"#), @"action_parameters.collection: it holds a slash, which no id may hold");
    insta::assert_snapshot!(refusal("objects_delete", r#"{"collection":"$users","id":"x"}"#), @r#"action_parameters.collection: users are no objects; expected a collection of your own, for example "projects""#);
    insta::assert_snapshot!(refusal("objects_set", r#"{"collection":"$tenants","id":"x"}"#), @"action_parameters.collection: tenants have actions of their own, tenants_set and tenants_delete");
    insta::assert_snapshot!(refusal("objects_delete", r#"{"collection":"c","id":"x","properties":"data"}"#), @"action_parameters.properties: objects_delete has no such parameter");
    insta::assert_snapshot!(refusal("tenants_set", "{}"), @r#"action_parameters.id: it is missing; expected a path (a string) or {"value": …} for a constant"#);
    insta::assert_snapshot!(refusal("tenants_delete", "{}"), @r#"action_parameters.id: it is missing; expected a path (a string) or {"value": …} for a constant"#);
}

#[test]
fn an_object_that_is_deleted_is_gone_and_one_that_is_not_known_is_nothing_to_do() {
    let mut inlet = setting();
    inlet.map("Closed", "objects_delete", r#"{"collection":"projects","id":"data.id"}"#);
    let close = r#"{"type":"track","event":"Closed","properties":{"id":"p1"}}"#;
    let entry = inlet.one(close);
    assert_eq!(entry.outcome(), "skipped");
    insta::assert_snapshot!(entry.reason(), @"the object is not known; there is nothing to delete");
    inlet.one(&track(r#"{"id":"p1","set":{"a":1}}"#));
    assert_eq!((inlet.one(close).outcome(), project(&inlet)), ("executed", None));
    // One that is set afterwards is a new one.
    inlet.one(&track(r#"{"id":"p1","set":{"b":1}}"#));
    assert_eq!(project(&inlet), Some(r#"{"b":1}"#));
}

#[test]
fn a_set_goes_before_a_deletion_within_one_event() {
    let mut inlet = Inlet::new();
    inlet.map("Order Completed", "objects_delete", r#"{"collection":"projects","id":"data.id"}"#);
    inlet.map("Order Completed", "objects_set", r#"{"collection":"projects","id":"data.id"}"#);
    let entry = inlet.one(&track(r#"{"id":"p1"}"#));
    assert_eq!(entry.statuses(), [("objects_set", "success"), ("objects_delete", "success")]);
    assert_eq!(project(&inlet), None);
}

#[test]
fn a_replay_that_is_older_than_what_is_known_fills_gaps_and_deletes_nothing() {
    let mut inlet = setting();
    inlet.map("Closed", "objects_delete", r#"{"collection":"projects","id":"data.id"}"#);
    inlet.one(&track(r#"{"id":"p1","set":{"a":"new"}}"#));
    inlet.again(&track(r#"{"id":"p1","set":{"a":"old","b":1}}"#), START - HOUR, false);
    assert_eq!(project(&inlet), Some(r#"{"a":"new","b":1}"#));
    let entry = inlet.again(r#"{"type":"track","event":"Closed","properties":{"id":"p1"}}"#, START - HOUR, false);
    insta::assert_snapshot!(entry.reason(), @"it is older than what is known of the object; nothing was deleted");
    assert!(project(&inlet).is_some());
}

#[test]
fn a_tenant_is_upserted_and_deleted_likewise() {
    let mut inlet = Inlet::new();
    inlet.map("Order Completed", "tenants_set", r#"{"id":"data.org","properties":"data.set"}"#);
    inlet.map("Closed", "tenants_delete", r#"{"id":"data.org"}"#);
    let close = r#"{"type":"track","event":"Closed","properties":{"org":"t1"}}"#;
    insta::assert_snapshot!(inlet.one(close).reason(), @"the tenant is not known; there is nothing to delete");
    let entry = inlet.one(&track(r#"{"org":"t1","set":{"settings":{"branding":{"a":1}}}}"#));
    assert_eq!(entry.result("id"), r#""t1""#);
    inlet.one(&track(r#"{"org":"t1","set":{"settings":{"branding":{"b":2}}}}"#));
    let tenant = RecipientKey::tenant("t1");
    assert_eq!(inlet.recipient(&tenant), Some(r#"{"settings":{"branding":{"a":1,"b":2}}}"#));
    assert_eq!((inlet.one(close).outcome(), inlet.recipient(&tenant)), ("executed", None));
}
