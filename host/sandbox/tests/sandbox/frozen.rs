//! What is released stays: the contract's files as they are, and a component of each version that loads for ever.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytestring::ByteString;
use inlet_core::contract::{Body, Field, Outcome, Request};
use sha2::{Digest, Sha256};

use crate::{SANDBOX, patient};

/// Every file of wit/v0.1, and its digest. Not yet released: until it is, a change to a file changes its line here.
const V0_1: [(&str, &str); 6] = [
    ("answerer.wit", "6eb8a08bc76dd407e5372a14bfd4cae145115cbc010664ecb7d8c89fa759f537"),
    ("log.wit", "9929f5b0654f3fc6d865d09b057585c23b3596d533fe409c53269963504e89c4"),
    ("manifest.schema.json", "d3deb94962fa3c9319fd53bbedfb8727ea20d32476adadda91eebc3f910be5c6"),
    ("translator.wit", "44ba8530e460bb722a0b1a03f0f0db87887ca9cccdd74f1ed238c50b0fb8cd40"),
    ("types.wit", "2fb05f633579b6e69f395ecc70e3356c52993030b03b703409c3d3b6a28095fa"),
    ("worlds.wit", "4104c6823549693041a5b3019ce7b03bf518c32bd34eeb2144395accbfd1830c"),
];

fn directory(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").join(version)
}

/// What was changed, added or removed in a directory, a sentence for each.
fn changes(directory: &Path, frozen: &[(&str, &str)]) -> Vec<String> {
    let mut present: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    present.sort();
    let added = present.iter().filter(|name| frozen.iter().all(|(frozen, _)| frozen != name));
    let mut sentences: Vec<String> =
        added.map(|name| format!("{name} is new; a released version gets no more files")).collect();
    for (name, digest) in frozen {
        match fs::read(directory.join(name)) {
            Err(_) => sentences.push(format!("{name} is gone; put it back")),
            Ok(bytes) if hex::encode(Sha256::digest(&bytes)) == *digest => {}
            Ok(bytes) => sentences.push(format!(
                "{name} is {} and was {digest}; put it back as it was, and make the change in a version of its own \
                 (wit/VERSIONING.md)",
                hex::encode(Sha256::digest(&bytes))
            )),
        }
    }
    sentences
}

#[test]
fn the_files_of_a_released_contract_do_not_change() {
    let changes = changes(&directory("v0.1"), &V0_1);
    assert!(changes.is_empty(), "wit/v0.1 differs from what was released:\n{}", changes.join("\n"));
}

#[test]
fn a_change_is_told_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [("a.wit", "as it was"), ("b.wit", "otherwise"), ("d.wit", "new")] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let digest = hex::encode(Sha256::digest("as it was"));
    let found = changes(directory.path(), &[("a.wit", &digest), ("b.wit", &digest), ("c.wit", &digest)]);
    insta::assert_snapshot!(found.join("\n"), @r"
    d.wit is new; a released version gets no more files
    b.wit is 8e48aec36376384325d68b965c7a74f53582a463f9306bb6c48090f4097e6dd2 and was 369b74f2003ce39f5829ec7a2f84852b72b610d0312c8951d5d8f7316c9902ba; put it back as it was, and make the change in a version of its own (wit/VERSIONING.md)
    c.wit is gone; put it back
    ");
}

/// Every member of a request, and one header twice.
fn request(body: Body) -> Request {
    let field = |name: &str, value: &str| Field { name: name.to_owned(), value: value.to_owned() };
    Request {
        method: "PUT".to_owned(),
        path: "/orders".to_owned(),
        query: vec![field("q", "1 2")],
        headers: vec![field("x-note", "a"), field("x-note", "ü")],
        body,
        received_at_ms: 1_767_323_045_678,
        options: r#"{"volume":5}"#.to_owned(),
        facts: vec![field("handle_identifies", "true")],
    }
}

const FROZEN: &[u8] = include_bytes!("../frozen/v0_1/plugin.wasm");

