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

/// An event whose data its plugin wrote, as it does for a form, a query or XML.
fn written(data: &str) -> Vec<Item> {
    let mut event = event("e", "", "none");
    event.data = Some(Value::Made(data.to_owned()));
    vec![Item::Event(event)]
}

#[test]
fn a_path_into_the_data_is_blanked_where_the_data_comes_from() {
    let mut inlet = redacting(&["data.card"]);
    inlet.trigger(r#"{"key":"k","recipients":{"id":"user_id"},"data":{"a":"data.card","b":"properties.card"}}"#);
    let entry = inlet.one(&track(r#"{"card":"4242","n":1}"#));
    assert_eq!(entry.data(), r#"{"card":"[redacted]","n":1}"#);
    assert!(!stored(&entry).contains("4242"), "{}", stored(&entry));
    assert_eq!(entry.log.redacted, ["data.card"]);
    let mut inlet = redacting(&["data.card"]);
    inlet.settings.data_path = path("properties.inner");
    let entry = inlet.one(&track(r#"{"inner":{"card":"4242"}}"#));
    assert!(!stored(&entry).contains("4242"), "{}", stored(&entry));
}

#[test]
fn a_path_into_data_that_lies_outside_of_the_item_is_blanked() {
    let body = r#"{"item":{"n":1},"shared":{"card":"4242"}}"#;
    let mut event = event("e", "/item", "none");
    event.data = Some(Value::At("/shared".to_owned()));
    let entry = &redacting(&["data.card"]).deliver(body, &translated(vec![Item::Event(event)]))[0];
    assert_eq!(entry.data(), r#"{"card":"[redacted]"}"#);
    assert_eq!(entry.log.redacted, ["data.card"]);
}

#[test]
fn the_form_and_the_data_that_a_plugin_wrote_of_it_are_blanked() {
    let form = "event=e&e%6dail=ana%40example.com&address.city=Faro&n=1";
    let data = r#"{"event":"e","email":"ana@example.com","address.city":"Faro","n":"1"}"#;
    for (email, city) in [
        ("data.email", "data.address.city"),
        ("properties.email", "properties.address"),
        ("body.email", r#"body["address.city"]"#),
        ("event.email", "event.data.address.city"),
        ("email", "query.address.city"),
        ("context.traits.email", "traits.address.city"),
    ] {
        let mut inlet = redacting(&[email, city]);
        inlet.trigger(r#"{"key":"k","recipients":{"id":"data.n"},"data":"data"}"#);
        let entry = &inlet.deliver(form, &translated(written(data)))[0];
        assert_eq!(
            entry.data(),
            r#"{"event":"e","email":"[redacted]","address.city":"[redacted]","n":"1"}"#,
            "{email}"
        );
        assert_eq!(entry.original(), "event=e&e%6dail=%5Bredacted%5D&address.city=%5Bredacted%5D&n=1", "{email}");
        assert_eq!(entry.log.redacted, [email, city]);
        let stored = stored(entry);
        assert!(!stored.contains("ana") && !stored.contains("Faro"), "{stored}");
    }
    let entry = &redacting(&["data.other"]).deliver(form, &translated(written(data)))[0];
    assert_eq!((entry.data(), entry.original()), (data, form));
    assert!(entry.log.redacted.is_empty());
}

#[test]
fn a_form_that_was_rejected_is_blanked_too() {
    let form = "email=ana%40example.com&n=1";
    let items = vec![Item::Rejected(notice("x", "it is not wanted", None))];
    let entry = &redacting(&["data.email"]).deliver(form, &translated(items))[0];
    assert_eq!(entry.original(), "email=%5Bredacted%5D&n=1");
    assert_eq!(entry.log.redacted, ["data.email"]);
}

#[test]
fn a_body_in_another_format_is_blanked_as_a_whole_once_it_is_an_event() {
    let xml = "<root><email>ana@example.com</email></root>";
    let entry = &redacting(&["data.email"]).deliver(xml, &translated(written(r#"{"email":"ana@example.com"}"#)))[0];
    assert_eq!((entry.data(), entry.original()), (r#"{"email":"[redacted]"}"#, "[redacted]"));
    assert_eq!(entry.log.redacted, ["data.email", "body"]);
    let items = vec![Item::Rejected(notice("x", "it is not wanted", None))];
    let entry = &redacting(&["data.email"]).deliver(xml, &translated(items))[0];
    assert_eq!(entry.original(), xml, "it can be translated again");
    assert!(entry.log.warnings[0].contains("redact_paths find no value"), "{:?}", entry.log.warnings);
}

#[test]
fn data_that_a_plugin_wrote_of_json_is_blanked() {
    let body = r#"{"user":{"email":"ana@example.com"}}"#;
    for path in ["user.email", "data.mail.email", "data.mail"] {
        let mut event = event("e", "", "none");
        event.data = Some(Value::Made(r#"{"mail":{"email":"ana@example.com"},"email":"ana@example.com"}"#.to_owned()));
        let entry = &redacting(&[path]).deliver(body, &translated(vec![Item::Event(event)]))[0];
        let data = entry.data();
        let is_blanked = match path {
            "user.email" => data.ends_with(r#""email":"[redacted]"}"#) && !entry.original().contains("ana"),
            _ => data.starts_with(r#"{"mail":"[redacted]""#) || data.starts_with(r#"{"mail":{"email":"[redacted]"}"#),
        };
        assert!(is_blanked, "{path}: {data}");
    }
}

#[test]
fn lines_rejected_as_a_whole_are_blanked_line_by_line() {
    let body = "{\"card\":\"4242\"}\n{\"card\":\"4343\",\n";
    let items = vec![Item::Rejected(notice("x", "it is not wanted", None))];
    let entry = &redacting(&["card"]).deliver(body, &translated(items))[0];
    assert!(!entry.original().contains("4242"), "{}", entry.original());
    assert_eq!(entry.log.warnings.len(), 1, "the second line is no JSON");
}

#[test]
fn a_replay_applies_paths_that_were_added_since_to_forms_and_written_data() {
    let form = "email=ana%40example.com&n=1";
    let logged = Inlet::new().deliver(form, &translated(written(r#"{"email":"ana@example.com","n":"1"}"#)))[0].logged();
    let entry = redacting(&["data.email"]).replay(logged);
    assert_eq!((entry.data(), entry.original()), (r#"{"email":"[redacted]","n":"1"}"#, "email=%5Bredacted%5D&n=1"));
    assert_eq!(entry.log.redacted, ["data.email"]);
    let mut inlet = Inlet::new();
    let logged = inlet.one(&track(r#"{"email":"ana@example.com","n":1}"#)).logged();
    let entry = redacting(&["data.email"]).replay(logged);
    assert!(!stored(&entry).contains("ana"), "{}", stored(&entry));
}
