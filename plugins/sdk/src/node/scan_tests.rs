//! Compares the scanner with serde_json: the scanner may doubt valid JSON, and never accepts invalid JSON.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::super::inside::Inside;
use super::{Levels, Scanner};

/// Returns true if the scanner accepts the text as one value.
fn takes(text: &str) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.value().is_ok() && scanner.end().is_ok()
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

#[test]
fn takes_what_the_grammar_has() {
    for text in [
        "0",
        "-0",
        "10",
        "-1.5",
        "1E400",
        "1e-7",
        "1.0E+2",
        "true",
        "false",
        "null",
        r#""""#,
        r#""a""#,
        r#""\"\\\/\b\f\n\r\t\u00e9\ud800""#,
        "\"\u{7f}\u{2028}\u{1f600}\"",
        "[]",
        "[ ]",
        "{}",
        "{ }",
        "[1 , 2\n]",
        r#" {"a" : [ {} , [] , {"b":null} ] , "a":"12345678\"" } "#,
        r#"{"":{"":""}}"#,
        "[[[[[[[[[[]]]]]]]]]]",
    ] {
        assert!(is_json(text), "{text}");
        assert!(takes(text), "{text}");
    }
}

#[test]
fn doubts_what_it_has_not() {
    for text in [
        "",
        " ",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x1",
        "tru",
        "truee",
        "nul",
        "True",
        "'a'",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12",
        "\"a\nb\"",
        "\"12345678\n\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{1:2}",
        "{\"a\" 1}",
        "{\"a\":1]",
        "[1}",
        "[[1]",
        "[1]]",
        "{} {}",
        "1 2",
        "\u{feff}1",
        "\u{a0}1",
        "NaN",
        "/**/1",
        "{\"a\":}",
    ] {
        assert!(!is_json(text), "{text}");
        assert!(!takes(text), "{text}");
    }
}

#[test]
fn every_byte_of_eight_is_looked_at() {
    for at in 0..24 {
        for (bad, good) in [("\n", " "), ("\u{1f}", "\u{20}"), ("\"", "!"), ("\\", "]")] {
            let string = |part: &str| format!("\"{}{part}{}\"", "\u{e9}".repeat(at / 2), "x".repeat(24 - at));
            assert!(takes(&string(good)), "{good:?} at {at}");
            assert!(!takes(&string(bad)), "{bad:?} at {at}");
        }
    }
}

#[test]
fn levels_remember_their_kind_however_many() {
    let kinds: Vec<bool> = (0..1000_u32).map(|index| (index * index) % 7 < 3).collect();
    let mut levels = Levels::default();
    kinds.iter().for_each(|kind| levels.push(*kind));
    for kind in kinds.iter().rev() {
        assert_eq!(levels.last(), Some(*kind));
        levels.pop();
    }
    assert_eq!(levels.last(), None);
}

#[test]
fn two_million_levels_are_one_pass() {
    let deep = "[".repeat(1_000_000) + &"{\"a\":[".repeat(500_000) + &"]}".repeat(500_000) + &"]".repeat(1_000_000);
    assert!(takes(&deep));
    assert!(!takes(&deep[..deep.len() - 1]));
}

/// Generates JSON with every kind of value, duplicate names and white space.
fn json() -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec!["", "", "", " ", "\n", "\t\r "]);
    let string = prop_oneof![
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        prop::sample::select(vec![r#""\ud800""#, r#""\u0061\/""#, r#""a""#, r#""""#]).prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        string.clone(),
        any::<f64>().prop_filter("a number", |number| number.is_finite()).prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        prop::sample::select(vec!["true", "false", "null", "1E400", "-0.0e-1"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        let spaced =
            (space.clone(), inner, space.clone()).prop_map(|(before, text, after)| before.to_owned() + &text + after);
        let member = (string.clone(), spaced.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
        prop_oneof![
            prop::collection::vec(spaced, 0..6).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn takes_all_json(text in json()) {
        prop_assert!(is_json(&text));
        prop_assert!(takes(&text));
        prop_assert!(Inside::scan(&text).is_ok());
    }

    #[test]
    fn agrees_about_damaged_json(text in json(), at: prop::sample::Index, with in r#"[\[\]{}",:0-9eE.\-+tn\\ u\n]{0,2}"#, gone in 0_usize..3) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let index = at.index(places.len());
        let to = places[(index + gone).min(places.len() - 1)];
        let damaged = format!("{}{with}{}", &text[..places[index]], &text[to..]);
        prop_assert_eq!(takes(&damaged), is_json(&damaged), "{}", damaged);
        prop_assert_eq!(Inside::scan(&damaged).is_ok(), is_json(&damaged), "{}", damaged);
    }

    #[test]
    fn agrees_about_any_text(text in r#"[\[\]{}",:0-9eE.\-+truefalsn\\ \n]{0,12}"#) {
        prop_assert_eq!(takes(&text), is_json(&text), "{}", text);
        prop_assert_eq!(Inside::scan(&text).is_ok(), is_json(&text), "{}", text);
    }
}