#[tokio::test]
async fn a_component_of_0_1_loads_and_translates_as_it_did() {
    let plugin = SANDBOX.load(FROZEN).unwrap();
    insta::assert_snapshot!(serde_json::to_string(plugin.manifest()).unwrap(), @r#"{"key":"inlet/frozen-v0-1","name":"Frozen 0.1","version":"1.0.0","contract":"0.1.0","description":"Says and takes everything that contract 0.1 knows. Built once, and loaded by every later Inlet.","categories":["Infrastructure"],"links":{"website":"https://inlet.invalid/","docs":"https://inlet.invalid/frozen","tutorial":"https://inlet.invalid/frozen/tutorial"},"methods":["POST","PUT"],"headers":["x-note"],"query":["*"],"max_body_bytes":1048576,"on_reject":"refuse","verification":{"scheme":"signature","header":"webhook-signature","algorithm":"hmac_sha256","encoding":"base64","list":{"separator":" ","assign":",","signature":"v1"},"secret":{"encoding":"base64","prefix":"whsec_"},"timestamp":{"header":"webhook-timestamp","unit":"seconds","tolerance_seconds":300},"id":{"header":"webhook-id"},"signed":["{id}.{timestamp}.{body}"],"uncovered":"The path, the query and all other headers.","vectors":[{"name":"published by Standard Webhooks","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw","headers":{"webhook-id":"msg_p5jXN8AQM9LWM0D4loKWxJek","webhook-signature":"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=","webhook-timestamp":"1614265330"},"body":"{\"test\": 2432232314}","verified":true}]},"defaults":{"settings":{"enforce_idempotency":true,"handle_identifies":true,"idempotency_window_seconds":86400,"user_id_path":"user.id"},"mappings":[{"event_type":"frozen/all","action_type":"workflows_trigger","action_parameters":{"key":"k","recipients":"user_id"}}]},"options":{"additionalProperties":false,"properties":{"volume":{"default":5,"type":"integer"}},"type":"object"},"examples":[{"event_type":"POST /orders","headers":{"x-note":"n"},"body":"{\"user\":{\"id\":\"u_42\"},\"data\":{\"total\":39.50}}"}],"redact_paths":["data.secret"],"sender":{"retries":3,"horizon_hours":4.5,"timeout_ms":5000,"success":"2xx","batch_max":1}}"#);
    let body = Body::Text(ByteString::from(r#"{"user":{"id":"u_42"},"data":{"total":39.50}}"#));
    let call = plugin.translate(&request(body), &patient()).await;
    insta::assert_snapshot!(format!("{:#?}", call.result.unwrap().unwrap()), @r#"
    Translation {
        items: [
            Event(
                TranslatedEvent {
                    event_type: "PUT /orders",
                    user_id: Some(
                        At(
                            "/user/id",
                        ),
                    ),
                    data: Some(
                        Assembled(
                            [
                                (
                                    "total",
                                    "/data/total",
                                ),
                                (
                                    "nowhere",
                                    "/nowhere",
                                ),
                            ],
                        ),
                    ),
                    idempotency_key: Some(
                        Made(
                            "\"45\"",
                        ),
                    ),
                    occurred_at: Some(
                        Made(
                            "1767323045678",
                        ),
                    ),
                    original: Some(
                        "",
                    ),
                    tag: "all",
                    extras: [
                        Field {
                            name: "q",
                            value: "1 2",
                        },
                        Field {
                            name: "x-note",
                            value: "a",
                        },
                        Field {
                            name: "x-note",
                            value: "ü",
                        },
                        Field {
                            name: "handle_identifies",
                            value: "true",
                        },
                    ],
                },
            ),
            Event(
                TranslatedEvent {
                    event_type: "",
                    user_id: None,
                    data: Some(
                        Made(
                            "{\"volume\":5}",
                        ),
                    ),
                    idempotency_key: None,
                    occurred_at: None,
                    original: None,
                    tag: "",
                    extras: [
                        Field {
                            name: "warning",
                            value: "It says little.",
                        },
                    ],
                },
            ),
            Ignored(
                Notice {
                    code: "ping",
                    message: "Nothing happened.",
                    at: None,
                    tag: "noticed",
                },
            ),
            Rejected(
                Notice {
                    code: "wrong_type",
                    message: "It cannot be read.",
                    at: Some(
                        "/data",
                    ),
                    tag: "noticed",
                },
            ),
        ],
        reply: Some(
            Reply {
                content_type: "text/plain",
                body: "translated",
            },
        ),
        memo: "a memo",
    }
    "#);
    let logs: Vec<String> = call.logs.iter().map(|line| format!("{}: {}", line.level, line.message)).collect();
    insta::assert_snapshot!(logs.join(", "), @"debug: debug, info: info, warn: warn, error: error");
    let call = plugin.translate(&request(Body::Bytes(bytes::Bytes::from_static(b"\xff\xfe"))), &patient()).await;
    insta::assert_snapshot!(format!("{:?}", call.result.unwrap().unwrap_err()), @r#"Notice { code: "not_utf8", message: "2 bytes that are not UTF-8.", at: None, tag: "noticed" }"#);
}

#[tokio::test]
async fn a_component_of_0_1_answers_as_it_did() {
    let plugin = SANDBOX.load(FROZEN).unwrap();
    assert!(plugin.answers());
    let outcome = |index, status: &str, reason: &str| Outcome {
        index,
        tag: "all".to_owned(),
        status: status.to_owned(),
        event_id: format!("id-{index}"),
        reason: reason.to_owned(),
    };
    let outcomes = [outcome(0, "executed", ""), outcome(u32::MAX, "rejected", "It cannot be read.")];
    let reply = plugin.answer("a memo", &outcomes, &patient()).await.result.unwrap();
    insta::assert_snapshot!(format!("{reply:?}"), @r#"Reply { content_type: "text/plain", body: "a memo: 0 all executed id-0 , 4294967295 all rejected id-4294967295 It cannot be read." }"#);
}
