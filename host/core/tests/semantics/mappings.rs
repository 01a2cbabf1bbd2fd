//! §1 and §5: what a mapping matches, paths and parameters.

use inlet_core::{
    actions,
    contract::{Field, Item},
};
use proptest::prelude::*;

use crate::world::*;

/// Returns the resolved value of one parameter of a trigger for u1, and its origin.
fn resolved(parameter: &str, item: &str) -> (String, String) {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.headers = vec![Field::new("x-shop", "berlin"), Field::new("x-tag", "a"), Field::new("x-tag", "b")];
    inlet.trigger(&format!(r#"{{"key":"k","recipients":{{"value":"u1"}},"data":{{"it":{parameter}}}}}"#));
    let entry = inlet.one(item);
    assert_eq!(entry.outcome(), "executed", "{}", entry.reason());
    let it = inlet_core::json::member(&entry.run().data, "it").unwrap().to_owned();
    (it, entry.found_in("data.it"))
}

fn at(path: &str, item: &str) -> (String, String) {
    resolved(&inlet_core::json::quote(path), item)
}

fn found(value: &str, place: &str) -> (String, String) {
    (value.to_owned(), place.to_owned())
}

const NOWHERE: &str = "(none)";

#[test]
fn a_plain_name_also_matches_the_track_event_of_that_name() {
    // In a mapping, a plain name that is not one of those call types also matches `track/<name>`.
    let executed = |mapped: &str, item: &str| {
        let mut inlet = Inlet::new();
        inlet.knows("u1");
        inlet.map(mapped, "workflows_trigger", r#"{"key":"k"}"#);
        inlet.one(item).outcome() == "executed"
    };
    let named = |name: &str| with(&track("{}"), "event", &format!("\"{name}\""));
    assert!(executed("Order Completed", &named("Order Completed")));
    assert!(executed("track/Order Completed", &named("Order Completed")));
    assert!(!executed("order completed", &named("Order Completed")), "the name as sent");
    assert!(!executed("identify", &named("identify")));
    assert!(executed("track/identify", &named("identify")));
    assert!(executed("page", r#"{"type":"PAGE","userId":"u1"}"#));
    assert!(!executed("page", r#"{"type":"page","name":"Home","userId":"u1"}"#));
    assert!(executed("page/Home", r#"{"type":"page","name":"Home","userId":"u1"}"#));
    assert!(!executed("Home", r#"{"type":"page","name":"Home","userId":"u1"}"#));
}

#[test]
fn paths_of_the_common_format() {
    let item = track(r#"{"n":1.10,"user":{"id":"x"}}"#);
    assert_eq!(at("user_id", &item), found(r#""u1""#, "event"));
    assert_eq!(at("data", &item), found(r#"{"n":1.10,"user":{"id":"x"}}"#, "event"));
    assert_eq!(at("data.n", &item), found("1.10", "event"));
    assert_eq!(at("data.user.id", &item), found(r#""x""#, "event"));
    assert_eq!(at("event.properties.n", &item), found("1.10", "event"));
}

#[test]
fn the_item_s_own_json_and_lower_case_header_names() {
    let item = track(r#"{"n":1.10}"#);
    assert_eq!(at("body.properties.n", &item), found("1.10", "item"));
    assert_eq!(at("body", &item), found(&item, "item"));
    assert_eq!(at("headers.x-shop", &item), found(r#""berlin""#, "headers"));
    assert_eq!(at("headers.X-Shop", &item), found(r#""berlin""#, "headers"));
    assert_eq!(at(r#"headers["x-shop"]"#, &item), found(r#""berlin""#, "headers"));
    assert_eq!(at("headers.x-tag", &item), found(r#""a, b""#, "headers"));
    assert_eq!(at("headers.authorization", &item), found("null", NOWHERE));
}

#[test]
fn the_common_event_first_then_the_item_as_it_came() {
    let item = with(&track(r#"{"n":1,"recipients":["x"]}"#), "data", r#"{"n":2,"only":3}"#);
    assert_eq!(at("data.n", &item), found("1", "event"));
    assert_eq!(at("data.only", &item), found("3", "item"));
    assert_eq!(at("userId", &item), found(r#""u1""#, "item"));
    assert_eq!(at("properties.recipients", &item), found(r#"["x"]"#, "item"));
    let stripe = with(&track("{}"), "data", r#"{"object":{"customer":"cus_1"}}"#);
    assert_eq!(at("data.object.customer", &stripe), found(r#""cus_1""#, "item"));
    let own = with(&with(&track("{}"), "body", r#"{"b":1}"#), "headers", r#"{"h":2}"#);
    assert_eq!(at("body.b", &own), found("1", "item"));
    assert_eq!(at("headers.h", &own), found("2", "item"));
}

#[test]
fn both_ways_index_arrays_and_quotes_name_a_key_with_dots() {
    let item = track(r#"{"a":[{"b":1},{"b":2}],"a.b":3,"0":4,"\"":5}"#);
    assert_eq!(at("data.a[1].b", &item).0, "2");
    assert_eq!(at("data.a.1.b", &item).0, "2");
    assert_eq!(at(r#"data["a.b"]"#, &item).0, "3");
    assert_eq!(at("data.0", &item).0, "4");
    assert_eq!(at(r#"data["\""]"#, &item).0, "5");
    for nothing in ["data.a[2].b", "data.a[-1]x", "data.a.b", "data[0]"] {
        match inlet_core::path::Path::parse(nothing) {
            Ok(_) => assert_eq!(at(nothing, &item).0, "null", "{nothing}"),
            Err(error) => assert!(error.to_string().contains("character"), "{error}"),
        }
    }
}

#[test]
fn a_string_is_a_path_and_value_is_a_constant() {
    let item = track(r#"{"n":1}"#);
    assert_eq!(resolved(r#""data.n""#, &item), found("1", "event"));
    assert_eq!(resolved(r#"{"value":"data.n"}"#, &item), found(r#""data.n""#, "constant"));
    assert_eq!(resolved(r#"{"value":9007199254740993}"#, &item), found("9007199254740993", "constant"));
    assert_eq!(resolved(r#"{"value":{"value":null}}"#, &item), found(r#"{"value":null}"#, "constant"));
    assert_eq!(resolved(r#"{"value":null}"#, &item), found("null", "constant"));
}

#[test]
fn value_is_a_constant_only_as_the_sole_key() {
    let item = track(r#"{"v":1,"u":"kg"}"#);
    assert_eq!(resolved(r#"{"value":"data.v","unit":"data.u"}"#, &item).0, r#"{"value":1,"unit":"kg"}"#);
}

#[test]
fn an_object_maps_keys_one_by_one() {
    let item = track(r#"{"n":1.10,"who":"x"}"#);
    let parameter = r#"{"price":"data.n","by":{"id":"user_id","const":{"value":[1]}},"list":["data.who","data.none"]}"#;
    let (it, _) = resolved(parameter, &item);
    assert_eq!(it, r#"{"price":1.10,"by":{"id":"u1","const":[1]},"list":["x",null]}"#);
}

#[test]
fn of_keys_named_twice_in_a_parameter_the_last_wins() {
    assert_eq!(resolved(r#"{"a":"data.n","a":{"value":2}}"#, &track(r#"{"n":1}"#)).0, r#"{"a":2}"#);
}

#[test]
fn a_workflow_s_key_is_a_constant() {
    let item = track(r#"{"n":"other"}"#);
    for key in [r#""data.n""#, r#"{"value":"data.n"}"#] {
        let mut inlet = Inlet::new();
        inlet.knows("u1");
        inlet.trigger(&format!(r#"{{"key":{key}}}"#));
        let entry = inlet.one(&item);
        assert_eq!(entry.run().workflow, "data.n");
        assert_eq!(entry.payload("key"), r#""data.n""#);
    }
}

#[test]
fn an_object_s_collection_is_a_constant() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":[{"collection":"data","id":"data.project","name":"data.name"}]}"#);
    let entry = inlet.one(&track(r#"{"project":"p1","name":"Apollo"}"#));
    let recipient = &entry.run().recipients[0];
    assert_eq!((recipient.collection.as_deref(), recipient.id.as_str()), (Some("data"), "p1"));
}

#[test]
fn the_path_event_alone_is_the_item_s_own_event_member() {
    assert_eq!(at("event", &track("{}")), found(r#""Order Completed""#, "item"));
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.map("page", "workflows_trigger", r#"{"key":"k","data":{"it":"event"}}"#);
    assert_eq!(&*inlet.one(r#"{"type":"page","userId":"u1"}"#).run().data, r#"{"it":null}"#);
}

#[test]
fn an_optional_path_that_finds_nothing_gives_null() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(
        r#"{"key":"k","data":"data.none","actor":"data.none","tenant":"data.none","cancellation_key":"data.none"}"#,
    );
    let entry = inlet.one(&track("{}"));
    assert_eq!(entry.outcome(), "executed");
    for parameter in ["data", "actor", "tenant", "cancellation_key"] {
        assert_eq!(entry.payload(parameter), "null");
        assert_eq!(entry.found_in(parameter), NOWHERE);
    }
    let run = entry.run();
    assert_eq!((&*run.data, &run.actor, &run.tenant, &run.cancellation_key), ("null", &None, &None, &None));
}

#[test]
fn a_missing_required_value_names_the_field_and_the_path() {
    let error = |action_type: &str, parameters: &str, item: &str| {
        let mut inlet = Inlet::new();
        inlet.map("Order Completed", action_type, parameters);
        let entry = inlet.one(item);
        assert_eq!((entry.outcome(), entry.action().status.as_str()), ("failed", "error"));
        assert_eq!((inlet.known(), entry.done.runs().count()), (0, 0), "the action is not carried out");
        entry.reason().to_owned()
    };
    let (item, nobody) = (track(r#"{"none":null}"#), with(&track("{}"), "userId", "null"));
    insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","recipients":"data.owner.id"}"#, &item), @"recipients is required, and the path `data.owner.id` finds nothing");
    insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","recipients":"data.none"}"#, &item), @"recipients is required, and the path `data.none` finds nothing");
    insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k"}"#, &nobody), @"recipients is required, and the path `user_id` finds nothing");
    insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","recipients":{"value":null}}"#, &item), @"recipients is required, and a constant finds nothing");
    insta::assert_snapshot!(error("users_identify", "{}", &nobody), @"user_id is required, and the path `user_id` finds nothing");
    insta::assert_snapshot!(error("users_identify", r#"{"user_id":"data.none"}"#, &item), @"user_id is required, and the path `data.none` finds nothing");
}

#[test]
fn a_missing_id_of_a_mapped_recipient_names_the_field_and_the_path_too() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":{"id":"data.owner.id","name":"data.name"}}"#);
    let entry = inlet.one(&track("{}"));
    assert_eq!(entry.outcome(), "failed");
    assert!(entry.reason().contains("recipients") && entry.reason().contains("data.owner.id"), "{}", entry.reason());
}

#[test]
fn data_or_properties_that_are_no_object_are_an_error() {
    let error = |action_type: &str, parameters: &str| {
        let mut inlet = Inlet::new();
        inlet.knows("u1");
        inlet.map("Order Completed", action_type, parameters);
        let entry = inlet.one(&track(r#"{"n":1,"list":[{}],"flag":false}"#));
        assert_eq!((entry.outcome(), inlet.user("u1")), ("failed", Some("{}")));
        entry.reason().to_owned()
    };
    insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","data":"data.n"}"#), @"data, read from the path `data.n`, is a number; expected an object");
    insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","data":"data.list"}"#), @"data, read from the path `data.list`, is an array; expected an object");
    insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","data":{"value":"x"}}"#), @"data, read from a constant, is a string; expected an object");
    insta::assert_snapshot!(error("users_identify", r#"{"properties":"data.flag"}"#), @"properties, read from the path `data.flag`, is a boolean; expected an object");
}

#[test]
fn a_wrong_type_is_an_error() {
    let error = |parameters: &str| {
        let mut inlet = Inlet::new();
        inlet.knows("u1");
        inlet.trigger(parameters);
        let entry = inlet.one(&track(r#"{"n":1,"o":{}}"#));
        assert_eq!(entry.outcome(), "failed");
        entry.reason().to_owned()
    };
    insta::assert_snapshot!(error(r#"{"key":"k","cancellation_key":"data.n"}"#), @"cancellation_key, read from the path `data.n`, is a number; expected a string");
    insta::assert_snapshot!(error(r#"{"key":"k","actor":"data.n"}"#), @"actor, read from the path `data.n`: it is a number; expected a user id string or an object with an id; the path `user_id` gives the event's user id as a string, and other ids must be sent as strings");
    insta::assert_snapshot!(error(r#"{"key":"k","tenant":"data.o"}"#), @"tenant, read from the path `data.o`: it has no id; expected an object with a string id");
}

#[test]
fn a_path_of_an_item_that_is_no_json_finds_the_common_event_only() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.map("ping", "workflows_trigger", r#"{"key":"k","recipients":{"value":"u1"},"data":{"a":"body.a","b":"a"}}"#);
    let mut event = event("ping", "", "properties");
    event.original = None;
    let entry = &inlet.deliver("a=1&b=2", &translated(vec![Item::Event(event)]))[0];
    assert_eq!(&*entry.run().data, r#"{"a":null,"b":null}"#);
}

proptest! {
    #[test]
    fn a_member_of_the_data_shadows_the_item_s_and_nothing_else(
        name in "[a-c]{1,2}",
        data in prop::collection::btree_map("[a-c]{1,2}", 0..9_u8, 0..4),
        item in prop::collection::btree_map("[a-c]{1,2}", 10..19_u8, 0..4),
    ) {
        let text = |members: &std::collections::BTreeMap<String, u8>| serde_json::to_string(members).unwrap();
        let body = with(&track(&text(&data)), "data", &text(&item));
        let expected = match (data.get(&name), item.get(&name)) {
            (Some(n), _) => found(&n.to_string(), "event"),
            (None, Some(n)) => found(&n.to_string(), "item"),
            (None, None) => found("null", NOWHERE),
        };
        prop_assert_eq!(at(&format!("data.{name}"), &body), expected);
    }

    #[test]
    fn no_mapping_that_is_taken_makes_an_event_panic(
        path in "(data|event|body|headers|user_id|x)([.\\[\\]\"0a]{0,6})",
        item in "[\\[\\]{}\",:0a]{0,12}",
    ) {
        let quoted = inlet_core::json::quote(&path);
        if actions::parse_action("workflows_trigger", &format!(r#"{{"key":"k","recipients":{quoted}}}"#)).is_ok() {
            let mut inlet = Inlet::new();
            inlet.trigger(&format!(r#"{{"key":"k","recipients":{quoted},"data":{{"x":{quoted}}}}}"#));
            inlet.deliver(&item, &translated(vec![Item::Event(event("track/Order Completed", "", "a"))]));
        }
    }
}
