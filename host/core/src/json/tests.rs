//! Laws of JSON as text.

use proptest::prelude::*;

use super::*;

/// Any JSON text, numbers as text, keys that collide and that need escaping.
fn json() -> impl Strategy<Value = String> {
    let key = prop_oneof!["[a-c]", Just("a/b".to_owned()), Just("m~n".to_owned()), Just("0".to_owned()), "\\PC{0,3}"];
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("9007199254740993".to_owned()),
        Just("1.10".to_owned()),
        Just("-1E400".to_owned()),
        "\\PC{0,4}".prop_map(|text| quote(&text)),
    ];
    scalar.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(array),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|members| object(members.iter().map(|(key, value)| (key, value.as_str())))),
        ]
    })
}

fn object_text() -> impl Strategy<Value = String> {
    json().prop_filter("an object", |text| Kind::of(text) == Kind::Object)
}

/// Every pointer into a text with what it names, found the slow way.
fn all_pointers(text: &str, at: &str, found: &mut Vec<(String, String)>) {
    found.push((at.to_owned(), text.to_owned()));
    for (key, value) in members(text).unwrap_or_default() {
        all_pointers(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
    }
    for (index, value) in items(text).unwrap_or_default().into_iter().enumerate() {
        all_pointers(value, &format!("{at}/{index}"), found);
    }
}

/// Keys and kinds, every string and number the same.
fn shape(text: &str) -> String {
    match Kind::of(text) {
        Kind::Object => {
            let all = all_members(text).unwrap();
            let shapes: Vec<_> = all.iter().map(|(key, value)| (key, shape(value))).collect();
            object(shapes.iter().map(|(key, value)| (key, value.as_str())))
        }
        Kind::Array => array(items(text).unwrap().into_iter().map(shape)),
        Kind::String | Kind::Number => "\"…\"".to_owned(),
        Kind::Bool | Kind::Null => text.to_owned(),
    }
}

/// Objects that name few members many times.
fn repetitive() -> impl Strategy<Value = String> {
    Just("1".to_owned()).prop_recursive(4, 60, 6, |inner| {
        let member = (prop_oneof![Just("a"), Just("b")], inner);
        prop::collection::vec(member, 0..6).prop_map(|members| {
            let members: Vec<String> = members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
            format!("{{{}}}", members.join(","))
        })
    })
}

#[test]
fn a_value_is_written_in_its_place_and_nothing_else_changes() {
    let set = |text: &str, pointer: &str| set(text, pointer, "7");
    for (text, pointer, expected) in [
        (r#"{"a":1.10, "b":[ {"c":null} ]}"#, "/b/0/c", Some(r#"{"a":1.10, "b":[ {"c":7} ]}"#)),
        (r#"{ "a":1.10}"#, "/b", Some(r#"{"b":7, "a":1.10}"#)),
        ("{ }", "/a~1b/c", Some(r#"{"a/b":{"c":7} }"#)),
        (r#"[{}]"#, "/0/a", Some(r#"[{"a":7}]"#)),
        (r#"{"a":1,"a":2}"#, "/a", Some(r#"{"a":1,"a":7}"#)),
        ("[]", "/0", None),
        ("[]", "/0/a", None),
        (r#"{"a":"text"}"#, "/a/b", None),
        ("no JSON", "/a", None),
        ("", "/a", None),
    ] {
        assert_eq!(set(text, pointer).as_deref(), expected, "{text} {pointer}");
    }
}

proptest! {
    #[test]
    fn what_was_set_is_found_and_the_rest_is_as_it_was(text in json(), pointer in "(/[a-c0]){1,3}", value in json()) {
        if let Some(written) = set(&text, &pointer, &value) {
            prop_assert!(check(&written, MAX_DEPTH).is_ok());
            prop_assert_eq!(point(&written, &pointer), Some(value.trim()));
            for beside in ["/a", "/b", "/c", "/0"].into_iter().filter(|beside| !pointer.starts_with(beside)) {
                prop_assert_eq!(point(&written, beside), point(&text, beside));
            }
        }
    }

    #[test]
    fn repeated_members_are_cut_as_they_are_found_one_by_one(text in repetitive()) {
        let mut cut = Cut::new();
        let pointers = ["/a", "/b", "/a/a", "/a/b", "/b/a", "/b/b", "/a/a/a", "/b/a/b"];
        let slots = pointers.map(|pointer| cut.add(pointer));
        let pieces = cut.resolve(&text);
        for (pointer, slot) in pointers.into_iter().zip(slots) {
            prop_assert_eq!(pieces.get(slot), point(&text, pointer), "{}", pointer);
        }
    }
    #[test]
    fn one_pass_finds_what_single_pointers_find(text in json(), extra in "/[a-c0]/[a-c0]") {
        let mut all = Vec::new();
        all_pointers(&text, "", &mut all);
        all.push((extra.clone(), String::new()));
        let mut cut = Cut::new();
        let slots: Vec<_> = all.iter().map(|(pointer, _)| cut.add(pointer)).collect();
        let pieces = cut.resolve(&text);
        for ((pointer, value), slot) in all.iter().zip(slots) {
            prop_assert_eq!(pieces.get(slot), point(&text, pointer), "{}", pointer);
            if *pointer != extra {
                prop_assert_eq!(pieces.get(slot), Some(value.as_str()));
            }
        }
    }

    #[test]
    fn merge_is_idempotent_and_keeps_every_key(a in object_text(), b in object_text()) {
        let once = merge(&a, &b);
        prop_assert!(check(&once, MAX_DEPTH).is_ok());
        prop_assert_eq!(&merge(&once, &b), &once);
        prop_assert_eq!(merge(&once, "{}"), once.clone());
        let (before, after, patch) = (members(&a).unwrap(), members(&once).unwrap(), members(&b).unwrap());
        prop_assert!(before.keys().chain(patch.keys()).all(|key| after.contains_key(key)));
        for (key, value) in &patch {
            if Kind::of(value) != Kind::Object {
                prop_assert_eq!(after.get(key), Some(value));
            }
        }
        for (key, value) in &before {
            if !patch.contains_key(key) {
                prop_assert_eq!(after.get(key), Some(value));
            }
        }
    }

    #[test]
    fn merge_is_associative(a in object_text(), b in object_text(), c in object_text()) {
        // Where a scalar in `b` stands between two objects the two sides differ by design: merging left to right forgets
        // what the scalar replaced. Everything else is associative.
        let left = merge(&merge(&a, &b), &c);
        let right = merge(&a, &merge(&b, &c));
        let scalar_between = |key: &str| {
            members(&b).unwrap().get(key).is_some_and(|value| Kind::of(value) != Kind::Object)
        };
        for (key, value) in members(&left).unwrap() {
            if !scalar_between(&key) && Kind::of(value) != Kind::Object {
                let right = members(&right).unwrap();
                prop_assert_eq!(right.get(&key), Some(&value));
            }
        }
    }

    #[test]
    fn masking_keeps_keys_and_shape_and_no_value(text in json()) {
        let masked = mask(&text);
        prop_assert!(check(&masked, MAX_DEPTH).is_ok(), "{}", masked);
        prop_assert_eq!(shape(&masked), shape(&text));
        prop_assert_eq!(mask(&masked), masked);
    }

    #[test]
    fn a_difference_is_what_has_to_be_merged(a in object_text(), b in object_text()) {
        let (_, new) = difference(&a, &b);
        prop_assert_eq!(difference(&a, &a), ("{}".to_owned(), "{}".to_owned()));
        let merged = merge(&a, &new);
        // Merging removes no key; every value of `b` is there.
        prop_assert_eq!(difference(&merged, &b).1, "{}");
    }

    #[test]
    fn whatever_comes_nothing_panics(text in "\\PC{0,40}", pointer in "[/~a-c0-9]{0,8}") {
        let _ = (check(&text, 4), members(&text), items(&text), point(&text, &pointer), string(&text));
        let _ = (mask(&text), difference(&text, &pointer));
        let mut cut = Cut::new();
        let slot = cut.add(&pointer);
        let _ = cut.resolve(&text).get(slot);
    }
}

#[test]
fn the_last_of_duplicate_keys_wins_at_every_level() {
    let text = r#"{"a":{"b":1,"b":2},"a":{"c":3,"c":{"d":4},"c":{"e":5}}}"#;
    let mut cut = Cut::new();
    let slots = ["/a/b", "/a/c/d", "/a/c/e", "/a"].map(|pointer| cut.add(pointer));
    let pieces = cut.resolve(text);
    assert_eq!(pieces.get(slots[0]), None, "the first `a` is gone whole");
    assert_eq!(pieces.get(slots[1]), None);
    assert_eq!(pieces.get(slots[2]), Some("5"));
    assert_eq!(pieces.get(slots[3]), Some(r#"{"c":3,"c":{"d":4},"c":{"e":5}}"#));
    assert_eq!(merge("{}", r#"{"a":{"b":1,"b":2}}"#), r#"{"a":{"b":2}}"#);
    assert_eq!(member(text, "a"), Some(r#"{"c":3,"c":{"d":4},"c":{"e":5}}"#));
}

#[test]
fn private_markers_of_libraries_are_ordinary_members() {
    for marker in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
        let text = format!(r#"{{"{marker}":"1","a":{{"{marker}":"x"}}}}"#);
        assert_eq!(member(&text, marker), Some("\"1\""));
        assert_eq!(members(&text).unwrap().len(), 2);
        assert_eq!(merge("{}", &text), text);
        assert_eq!(point(&text, &format!("/a/{}", marker.replace('/', "~1"))), Some("\"x\""));
    }
}

#[test]
fn several_texts_on_lines_are_pointed_into_as_an_array() {
    let body = "{\"a\":1}\n\n  {\"a\":[2]} \r\n{broken\n{\"a\":4}";
    let mut cut = Cut::new();
    let slots = ["/0/a", "/1/a/0", "/2", "/2/a", "/3/a", "/4", ""].map(|pointer| cut.add(pointer));
    let pieces = cut.resolve(body);
    assert_eq!(pieces.documents, Documents::Lines);
    let found = slots.map(|slot| pieces.get(slot));
    assert_eq!(found, [Some("1"), Some("2"), Some("{broken"), None, Some("4"), None, Some(body)]);
}

#[test]
fn a_truncated_or_pretty_printed_text_is_not_lines() {
    for body in ["{\n  \"a\": 1,\n", "[{\"a\":1},", "nonsense", ""] {
        let mut cut = Cut::new();
        let slot = cut.add("/0");
        let pieces = cut.resolve(body);
        assert_eq!((pieces.documents, pieces.get(slot)), (Documents::None, None), "{body:?}");
    }
}

#[test]
fn numbers_beyond_a_float_are_stepped_over() {
    let mut cut = Cut::new();
    let slots = ["/a/b", "/c"].map(|pointer| cut.add(pointer));
    let pieces = cut.resolve(r#"{"a":1E400,"c":9007199254740993}"#);
    assert_eq!(slots.map(|slot| pieces.get(slot)), [None, Some("9007199254740993")]);
}

#[test]
fn depth_and_surrogates() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(check(&deep(128), MAX_DEPTH), Ok(()));
    insta::assert_snapshot!(check(&deep(129), MAX_DEPTH).unwrap_err(), @"it is nested deeper than 128 levels; send a flatter object");
    insta::assert_snapshot!(check(&deep(2_000_000), MAX_DEPTH).unwrap_err(), @"it is nested deeper than 128 levels; send a flatter object");
    insta::assert_snapshot!(check(r#""\ud800""#, MAX_DEPTH).unwrap_err(), @r"it holds a lone surrogate (an escape from \uD800 to \uDFFF without its pair); send valid Unicode");
    insta::assert_snapshot!(check(r#"{"a":"#, MAX_DEPTH).unwrap_err(), @"it is not valid JSON: EOF while parsing a value at line 1 column 5");
    for bad in [r#""\udc00""#, r#""\ud800\u0041""#, r#""\ud800\ud800""#, r#"{"\ud800":1}"#, r#""\ud83d""#] {
        assert_eq!(check(bad, MAX_DEPTH), Err(Malformed::LoneSurrogate), "{bad}");
    }
    for good in [r#""\ud83d\ude00""#, r#""\\ud800""#, r#""[[[\"[[""#, r#""é\u00e9""#] {
        assert_eq!(check(good, 1), Ok(()), "{good}");
    }
}

#[test]
fn pointers_escape_and_index() {
    let text = r#"{"a/b":{"m~n":[10,20]},"0":"zero","":"empty"}"#;
    assert_eq!(point(text, "/a~1b/m~0n/1"), Some("20"));
    assert_eq!(point(text, "/a~1b/m~0n/01"), None);
    assert_eq!(point(text, "/a~1b/m~0n/-"), None);
    assert_eq!(point(text, "/0"), Some("\"zero\""));
    assert_eq!(point(text, "/"), Some("\"empty\""));
    assert_eq!(point(text, "a"), None);
    assert_eq!(point(" 7 ", ""), Some("7"));
}
