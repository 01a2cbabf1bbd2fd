//! Tests of calls, their ids, and malformed calls.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::{Posted, answer, echo, quote};
use crate::{Body, Item, Node, Outcome, Request};

fn request(body: &str) -> Request {
    Request { body: Body::Text(body.to_owned()), ..Request::default() }
}

/// Returns the answer to a malformed call.
fn refusal(body: &str) -> String {
    let Ok(Posted::Malformed(translation)) = request(body).call() else { panic!("{body}") };
    assert!(matches!(translation.items[..], [Item::Rejected(_)]), "{translation:?}");
    answer(&translation.memo, &[], |_| unreachable!("it was said already")).body
}

#[test]
fn an_id_is_given_back_as_the_text_that_it_was_whatever_its_type() {
    for id in
        ["1", "1.0", "9007199254740993", "-0", "\"a\\u00e9\\\"\"", "null", "true", r#"[1, {"a":2}]"#, r#"{"b":[]}"#]
    {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"nothing"}}"#);
        let request = request(&body);
        let Ok(Posted::Call(call)) = request.call() else { panic!("{id}") };
        for (translation, rest) in [
            (call.answered("[7]"), r#""result":[7]"#.to_owned()),
            (call.brought(vec![]), r#""result":"done""#.to_owned()),
            (call.unknown_method(), r#""error":{"code":-32601,"message":"Method not found"}"#.to_owned()),
            (call.wrong_params("wrong_type", "No."), r#""error":{"code":-32602,"message":"No."}"#.to_owned()),
        ] {
            let reply = answer(&translation.memo, &[], |_| r#""done""#.to_owned());
            assert_eq!(reply.body, format!(r#"{{"jsonrpc":"2.0","id":{id},{rest}}}"#));
        }
    }
}

#[test]
fn what_is_no_call_is_not_answered_as_one() {
    for (body, code, message) in [
        (
            r#"{"jsonrpc":"2.0","id":"1","meth"#,
            "not_json",
            "The body is not JSON: EOF while parsing a string at line 1 column 31. It was probably cut off.",
        ),
        ("", "empty", "The body is empty; expected an event as a JSON object."),
        (
            "7",
            "not_an_object",
            "The body is a number; expected a JSON-RPC 2.0 call, a JSON object or an array of objects.",
        ),
    ] {
        let notice = request(body).call().unwrap_err();
        assert_eq!((notice.code.as_str(), notice.message.as_str()), (code, message));
    }
}

#[test]
fn a_malformed_call_is_told_why() {
    is_refused(
        r#"[{"jsonrpc":"2.0","id":1,"method":"add"}]"#,
        r#""id":null,"error":{"code":-32600,"message":"The body is an array of JSON-RPC calls; send each call in a request of its own."}"#,
    );
    is_refused(
        r#"{"jsonrpc":"2.0","method":"add"}"#,
        r#""id":null,"error":{"code":-32600,"message":"The call has no `id`; send one, and read the answer."}"#,
    );
    for version in ["\"1.0\"", "\"2.1\"", "2.0", "null"] {
        is_refused(
            &format!(r#"{{"jsonrpc":{version},"id":[1],"method":"add"}}"#),
            r#""id":[1],"error":{"code":-32600,"message":"Expected \"jsonrpc\": \"2.0\" in the call."}"#,
        );
    }
    for method in [r#","method":7"#, r#","method":null"#, ""] {
        is_refused(
            &format!(r#"{{"jsonrpc":"2.0","id":1{method}}}"#),
            r#""id":1,"error":{"code":-32600,"message":"The call has no `method`, or it is no string."}"#,
        );
    }
}

/// Asserts the answer without the members that all answers share.
fn is_refused(body: &str, expected: &str) {
    assert_eq!(refusal(body), format!(r#"{{"jsonrpc":"2.0",{expected}}}"#), "{body}");
}

#[test]
fn rows_and_events_are_no_calls() {
    for body in [
        r#"{"type":"track","id":1,"method":"x"}"#,
        r#"{"event":"E","method":"x","params":{}}"#,
        r#"{"id":1,"method":"card"}"#,
        r#"{"id":1,"method":"card","params":{}}"#,
        r#"[{"id":1,"method":"card"}]"#,
        "[]",
        "{}",
    ] {
        assert!(matches!(request(body).call(), Ok(Posted::Other(_))), "{body}");
    }
}

#[test]
fn what_could_not_be_answered_is_not_given_back() {
    let long = format!("\"{}\"", "x".repeat(1100));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for id in [long.as_str(), deep.as_str(), r#""\ud800""#, r#"["\ud800"]"#] {
        assert_eq!(echo(&Node::parse(id, "").unwrap()), None, "{id}");
        let answer = refusal(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"add"}}"#));
        assert!(answer.contains(r#""id":null,"error":{"code":-32600"#), "{answer}");
    }
}

#[test]
fn outcomes_reach_only_who_waits_for_them() {
    let outcome = Outcome {
        index: 0,
        tag: "t".to_owned(),
        status: "executed".to_owned(),
        event_id: String::new(),
        reason: String::new(),
        extras: Vec::new(),
    };
    let reply = answer("#7", std::slice::from_ref(&outcome), |outcomes| quote(&outcomes[0].tag));
    assert_eq!(reply.body, r#"{"jsonrpc":"2.0","id":7,"result":"t"}"#);
}

proptest! {
    #[test]
    fn whatever_is_given_back_is_json(text in any::<String>()) {
        let quoted = quote(&text);
        prop_assert_eq!(&serde_json::from_str::<String>(&quoted).unwrap(), &text);
        if let Some(raw) = echo(&Node::parse(&quoted, "").unwrap()) {
            prop_assert_eq!(raw, &quoted);
        }
    }
}
