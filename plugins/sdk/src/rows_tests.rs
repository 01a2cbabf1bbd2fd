//! Tests of the events that rows become, and of which rows count as accepted.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::{RowLimits, Tracked, identifies_nobody, key, refusal, tag, track};
use crate::segment::not_an_object;
use crate::{Body, Event, Field, Item, Node, Outcome, Pointed, Request, Value};

fn outcome(status: &str, reason: &str) -> Outcome {
    Outcome {
        index: 0,
        tag: String::new(),
        status: status.to_owned(),
        event_id: String::new(),
        reason: reason.to_owned(),
        extras: Vec::new(),
    }
}

#[test]
fn a_row_is_taken_only_when_its_event_did_what_was_asked_of_it() {
    for (status, reason) in [("executed", ""), ("executed", "x"), ("replayed", ""), ("logged", "")] {
        assert_eq!(refusal(&outcome(status, reason)), None, "{status} {reason}");
    }
    for status in ["failed", "rejected", "logged", "ignored", "some later word"] {
        assert_eq!(refusal(&outcome(status, "why")).as_deref(), Some("why"), "{status}");
    }
    assert_eq!(refusal(&outcome("failed", "")).as_deref(), Some("The row was not taken (failed)."));
    assert_eq!(refusal(&outcome("failed", &"\u{2603}".repeat(1000))).unwrap().chars().count(), 300);
}

#[test]
fn users_are_taken_when_the_toggle_is_on_or_identify_events_are_mapped() {
    let nobody = |facts: &[(&str, &str)]| {
        let facts = facts.iter().map(|(name, value)| Field::new(*name, *value)).collect();
        identifies_nobody(&Request { facts, ..Request::default() }).is_some()
    };
    assert!(!nobody(&[("handle_identifies", "true")]));
    assert!(nobody(&[("handle_identifies", "false")]));
    assert!(!nobody(&[("handle_identifies", "false"), ("identify_mapped", "true")]));
}

#[test]
fn a_numbered_event_has_its_number_as_key_digit_for_digit() {
    let of = |text: &str| key(&Node::parse(text, "/r/id").unwrap());
    assert_eq!(of("9007199254740993"), Value::Made("\"9007199254740993\"".to_owned()));
    assert_eq!(of("\"e-1\""), Value::at("/r/id"));
    assert_eq!(of("true"), Value::at("/r/id"));
}

#[test]
fn an_event_needs_an_id_and_a_name() {
    let row = Node::parse(r#"{"id":"","n":1}"#, "/rows/3").unwrap();
    let tracked = |id: Option<&str>, name: Option<&str>| {
        let name = name.map(str::to_owned);
        let tracked = Tracked { id: id.and_then(|id| row.get(id)), name, user_id: None, time: None };
        track(&row, tracked, || Ok(vec![]))
    };
    for (id, name) in [(None, Some("E")), (Some("id"), Some("E")), (Some("n"), None), (Some("n"), Some(""))] {
        let notice = tracked(id, name).unwrap_err();
        assert_eq!((notice.code.as_str(), notice.at.as_deref()), ("missing_field", Some("/rows/3")));
    }
    assert_eq!(tracked(Some("n"), Some("E")).unwrap().event_type, "track/E");
    assert_eq!(tracked(Some("n"), Some(&"E".repeat(70_000))).unwrap_err().code, "too_long");
}

#[test]
fn an_identifier_that_cannot_be_given_back_is_null() {
    let of = |text: &str| tag(Some(&Node::parse(text, "").unwrap()));
    assert_eq!((of("1.10").as_str(), of(r#""\ud800""#).as_str()), ("1.10", "null"));
    assert_eq!(tag(None), "null");
}

#[test]
fn the_hosts_limits_are_the_platforms_batch_size() {
    let request = |items: &str, bytes: &str| {
        let facts = vec![Field::new("max_items", items), Field::new("max_body_bytes", bytes)];
        Request { facts, body: Body::Text("[1,2,3]".to_owned()), ..Request::default() }
    };
    let batch_size = |items: &str, bytes: &str| RowLimits::of(&request(items, bytes)).batch_size();
    assert_eq!(batch_size("5000", "16777216"), 4096);
    assert_eq!(batch_size("300", "16777216"), 300);
    assert_eq!(batch_size("300", "100"), 1);
    let rows = Node::parse("[1,2,3]", "").unwrap();
    let items =
        |most: &str| RowLimits::of(&request(most, "100")).items(&rows, |row| Item::from(Err(not_an_object(&row))));
    assert_eq!(items("3").unwrap().len(), 3);
    let notice = items("2").unwrap_err();
    assert_eq!(
        (notice.code.as_str(), notice.message.as_str()),
        (
            "too_many_items",
            "The request holds more than 2 items. Send smaller batches, or raise the source's setting max_items."
        )
    );
}

#[test]
fn rows_are_no_longer_read_once_their_events_are_too_large() {
    let rows = format!("[{}]", ["{}"; 10_000].join(","));
    let request = Request { body: Body::Text(rows.clone()), ..Request::default() };
    let read = std::cell::Cell::new(0);
    let wide = |row: Node<'_>| {
        read.set(read.get() + 1);
        let members = (0..1000).map(|_| Pointed { key: "key".to_owned(), at: row.at().to_owned() }).collect();
        Item::Event(Event { data: Some(Value::Assembled(members)), ..Event::new("identify") })
    };
    let notice = RowLimits::of(&request).items(&Node::parse(&rows, "").unwrap(), wide).unwrap_err();
    assert_eq!(notice.code, "too_long");
    assert!(read.get() < 200, "{}", read.get());
}
