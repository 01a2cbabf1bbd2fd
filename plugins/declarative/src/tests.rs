//! Rules against plugins that do the same in Rust, forms of rules that those do not need, and bytes that are no rules.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use inlet_plugin::{Body, Event, Field, Item, Notice, Plugin, Pointed, Request, Translation, Value, testing};
use inlet_plugin_segment::Segment;
use inlet_plugin_stripe::Stripe;
use inlet_rules::{Program, compile, read};
use proptest::prelude::*;

use crate::{translate, translate_by};

/// Compiles the rules of a TOML text.
fn compiled(rules: &str) -> Vec<u8> {
    compile(&read(&toml::from_str(rules).unwrap()).unwrap_or_else(|faults| panic!("{}", faults.join("\n")))).unwrap()
}

fn folder(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compiles the rules of a twin's plugin.toml.
fn twin(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(folder("twins").join(name).join("plugin.toml")).unwrap();
    let manifest: serde_json::Value = toml::from_str(&text).unwrap();
    compile(&read(&manifest["rules"]).unwrap()).unwrap()
}

fn by(rules: &[u8], request: &Request) -> Result<Translation, Notice> {
    translate(&Program::decode(rules).unwrap(), request)
}

/// Removes sentences, which follow the platform's name.
fn silent(translation: Result<Translation, Notice>) -> Result<Translation, Notice> {
    let silent = |notice: Notice| Notice { message: String::new(), ..notice };
    let item = |item| match item {
        Item::Ignored(notice) => Item::Ignored(silent(notice)),
        Item::Rejected(notice) => Item::Rejected(silent(notice)),
        event => event,
    };
    let translation = translation.map_err(silent)?;
    Ok(Translation { items: translation.items.into_iter().map(item).collect(), ..translation })
}

/// Returns the names of the cases that a plugin and its rules translate differently.
fn differences<P: Plugin>(rules: &[u8], cases: &str) -> Vec<String> {
    let requests = testing::requests(folder(cases));
    let differs = |(name, request): (String, Request)| {
        (silent(P::translate(&request)) != silent(by(rules, &request))).then_some(name)
    };
    requests.into_iter().filter_map(differs).collect()
}

#[test]
fn rules_do_all_that_the_plugin_for_stripe_does() {
    assert_eq!(differences::<Stripe>(&twin("stripe"), "../platforms/stripe/cases"), [""; 0]);
}

#[test]
fn rules_do_what_data_can_say_of_the_plugin_for_segment() {
    let beyond = [
        // Calls that their sender wrapped again.
        "batch-mixed-with-wrapped",
        "batch-wrapped",
        // Replies, and parts of calls that the operator's path names.
        "handshake-create-audience",
        "handshake-get-audience",
        "names-that-are-no-strings",
        "no-handshake",
        // The call's type as the end of the path.
        "sdk-page-without-type-in-an-array",
        "subset-without-a-name",
        // Warnings.
        "types-that-are-no-names",
    ];
    assert_eq!(differences::<Segment>(&twin("segment"), "../segment/cases"), beyond);
}

/// A request with these headers.
fn request(body: &str, headers: &[(&str, &str)]) -> Request {
    let headers = headers.iter().map(|(name, value)| Field::new(*name, *value)).collect();
    Request { headers, body: Body::Text(body.to_owned()), ..Request::default() }
}

#[test]
fn hints_are_texts_of_the_first_that_is_present_and_may_differ_for_some_events() {
    let rules = r#"
        batch = "/events"
        event_type = "/type"
        tenant = ["/account", "up:/account"]
        anonymous_id = "{/device}-{/session}"
        group_id = "header:x-group"

        [[events]]
        when = { at = "/type", equals = "b" }
        tenant = []
        group_id = "/group"
    "#;
    let body = r#"{"account":7,"events":[
        {"type":"a","account":null,"device":"d","session":1},
        {"type":"b","account":"x","group":[]},
        {"type":"c","account":"\u00e9"}
    ]}"#;
    let found = by(&compiled(rules), &request(body, &[("x-group", "g")])).unwrap().items;
    let extras = |index: usize| -> Vec<(&str, &str)> {
        match &found[index] {
            Item::Event(event) => {
                event.extras.iter().map(|extra| (extra.name.as_str(), extra.value.as_str())).collect()
            }
            other => panic!("{other:?}"),
        }
    };
    let expected: [Vec<(&str, &str)>; 3] = [
        vec![("tenant", "7"), ("anonymous_id", "d-1"), ("group_id", "g")],
        vec![("warning", "The hint group_id is an array and was not used; expected a string or a number.")],
        vec![("tenant", "é"), ("group_id", "g")],
    ];
    assert_eq!([extras(0), extras(1), extras(2)], expected);
}

