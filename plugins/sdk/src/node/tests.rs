//! Tests of reading names, duplicates, serde_json's private markers, nesting, surrogates and numbers.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::Node;
use crate::{Kind, Value};

fn node(text: &str) -> Node<'_> {
    Node::parse(text, "").unwrap()
}

#[test]
fn keeps_the_text_of_every_value() {
    let node = node(r#" {"a": 9007199254740993, "b": 1.10, "c": 1E400, "d": [ 1 , 2 ] } "#);
    let [a, b, c, d, none] = node.fields(["a", "b", "c", "d", "e"]);
    assert_eq!(a.unwrap().raw(), "9007199254740993");
    assert_eq!(b.unwrap().raw(), "1.10");
    assert_eq!(c.unwrap().raw(), "1E400");
    assert_eq!(d.unwrap().raw(), "[ 1 , 2 ]");
    assert!(none.is_none());
}

#[test]
fn of_duplicates_the_last_wins_however_it_is_written() {
    let node = node(r#"{"type":1,"typ\u0065":2,"other":3}"#);
    assert_eq!(node.get("type").unwrap().raw(), "2");
    assert_eq!(node.get("type").unwrap().at(), "/type");
}

#[test]
fn a_name_is_known_however_it_is_written() {
    let is = |literal: &str, name: &str| {
        let text = format!("{{{literal}:1}}");
        let mut found = false;
        node(&text).for_each_member(|member, value| found = value == "1" && member.is(name));
        found
    };
    for literal in [r#""type""#, r#""typ\u0065""#, r#""\u0074\u0079\u0070\u0065""#] {
        assert!(is(literal, "type"), "{literal}");
    }
    for literal in [r#""typ""#, r#""types""#, r#""Type""#, r#""typ\n""#, r#""\ud800""#, r#""""#] {
        assert!(!is(literal, "type"), "{literal}");
    }
    assert!(is(r#""""#, "") && is(r#""\"""#, "\"") && is("\"\u{2603}\"", "\u{2603}") && !is(r#""\u2603""#, "u2603"));
}

#[test]
fn says_whether_there_is_more_than_was_asked_for() {
    assert!(!node(r#"{"json":1,"json":{}}"#).scan(["json"]).others);
    assert!(node(r#"{"json":{},"x":1}"#).scan(["json"]).others);
    assert!(!node("[1]").scan(["json"]).others);
}

#[test]
fn private_markers_are_ordinary_data() {
    for name in ["$serde_json::private::RawValue", "$serde_json::private::Number"] {
        let text = format!(r#"{{"{name}":"{{}}","a":{{"{name}":"1"}}}}"#);
        let node = node(&text);
        assert_eq!(node.get(name).unwrap().as_str().unwrap(), "{}");
        assert_eq!(node.get(name).unwrap().at(), format!("/{name}"));
        assert_eq!(node.get("a").unwrap().get(name).unwrap().raw(), r#""1""#);
        let array = format!("[{text}]");
        assert_eq!(Node::parse(&array, "").unwrap().items().next().unwrap().raw(), text);
    }
}

#[test]
fn lone_surrogates_hide_nothing_but_themselves() {
    let node = node(r#"{"\ud800":1,"type":"track","event":"\udc00","ok":"\ud83d\ude00"}"#);
    assert_eq!(node.get("type").unwrap().as_str().unwrap(), "track");
    let event = node.get("event").unwrap();
    assert_eq!((event.kind(), event.as_str()), (Kind::String, None));
    assert_eq!(node.get("ok").unwrap().as_str().unwrap(), "\u{1f600}");
}

#[test]
fn depth_costs_no_stack() {
    let deep = format!("{}{}", "[".repeat(2_000_000), "]".repeat(2_000_000));
    let text = format!(r#"[{{"deep":{deep},"type":"track"}},1]"#);
    let node = Node::parse(&text, "").unwrap();
    let first = node.items().next().unwrap();
    assert_eq!(first.get("type").unwrap().as_str().unwrap(), "track");
    assert_eq!(first.get("deep").unwrap().raw().len(), 4_000_000);
    assert!(Node::parse(&"[".repeat(2_000_000), "").is_err());
}

#[test]
fn points_at_elements_and_their_members() {
    let node = Node::parse(r#"[{"a/b":null},"x"]"#, "/batch").unwrap();
    let items: Vec<_> = node.items().collect();
    assert_eq!(node.items().count(), 2);
    assert_eq!(items[0].get("a/b").unwrap().at(), "/batch/0/a~1b");
    assert_eq!(Value::from(items[1].clone()), Value::At("/batch/1".to_owned()));
}

#[test]
fn elements_of_every_kind_are_told_apart() {
    let text = "[ 1,-2e5 ,true,false,null,\"a,]\",[],[[1,2],3] , {} ,{\"a\":[1,\"]\"]}\n]";
    let raw: Vec<_> = node(text).items().map(|item| item.raw()).collect();
    assert_eq!(raw, ["1", "-2e5", "true", "false", "null", "\"a,]\"", "[]", "[[1,2],3]", "{}", "{\"a\":[1,\"]\"]}"]);
    assert_eq!(node("[ \n ]").items().count(), 0);
}

#[test]
fn null_and_the_empty_string_count_as_absent() {
    let node = node(r#"[null,"",0,false," ",{}]"#);
    let absent: Vec<bool> = node.items().map(|item| item.is_absent()).collect();
    assert_eq!(absent, [true, true, false, false, false, false]);
}

#[test]
fn what_is_no_object_has_no_members_and_what_is_no_array_no_elements() {
    for text in ["null", "true", "1", r#""{\"a\":1}""#] {
        assert_eq!(node(text).get("a"), None);
        assert_eq!(node(text).items().count(), 0);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in r#"[\[\]{}":,0-9a\\ud8 -]{0,40}"#) {
        if let Ok(node) = Node::parse(&text, "") {
            let _ = (node.as_str(), node.get("a"), node.items().count());
        }
    }

    #[test]
    fn elements_are_those_that_serde_json_finds(
        values in prop::collection::vec(prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<String>().prop_map(|text| serde_json::json!(text).to_string()),
            any::<String>().prop_map(|text| serde_json::json!([text, { "k": [] }]).to_string()),
        ], 0..8),
        comma in "[ \n\t]?,[ \r]?",
    ) {
        let text = format!("[{}]", values.join(&comma));
        let found: Vec<_> = node(&text).items().map(|item| item.raw().to_owned()).collect();
        prop_assert_eq!(found, values);
    }

    #[test]
    fn reads_back_what_was_written(name in any::<String>(), value in any::<String>()) {
        let text = serde_json::json!({ (name.clone()): (value.clone()) }).to_string();
        prop_assert_eq!(node(&text).get(&name).unwrap().as_str().unwrap(), value);
    }
}

#[test]
fn what_is_too_much_to_keep_is_read_again() {
    for count in [8191, 8192, 8193, 20_000] {
        let members: Vec<String> = (0..count).map(|index| format!(r#""m{index}": {index}"#)).collect();
        let text = format!("{{{}}}", members.join(","));
        let object = node(&text);
        assert_eq!(object.get(&format!("m{}", count - 1)).unwrap().raw(), (count - 1).to_string());
        assert!(object.get("m").is_none());
        let array = format!(" [ {} ] ", vec!["7"; count].join(" ,\n"));
        let items: Vec<Node<'_>> = node(&array).items().collect();
        assert_eq!(items.len(), count);
        assert_eq!((items[count - 1].raw(), items[count - 1].at()), ("7", format!("/{}", count - 1).as_str()));
    }
}
