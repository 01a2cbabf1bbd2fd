//! §7: `redact_paths` are blanked before storing, and the entry says so.

use inlet_core::{
    contract::{Item, Value},
    path::Path,
};

use crate::world::*;

fn redacting(paths: &[&str]) -> Inlet {
    let mut inlet = Inlet::new();
    inlet.settings.redact_paths = paths.iter().map(|path| Path::parse(path).unwrap()).collect();
    inlet
}

/// Everything that would be stored of an entry.
fn stored(entry: &Entry) -> String {
    format!("{:?} {:?}", entry.log, entry.done)
}

#[test]
fn the_original_the_data_and_the_action_payload_are_blanked_and_the_entry_says_so() {
    let mut inlet = redacting(&["properties.card"]);
    inlet.trigger(r#"{"key":"k","recipients":{"id":"user_id","card":"properties.card"},"data":"data"}"#);
    let entry = inlet.one(&track(r#"{"card":"4242","n":1.10}"#));
    assert_eq!(entry.data(), r#"{"card":"[redacted]","n":1.10}"#);
    assert_eq!(entry.original(), track(r#"{"card":"[redacted]","n":1.10}"#));
    assert_eq!(entry.payload("data"), entry.data());
    assert_eq!(inlet.user("u1"), Some(r#"{"card":"[redacted]"}"#));
    assert_eq!(entry.log.redacted, ["properties.card"]);
    assert!(!stored(&entry).contains("4242"));
}

#[test]
fn manifest_defaults_plus_the_operator_s() {
    let mut inlet = redacting(&["body.properties.b[0]"]);
    inlet.manifest_redacts = vec![Path::parse("properties.a").unwrap()];
    let entry = inlet.one(&track(r#"{"a":{"deep":1},"b":[2,3]}"#));
    assert_eq!(entry.data(), r#"{"a":"[redacted]","b":["[redacted]",3]}"#);
    assert_eq!(entry.log.redacted, ["properties.a", "body.properties.b[0]"]);
}

#[test]
fn a_path_that_finds_nothing_leaves_the_item_byte_for_byte_and_is_not_said() {
    let body = "{ \"type\":\"track\",\"event\":\"e\", \"properties\":{\"a\":1, \"a\":2} }";
    let entry = redacting(&["properties.b"]).one(body);
    assert_eq!(entry.original(), body);
    assert!(entry.log.redacted.is_empty());
    let entry = redacting(&["properties.card"]).one(&track(r#"{"card":null,"n":1}"#));
    assert_eq!(entry.data(), r#"{"card":null,"n":1}"#, "null holds nothing to hide");
    assert!(entry.log.redacted.is_empty());
}

#[test]
fn the_earlier_of_two_duplicates_does_not_stay_readable() {
    let entry = redacting(&["properties.card"]).one(&track(r#"{"card":"4242","card":"4243"}"#));
    assert!(!stored(&entry).contains("424"), "{}", entry.original());
}

#[test]
fn nor_does_one_below_an_earlier_duplicate() {
    let body = r#"{"type":"track","event":"e","properties":{"card":"4242"},"properties":{"n":1}}"#;
    let entry = redacting(&["properties.card"]).one(body);
    assert!(!stored(&entry).contains("4242"), "{}", entry.original());
}

#[test]
fn nor_one_under_an_escaped_name() {
    let entry = redacting(&["properties.card"]).one(&track(r#"{"c\u0061rd":"4242"}"#));
    assert!(!stored(&entry).contains("4242"), "{}", entry.original());
}

#[test]
fn what_lies_in_assembled_data_is_blanked() {
    let body = with(&identify(r#"{"plan":{"card":"4242"}}"#), "context", r#"{"traits":{"ssn":"123-45"}}"#);
    let mut event = event("identify", "", "traits");
    let member = |name: &str, pointer: &str| (name.to_owned(), pointer.to_owned());
    event.data = Some(Value::Assembled(vec![
        member("plan", "/context/traits/none"),
        member("plan", "/traits/plan"),
        member("ssn", "/context/traits/ssn"),
    ]));
    let mut inlet = redacting(&["traits.plan.card", "context.traits.ssn"]);
    let entry = &inlet.deliver(&body, &translated(vec![Item::Event(event)]))[0];
    assert_eq!(entry.data(), r#"{"plan":{"card":"[redacted]"},"ssn":"[redacted]"}"#);
}

#[test]
fn an_assembled_member_named_twice_stays_one_member_when_something_is_blanked() {
    let body = with(&identify(r#"{"plan":"pro","card":"4242"}"#), "context", r#"{"traits":{"plan":"old"}}"#);
    let mut event = event("identify", "", "traits");
    let member = |pointer: &str| ("plan".to_owned(), pointer.to_owned());
    event.data = Some(Value::Assembled(vec![member("/context/traits/plan"), member("/traits/plan")]));
    let entry = &redacting(&["traits.card"]).deliver(&body, &translated(vec![Item::Event(event)]))[0];
    assert_eq!(entry.data(), r#"{"plan":"pro"}"#);
}

#[test]
fn an_assembled_member_from_outside_of_the_item_stays_when_something_is_blanked() {
    let body = r#"{"account":"a1","item":{"card":"4242","n":1}}"#;
    let mut event = event("e", "/item", "none");
    let member = |name: &str, pointer: &str| (name.to_owned(), pointer.to_owned());
    event.data = Some(Value::Assembled(vec![
        member("account", "/account"),
        member("card", "/item/card"),
        member("n", "/item/n"),
    ]));
    let entry = &redacting(&["card"]).deliver(body, &translated(vec![Item::Event(event)]))[0];
    assert_eq!(entry.data(), r#"{"account":"a1","card":"[redacted]","n":1}"#);
}

#[test]
fn every_item_of_a_batch_is_blanked() {
    let item = track(r#"{"card":"4242"}"#);
    for entry in redacting(&["properties.card"]).send(&batch(&[&item, &item, &item])) {
        assert!(!stored(&entry).contains("4242"));
    }
}

#[test]
fn blanking_the_data_as_a_whole_leaves_an_empty_object() {
    let entry = redacting(&["properties"]).one(&track(r#"{"card":"4242"}"#));
    assert_eq!(entry.data(), "{}");
    assert!(!stored(&entry).contains("4242"));
}

#[test]
fn blanking_what_the_data_lies_in_leaves_nothing_of_it() {
    let body = r#"{"context":{"traits":{"card":"4242"}}}"#;
    let items = vec![Item::Event(event("identify", "", "context/traits"))];
    let entry = &redacting(&["context"]).deliver(body, &translated(items))[0];
    assert!(!stored(entry).contains("4242"), "{}", entry.data());
}

#[test]
fn blanking_what_data_path_lies_in_leaves_nothing_of_it() {
    let mut inlet = redacting(&["properties"]);
    inlet.settings.data_path = path("properties.inner");
    let entry = inlet.one(&track(r#"{"inner":{"card":"4242"}}"#));
    assert!(!stored(&entry).contains("4242"), "{}", entry.data());
}

#[test]
fn a_body_path_that_a_setting_would_find_is_blanked() {
    // `body.…` is the item's own JSON; an item may also have a member `body`.
    let entry = redacting(&["body.card"]).one(r#"{"type":"track","event":"e","body":{"card":"4242"}}"#);
    assert!(!stored(&entry).contains("4242"), "{}", entry.original());
}

#[test]
fn a_rejected_item_is_blanked_too() {
    let entry = redacting(&["properties.card"]).one(&with(&track(r#"{"card":"4242"}"#), "userId", "true"));
    assert_eq!(entry.outcome(), "rejected");
    assert!(!stored(&entry).contains("4242"), "{}", entry.original());
    assert_eq!(entry.log.redacted, ["properties.card"]);
}

#[test]
fn an_item_rejected_for_its_depth_is_blanked_too() {
    let properties = format!(r#"{{"card":"4242","deep":{}}}"#, nested(200));
    let entry = redacting(&["properties.card"]).one(&track(&properties));
    assert_eq!(entry.outcome(), "rejected");
    assert!(!stored(&entry).contains("4242"), "{}", entry.original());
}

#[test]
fn what_a_plugin_ignored_or_rejected_is_blanked_too() {
    let body = track(r#"{"card":"4242"}"#);
    let notice = notice("x", "it is not wanted", Some(""));
    for item in [Item::Ignored(notice.clone()), Item::Rejected(notice)] {
        let entry = &redacting(&["properties.card"]).deliver(&body, &translated(vec![item]))[0];
        assert!(!stored(entry).contains("4242"));
        assert_eq!(entry.log.redacted, ["properties.card"]);
    }
}

#[test]
fn the_values_that_decide_are_read_before_blanking() {
    // Same key, other data: what differs may be what is blanked; the key still counts.
    let mut inlet = redacting(&["messageId", "properties.card"]);
    inlet.settings.enforce_idempotency = true;
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"k"}"#);
    assert_eq!(inlet.one(&keyed("m1", &track(r#"{"card":1}"#))).outcome(), "executed");
    assert_eq!(inlet.one(&keyed("m1", &track(r#"{"card":2}"#))).outcome(), "replayed");
}