fn items(rules: &str, body: &str) -> Vec<Item> {
    by(&compiled(rules), &request(body, &[])).unwrap().items
}

fn event(items: &[Item], index: usize) -> &Event {
    match &items[index] {
        Item::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

/// Other rules lead through members of the item, which have a place of their own in the program.
#[test]
fn the_empty_pointer_is_the_whole_whatever_else_is_read() {
    let rules =
        |data: &str| format!("event_type = \"/type\"\nkey = \"/a/b/c\"\nuser_id = \"body:/x/y\"\ndata = {data}");
    let body = r#"{"type":"paid","a":{"b":{"c":"k"}},"x":{"y":"u"}}"#;
    for (data, at) in [(r#""""#, ""), (r#"["/event", ""]"#, ""), (r#""body:""#, ""), (r#"["/event", "/a"]"#, "/a")] {
        assert_eq!(event(&items(&rules(data), body), 0).data, Some(Value::at(at)), "{data}");
    }
    assert_eq!(
        event(&items(&rules("{ whole = \"\" }"), body), 0).data,
        Some(Value::Assembled(vec![Pointed { key: "whole".to_owned(), at: String::new() }]))
    );
}

#[test]
fn batches_within_batches_know_what_they_are_in() {
    let rules = r#"
        batch = ["/entry", ["/changes", "/messaging"], "/value/messages"]
        event_type = ["{body:/object}.{up:/field}.{/type}", "{body:/object}.{/field}", "{body:/object}"]
        user_id = "/from"
        key = ["{up2:/id}/{/id}", "{up:/id}", "/id"]
        time = ["/timestamp", "up:/time"]
    "#;
    let body = r#"{"object":"whatsapp","entry":[
        {"id":1,"changes":[{"field":"messages","value":{"messages":[
            {"id":"m1","from":"+1","type":"text","timestamp":"7"},{"id":"m2","type":"image"}]}}]},
        {"id":2,"time":9,"messaging":[{"field":"status"}]},
        {"id":3},
        {"id":4,"changes":[]},
        5
    ]}"#;
    let items = items(rules, body);
    assert_eq!(items.len(), 6, "{items:?}");
    let first = event(&items, 0);
    assert_eq!(first.event_type, "whatsapp.messages.text");
    assert_eq!(first.user_id, Some(Value::at("/entry/0/changes/0/value/messages/0/from")));
    assert_eq!(first.idempotency_key, Some(Value::Made("\"1/m1\"".to_owned())));
    assert_eq!(first.original.as_deref(), Some("/entry/0/changes/0/value/messages/0"));
    assert_eq!(event(&items, 1).event_type, "whatsapp.messages.image");
    let second = event(&items, 2);
    assert_eq!(
        (second.event_type.as_str(), second.original.as_deref()),
        ("whatsapp.status", Some("/entry/1/messaging/0"))
    );
    assert_eq!(second.occurred_at, Some(Value::at("/entry/1/time")));
    assert_eq!(second.idempotency_key, Some(Value::Made("\"2\"".to_owned())));
    assert_eq!(event(&items, 3).event_type, "whatsapp");
    assert!(
        matches!(&items[4], Item::Ignored(notice) if notice.at.as_deref() == Some("/entry/3/changes")),
        "{items:?}"
    );
    assert!(matches!(&items[5], Item::Rejected(notice) if notice.code == "not_an_object"), "{items:?}");
}

#[test]
fn all_batches_of_an_object_are_read() {
    let items =
        items("batch = [[\"/a\", \"/b\"]]\nevent_type = \"/t\"", r#"{"b":[{"t":"3"}],"a":[{"t":"1"},{"t":"2"}]}"#);
    let types: Vec<_> = (0..3).map(|index| event(&items, index).event_type.as_str()).collect();
    assert_eq!((types, items.len()), (vec!["1", "2", "3"], 3));
}

#[test]
fn options_and_elements_say_where_values_are() {
    let rules = r#"
        event_type = "/type"
        user_id = ["/data/<user_field>", "/target/[type=User]/id", "/target/0/id"]
        data = { mail = "/target/[kind~1of=e~0mail]/x", second = "/target/1" }
    "#;
    let body = r#"{"type":"a","data":{"u/1":7,"<user_field>":8},"target":[
        {"type":"App","id":1},{"type":"User","type":"Group","id":2},{"type":"User","id":3},{"type":"User","id":4},{"kind/of":"e~mail"}]}"#;
    let of = |options: &str| {
        let request = Request { options: options.to_owned(), ..request(body, &[]) };
        event(&by(&compiled(rules), &request).unwrap().items, 0).clone()
    };
    assert_eq!(of(r#"{"user_field":"u/1"}"#).user_id, Some(Value::at("/data/u~11")));
    for options in ["{}", r#"{"user_field":""}"#, r#"{"user_field":7}"#, r#"{"user_field":"none"}"#] {
        assert_eq!(of(options).user_id, Some(Value::at("/target/2/id")), "{options}");
    }
    let second = Pointed { key: "second".to_owned(), at: "/target/1".to_owned() };
    assert_eq!(of("{}").data, Some(Value::Assembled(vec![second])));
}

#[test]
fn lines_and_arrays_have_an_item_for_each() {
    let rules = "array = true\nevent_type = \"/type\"\nuser_id = \"body:/0/user\"";
    for body in ["[{\"type\":\"a\"},{\"type\":7},{\"type\":\"c\"}]", "{\"type\":\"a\"}\n{\"type\":7}\n{\"type\":\"c\"}"]
    {
        let items = items(rules, body);
        assert_eq!((event(&items, 0).event_type.as_str(), event(&items, 2).event_type.as_str()), ("a", "c"));
        assert!(matches!(&items[1], Item::Rejected(notice) if notice.code == "wrong_type"), "{items:?}");
    }
    let error = by(&compiled("event_type = \"/type\""), &request("[]", &[])).unwrap_err();
    assert_eq!(error.code, "not_an_object");
}

#[test]
fn headers_and_templates_are_written_and_pointers_are_kept() {
    let rules = compiled(
        r#"
        event_type = ["{header:x-topic}.{/action|lower}", "header:x-topic", "unnamed"]
        user_id = ["/data/to/1", "/data/to/0/id"]
        key = ["header:x-id", "/id"]
        time = "header:x-time"
        data = { email = ["/data/email", "/email"], "a/b" = "/a~1b", none = "/none" }
        "#,
    );
    let body = r#"{"action":"OPENED","id":9007199254740993,"data":{"to":[{"id":1.10}],"email":null},"a/b":{}}"#;
    let of = |headers: &[(&str, &str)]| event(&by(&rules, &request(body, headers)).unwrap().items, 0).clone();
    let event = of(&[("x-topic", "issues"), ("x-id", "d\"1"), ("x-time", "2026-01-02")]);
    assert_eq!(event.event_type, "issues.opened");
    assert_eq!(event.user_id, Some(Value::at("/data/to/0/id")));
    assert_eq!(event.idempotency_key, Some(Value::Made(r#""d\"1""#.to_owned())));
    assert_eq!(event.occurred_at, Some(Value::Made(r#""2026-01-02""#.to_owned())));
    let pointed = |key: &str, at: &str| Pointed { key: key.to_owned(), at: at.to_owned() };
    // A member that is null stays.
    assert_eq!(event.data, Some(Value::Assembled(vec![pointed("a/b", "/a~1b"), pointed("email", "/data/email")])));
    let event = of(&[("x-id", "")]);
    assert_eq!(event.event_type, "unnamed");
    assert_eq!(event.idempotency_key, Some(Value::Made("\"9007199254740993\"".to_owned())), "a key is a text");
    assert_eq!(event.occurred_at, None);
}

#[test]
fn conditions_hold_as_documented() {
    let holds = |condition: &str, body: &str| {
        let rules = format!("event_type = \"x\"\nignore = [{{ when = {condition}, code = \"a\", message = \"b\" }}]");
        matches!(&items(&rules, body)[..], [Item::Ignored(_)])
    };
    let body = r#"{"text":"Ab","number":7,"yes":true,"null":null,"empty":"","object":{},"cut":"\ud800"}"#;
    for condition in [
        r#"{ at = "/text", equals = "Ab" }"#,
        r#"{ at = "/text|lower", in = ["x", "ab"] }"#,
        r#"{ at = "/text", starts_with = ["x", "A"] }"#,
        r#"{ at = "/text", not_in = ["ab", 7] }"#,
        r#"{ at = "/number", equals = 7 }"#,
        r#"{ at = "/yes", equals = true }"#,
        r#"{ at = "/null", missing = true }"#,
        r#"{ at = "/empty", missing = true }"#,
        r#"{ at = "/none", not_equals = 7 }"#,
        r#"{ at = "/object", exists = true }"#,
        r#"{ at = "/cut", exists = true }"#,
        r#"[{ at = "/text", exists = true }, { at = "event_type", equals = "x" }]"#,
    ] {
        assert!(holds(condition, body), "{condition}");
    }
    for condition in [
        r#"{ at = "/text", equals = "ab" }"#,
        r#"{ at = "/number", equals = "7" }"#,
        r#"{ at = "/number", not_equals = 7 }"#,
        r#"{ at = "/yes", equals = "true" }"#,
        r#"{ at = "/yes", equals = false }"#,
        r#"{ at = "/object", missing = true }"#,
        r#"{ at = "/cut", starts_with = "\ud7ff" }"#,
        r#"[{ at = "/text", exists = true }, { at = "/none", exists = true }]"#,
    ] {
        assert!(!holds(condition, body), "{condition}");
    }
}

#[test]
fn values_outside_of_the_items_cannot_fill_the_sandbox() {
    let of = |rules: &str, kind: &str| {
        let rules = format!("batch = \"/items\"\n{rules}");
        let body = format!(r#"{{"type":"{kind}","items":[{}{{}}]}}"#, "{},".repeat(15_000));
        by(&compiled(&rules), &request(&body, &[])).map(|found| found.items.len()).map_err(|notice| notice.code)
    };
    let ignore = "ignore = [{ when = { at = \"event_type\", exists = true }, code = \"a\", message = \"b\" }]";
    for rules in [
        "event_type = \"{body:/type}\"".to_owned(),
        format!("event_type = \"{{body:/type}}\"\n{ignore}"),
        "event_type = \"a\"\nignore = [{ when = { at = \"body:/type\", equals = \"b\" }, code = \"a\", message = \"b\" }]".to_owned(),
    ] {
        assert_eq!(of(&rules, "t"), Ok(15_001), "{rules}");
        assert_eq!(of(&rules, &"t".repeat(60_000)), Err("too_long".to_owned()), "{rules}");
    }
    // What is too long to be read is no reason to refuse the other items.
    assert_eq!(of("event_type = [\"{/type}\", \"a\"]\nkey = \"{body:/type}\"", &"t".repeat(1_000_000)), Ok(15_001));
}

#[test]
fn no_rules_reject() {
    assert_eq!(translate_by(&[], &request("{}", &[])).unwrap_err().code, "no_rules");
}

const BODY: &str = r#"{"type":"Track","event":"e","userId":1,"batch":[{"type":"page","name":"x","properties":{}},[]],"data":{"object":{"customer":"c"}}}"#;

proptest! {
    #[test]
    fn no_bytes_in_the_place_of_rules_crash(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = translate_by(&bytes, &request(BODY, &[]));
    }

    #[test]
    fn no_damaged_rules_crash(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), segment: bool) {
        let mut rules = twin(if segment { "segment" } else { "stripe" });
        for (at, byte) in damage {
            let place = at.index(rules.len());
            rules[place] = byte;
        }
        for body in [BODY, "[{}]", "{\"batch\":[]}"] {
            let _ = translate_by(&rules, &request(body, &[]));
        }
    }
}
