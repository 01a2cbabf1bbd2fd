//! Tests of single JSON texts, NDJSON, empty bodies and malformed bodies.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Documents, MAX_ITEMS, translate_array, translate_each};
use crate::{Body, Event, Field, Item, Node, Notice, Request};

fn request(body: &str) -> Request {
    Request { body: Body::Text(body.to_owned()), ..Request::default() }
}

fn lines(body: &str) -> Vec<Result<(String, String), String>> {
    let request = request(body);
    let Ok(Documents::Lines(lines)) = request.documents() else { return Vec::new() };
    lines
        .map(|line| match line {
            Ok(node) => Ok((node.at().to_owned(), node.raw().to_owned())),
            Err(notice) => Err(format!("{} at {}", notice.code, notice.at.unwrap_or_default())),
        })
        .collect()
}

#[test]
fn one_text_is_one_document_even_over_several_lines() {
    for body in ["{}", "\r\n [\n1,\n2]\n", "null"] {
        assert!(matches!(request(body).documents(), Ok(Documents::One(_))), "{body}");
    }
}

#[test]
fn lines_are_counted_without_the_blank_ones_and_a_bad_one_spares_its_neighbours() {
    let found = lines("\n{\"a\":1}\r\n \t\n{\"b\":\n[2]\n");
    assert_eq!(
        found,
        [
            Ok(("/0".to_owned(), r#"{"a":1}"#.to_owned())),
            Err("not_json at /1".to_owned()),
            Ok(("/2".to_owned(), "[2]".to_owned())),
        ]
    );
}

#[test]
fn a_first_line_that_is_not_json_makes_the_whole_not_json() {
    let notice = request("{\"a\":\n{\"b\":1}").documents().unwrap_err();
    assert_eq!(notice.code, "not_json");
    assert_eq!(notice.at, None);
}

#[test]
fn sentences_say_where_and_quote_nothing() {
    let notice = request("{\"password\":\"hunter2\",}").json().unwrap_err();
    assert_eq!(notice.message, "The body is not JSON: key must be a string at line 1 column 23. Send valid JSON.");
    let notice = request("{\"password\":\"hunt").json().unwrap_err();
    assert!(notice.message.ends_with("It was probably cut off."), "{}", notice.message);
}

#[test]
fn empty_and_binary_bodies_are_named_as_such() {
    assert_eq!(request(" \r\n").json().unwrap_err().code, "empty");
    let binary = Request { body: Body::Bytes(b"{\"a\":\"\xff\"}".to_vec()), ..Request::default() };
    let notice = binary.json().unwrap_err();
    assert_eq!(notice.code, "not_utf8");
    assert!(notice.message.contains("byte 6"), "{}", notice.message);
}

#[test]
fn a_body_in_another_format_is_named_and_not_its_first_character() {
    let form = request("event=E&userId=u").documents().unwrap_err();
    assert_eq!((form.code.as_str(), form.message.contains("is a form")), ("not_json", true), "{}", form.message);
    let gzip = Request { body: Body::Bytes(b"\x1f\x8b\x08\xff".to_vec()), ..Request::default() }.json().unwrap_err();
    assert_eq!((gzip.code.as_str(), gzip.message.contains("gzip")), ("not_utf8", true), "{}", gzip.message);
}

#[test]
fn a_batch_is_bounded_and_an_empty_one_is_ignored() {
    let each = |_| Item::Event(Event::new("x"));
    let request = Request::default();
    assert!(translate_each(&request, 0..MAX_ITEMS, "", each).is_ok());
    let notice = translate_each(&request, 0..=MAX_ITEMS, "", each).unwrap_err();
    assert_eq!(
        (notice.code.as_str(), notice.message.as_str()),
        (
            "too_many_items",
            "The request holds more than 20000 items, the most that this plugin reads. Send smaller batches."
        ),
        "the host gave no number that its operator could raise"
    );
    let empty = translate_each(&request, 0..0, "/batch", each).unwrap();
    assert!(matches!(&empty[..], [Item::Ignored(Notice { at: Some(at), .. })] if at == "/batch"));
}

#[test]
fn the_elements_of_an_array_are_counted_before_they_are_translated() {
    let request = Request { facts: vec![Field::new("max_items", "3")], ..Request::default() };
    let translated = |text: &str| {
        let mut translated = 0;
        let each = |_| {
            translated += 1;
            Item::Event(Event::new("x"))
        };
        let result = translate_array(&request, &Node::parse(text, "/batch").unwrap(), each);
        (result.map(|items| items.len()).map_err(|notice| notice.code), translated)
    };
    assert_eq!(translated("[1,[2,2,2,2],3]"), (Ok(3), 3));
    assert_eq!(translated("[1,2,3,4]"), (Err("too_many_items".to_owned()), 0));
    assert_eq!(translated("[]"), (Ok(1), 0));
    let many = format!("[{}1]", "1,".repeat(20_000));
    assert_eq!(translated(&many), (Err("too_many_items".to_owned()), 0), "more than a node keeps");
}
