//! The schemas of `request.json` and `expected.json`, checked against every case in the repository.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use inlet_conformance::described;
use inlet_core::contract::{Field, Reply, Translation};
use jsonschema::Validator;
use serde_json::{Value, json};

fn schema(text: &str) -> Validator {
    jsonschema::draft202012::new(&serde_json::from_str(text).unwrap()).unwrap()
}

fn request() -> Validator {
    schema(include_str!("../request.schema.json"))
}

fn expected() -> Validator {
    schema(include_str!("../expected.schema.json"))
}

/// Collects every folder below `directory` that holds a case.
fn cases(directory: &Path, found: &mut Vec<PathBuf>) {
    if directory.join("expected.json").is_file() {
        found.push(directory.to_owned());
    }
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let built = ["target", "node_modules", ".git"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !built {
            cases(&path, found);
        }
    }
}

#[test]
fn every_case_is_of_the_format() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for directory in ["plugins", "examples", "host", "tests"] {
        cases(&root.join(directory), &mut found);
    }
    assert!(found.len() > 200, "only {} cases were found", found.len());
    let (request, expected) = (request(), expected());
    let mut wrong = Vec::new();
    for case in &found {
        for (name, schema) in [("request.json", &request), ("expected.json", &expected)] {
            let Ok(text) = fs::read(case.join(name)) else { continue };
            let value: Value =
                serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
            wrong.extend(schema.iter_errors(&value).map(|error| {
                format!("{}/{name}: {}: {error}", case.strip_prefix(&root).unwrap().display(), error.instance_path())
            }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_of_the_format_is_refused() {
    let (request, expected) = (request(), expected());
    for wrong in [json!({"colour": 1}), json!({"headers": {"a": "b"}}), json!({"query": [["a"]]}), json!([])] {
        assert!(!request.is_valid(&wrong), "{wrong}");
    }
    for wrong in [
        json!({}),
        json!({"items": [], "rejected": {"code": "x"}}),
        json!({"rejected": {"message": "m"}}),
        json!({"items": [{}]}),
        json!({"items": [{"event": {"event_type": "a"}, "ignored": {"code": "x"}}]}),
        json!({"items": [{"event": {"user_id": {"at": "/u"}}}]}),
        json!({"items": [{"event": {"event_type": "a", "user_id": "/u"}}]}),
        json!({"items": [{"event": {"event_type": "a", "user_id": {"at": "/u", "made": 1}}}]}),
        json!({"items": [{"event": {"event_type": "a", "extras": [["warning"]]}}]}),
        json!({"items": [], "reply": {"body": "x"}}),
        json!({"items": [], "reply": {"content_type": "text/plain", "body": "x", "status": 500}}),
        json!({"items": [], "reply": {"content_type": "text/plain", "body": "x", "headers": {"x-a": "b"}}}),
    ] {
        assert!(!expected.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn a_described_reply_has_its_status_and_headers_only_if_they_are_not_the_usual() {
    let reply = Reply::new("text/xml", "<Response/>");
    let described_with =
        |reply: &Reply| described(&Ok(Translation { items: vec![], reply: Some(reply.clone()), memo: String::new() }));
    let usual = described_with(&reply);
    assert_eq!(usual, json!({"items": [], "reply": {"content_type": "text/xml", "body": "<Response/>"}}));
    let other = described_with(&Reply { status: 202, headers: vec![Field::new("x-a", "b")], ..reply });
    assert_eq!((&other["reply"]["status"], &other["reply"]["headers"]), (&json!(202), &json!([["x-a", "b"]])));
    for written in [usual, other] {
        assert!(expected().is_valid(&written), "{written}");
    }
}
