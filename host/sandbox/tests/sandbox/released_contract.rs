//! Released contract versions: their files never change, and a component of each version loads forever.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytestring::ByteString;
use inlet_core::contract::{Body, Field, Item, ItemOutcome, Notice, Reply, Request, Translation};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{SANDBOX, relaxed_limits};

/// Every file of wit/v0.1 with its digest. The version is released, so these lines never change.
const V0_1: [(&str, &str); 6] = [
    ("answerer.wit", "6eb8a08bc76dd407e5372a14bfd4cae145115cbc010664ecb7d8c89fa759f537"),
    ("log.wit", "9929f5b0654f3fc6d865d09b057585c23b3596d533fe409c53269963504e89c4"),
    ("manifest.schema.json", "d3deb94962fa3c9319fd53bbedfb8727ea20d32476adadda91eebc3f910be5c6"),
    ("translator.wit", "44ba8530e460bb722a0b1a03f0f0db87887ca9cccdd74f1ed238c50b0fb8cd40"),
    ("types.wit", "eb1a308957b38872475abb379ee2017f89beaef585591385434c94f05f62a4d4"),
    ("worlds.wit", "4104c6823549693041a5b3019ce7b03bf518c32bd34eeb2144395accbfd1830c"),
];

/// The same of wit/v0.2.
const V0_2: [(&str, &str); 5] = [
    ("answerer.wit", "d83374d9d546c8bb7ea857de565664e84c7f4b42f0a76ac67ff5c2987044524e"),
    ("log.wit", "98e63ea069face3c15d9fb66ccfeb37c955bcf7cdf7ff503fcbae648dd2ef8de"),
    ("translator.wit", "feec5bdb3841a2f9ba820ef47a457a2cfccd677217be2f013ab9e0f46126217c"),
    ("types.wit", "96e358c991d5c2d5f9a5f515c20e8390ea10c881e567ff4e90c7fdc096d054a5"),
    ("worlds.wit", "3d6991b03a7ef28804790467ea53e6d71539f51657476565096672e95e831fd8"),
];

fn directory(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").join(version)
}

/// Returns a sentence for each file that was changed, added or removed in a directory.
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
    for (version, frozen) in [("v0.1", &V0_1[..]), ("v0.2", &V0_2)] {
        let changes = changes(&directory(version), frozen);
        assert!(changes.is_empty(), "wit/{version} differs from what was released:\n{}", changes.join("\n"));
    }
}

#[test]
fn a_change_is_described_in_a_sentence() {
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

/// Returns a request with every member set, and one header twice.
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

/// Formats the members that contracts 0.1 and 0.2 define, and none that a later version adds.
fn describe(item: &Item) -> String {
    match item {
        Item::Event(event) => format!(
            "event {:?} user {:?} data {:?} key {:?} at {:?} original {:?} tag {:?} extras {}",
            event.event_type,
            event.user_id,
            event.data,
            event.idempotency_key,
            event.occurred_at,
            event.original,
            event.tag,
            event.extras.iter().map(|field| format!("{}={}", field.name, field.value)).collect::<Vec<_>>().join(",")
        ),
        Item::Ignored(notice) => format!("ignored {}", describe_notice(notice)),
        Item::Rejected(notice) => format!("rejected {}", describe_notice(notice)),
    }
}

fn describe_notice(notice: &Notice) -> String {
    format!("{} {:?} at {:?} tag {:?}", notice.code, notice.message, notice.at, notice.tag)
}

fn describe_reply(reply: &Reply) -> String {
    format!("{}: {}", reply.content_type, reply.body)
}

const COMPONENT_V0_1: &[u8] = include_bytes!("../contract_components/v0_1/plugin.wasm");
const COMPONENT_V0_2: &[u8] = include_bytes!("../contract_components/v0_2/plugin.wasm");

/// The components are frozen like the contract. With other ones the tests below would prove nothing about deployed
/// plugins.
#[test]
fn the_component_of_a_released_contract_does_not_change() {
    for (folder, component, digest) in [
        ("v0_1", COMPONENT_V0_1, "b3c85747c1c959bab983ed65567ecf11a014a3a6abf9e5d0503c9fec2ef47ea4"),
        ("v0_2", COMPONENT_V0_2, "170a55423a88135ef4c2a6836b4b4e66cbbfb44c828d2580d989655526260630"),
    ] {
        assert_eq!(
            hex::encode(Sha256::digest(component)),
            digest,
            "tests/contract_components/{folder}/plugin.wasm was changed; put it back as it was"
        );
    }
}

#[tokio::test]
async fn a_component_of_0_1_loads_and_translates_as_it_did() {
    let plugin = SANDBOX.load(COMPONENT_V0_1).unwrap();
    let manifest = plugin.manifest();
    assert_eq!((manifest.key.as_str(), manifest.contract.as_str()), ("inlet/frozen-v0-1", "0.1.0"));
    assert_eq!((&manifest.methods[..], manifest.max_body_bytes), (&["POST".to_owned(), "PUT".to_owned()][..], 1 << 20));
    assert!(manifest.verification.is_some() && manifest.sender.is_some());
    assert_eq!(manifest.check_options(&Value::Null).unwrap(), json!({"volume": 5}));
    let body = Body::Text(ByteString::from(r#"{"user":{"id":"u_42"},"data":{"total":39.50}}"#));
    let call = plugin.translate(&request(body), &relaxed_limits()).await;
    let Translation { items, reply, memo } = call.result.unwrap().unwrap();
    let mut lines: Vec<String> = items.iter().map(describe).collect();
    lines.push(format!("{} {memo}", reply.as_ref().map(describe_reply).unwrap()));
    insta::assert_snapshot!(lines.join("\n"), @r#"
    event "PUT /orders" user Some(At("/user/id")) data Some(Assembled([("total", "/data/total"), ("nowhere", "/nowhere")])) key Some(Made("\"45\"")) at Some(Made("1767323045678")) original Some("") tag "all" extras q=1 2,x-note=a,x-note=ü,handle_identifies=true
    event "" user None data Some(Made("{\"volume\":5}")) key None at None original None tag "" extras warning=It says little.
    ignored ping "Nothing happened." at None tag "noticed"
    rejected wrong_type "It cannot be read." at Some("/data") tag "noticed"
    text/plain: translated a memo
    "#);
    let logs: Vec<String> = call.logs.iter().map(|line| format!("{}: {}", line.level, line.message)).collect();
    insta::assert_snapshot!(logs.join(", "), @"debug: debug, info: info, warn: warn, error: error");
    let call = plugin.translate(&request(Body::Bytes(bytes::Bytes::from_static(b"\xff\xfe"))), &relaxed_limits()).await;
    insta::assert_snapshot!(describe_notice(&call.result.unwrap().unwrap_err()), @r#"not_utf8 "2 bytes that are not UTF-8." at None tag "noticed""#);
}

#[tokio::test]
async fn a_component_of_0_1_answers_as_it_did() {
    let plugin = SANDBOX.load(COMPONENT_V0_1).unwrap();
    assert!(plugin.answers());
    let reply = plugin.answer(0, "a memo", &two_outcomes(), &relaxed_limits()).await.result.unwrap();
    insta::assert_snapshot!(describe_reply(&reply), @"text/plain: a memo: 0 all executed id-0  0, 4294967295 all rejected id-4294967295 It cannot be read. 0");
    assert_eq!((reply.status, &reply.headers[..]), (200, &[][..]), "contract 0.1 has no others");
}

fn two_outcomes() -> [ItemOutcome; 2] {
    let outcome = |index, status: &str, reason: &str| ItemOutcome {
        index,
        tag: "all".to_owned(),
        status: status.to_owned(),
        event_id: format!("id-{index}"),
        reason: reason.to_owned(),
    };
    [outcome(0, "executed", ""), outcome(u32::MAX, "rejected", "It cannot be read.")]
}

/// Formats a reply of contract 0.2.
fn describe_reply_0_2(reply: &Reply) -> String {
    let headers = reply.headers.iter().map(|Field { name, value }| format!("{name}: {value}, ")).collect::<String>();
    format!("{} {headers}{}", reply.status, describe_reply(reply))
}

#[tokio::test]
async fn a_component_of_0_2_loads_translates_and_answers_as_it_did() {
    let plugin = SANDBOX.load(COMPONENT_V0_2).unwrap();
    let manifest = plugin.manifest();
    assert_eq!((manifest.key.as_str(), manifest.contract.as_str()), ("inlet/frozen-v0-2", "0.2.0"));
    let body = Body::Text(ByteString::from(r#"{"user":{"id":"u_42"},"data":{"total":39.50}}"#));
    let call = plugin.translate(&request(body), &relaxed_limits()).await;
    let Translation { items, reply, memo } = call.result.unwrap().unwrap();
    let mut lines: Vec<String> = items.iter().map(describe).collect();
    lines.push(format!("{} {memo}", reply.as_ref().map(describe_reply_0_2).unwrap()));
    insta::assert_snapshot!(lines.join("\n"), @r#"
    event "PUT /orders" user Some(At("/user/id")) data Some(Assembled([("total", "/data/total"), ("nowhere", "/nowhere")])) key Some(Made("\"45\"")) at Some(Made("1767323045678")) original Some("") tag "all" extras q=1 2,x-note=a,x-note=ü,handle_identifies=true
    event "" user None data Some(Made("{\"volume\":5}")) key None at None original None tag "" extras warning=It says little.
    ignored ping "Nothing happened." at None tag "noticed"
    rejected wrong_type "It cannot be read." at Some("/data") tag "noticed"
    202 x-contract: 0.2, webhook-frozen: since 0.2, text/plain: translated a memo
    "#);
    let logs: Vec<String> = call.logs.iter().map(|line| format!("{}: {}", line.level, line.message)).collect();
    insta::assert_snapshot!(logs.join(", "), @"debug: debug, info: info, warn: warn, error: error");
    let reply = plugin.answer(0, "a memo", &two_outcomes(), &relaxed_limits()).await.result.unwrap();
    insta::assert_snapshot!(describe_reply_0_2(&reply), @"200 x-contract: 0.2, webhook-frozen: since 0.2, text/xml: <answer>a memo: 0 all executed id-0  0, 4294967295 all rejected id-4294967295 It cannot be read. 0</answer>");
}

/// Returns the reply that the query and the body describe, or the sentence for which the host refuses it.
async fn described_reply(query: &[(&str, &str)], body: &str) -> Result<Reply, String> {
    let plugin = SANDBOX.load(COMPONENT_V0_2).unwrap();
    let query = query.iter().map(|(name, value)| Field::new(*name, *value)).collect();
    let body = Body::Text(ByteString::from(body));
    let request = Request { path: "/reply".to_owned(), query, ..request(body) };
    let call = plugin.translate(&request, &relaxed_limits()).await;
    call.result.map(|translation| translation.unwrap().reply.unwrap()).map_err(|fault| fault.to_string())
}

#[tokio::test]
async fn a_reply_of_0_2_has_a_status_headers_and_a_content_type_of_a_few() {
    let twiml = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;
    let found = described_reply(&[("content-type", "text/xml"), ("x-a", "b c"), ("webhook-id", "1")], twiml).await;
    let headers = vec![Field::new("x-a", "b c"), Field::new("webhook-id", "1")];
    assert_eq!(found, Ok(Reply { headers, ..Reply::new("text/xml", twiml) }));
    let is_json = ("content-type", "application/json");
    for (query, body) in [
        (&[("status", "201"), is_json][..], "{}"),
        (&[("status", "202"), is_json], ""),
        (&[("status", "204")], ""),
        (&[("content-type", "application/xml")], ""),
        (&[("x-1", ""), ("x-2", ""), ("x-3", ""), ("x-3", "twice")], ""),
    ] {
        assert!(described_reply(query, body).await.is_ok(), "{query:?}");
    }
}

#[tokio::test]
async fn a_hostile_reply_of_0_2_is_refused_with_a_sentence() {
    let mut sentences = Vec::new();
    for (query, body) in [
        (&[("status", "500")][..], ""),
        (&[("status", "302")], ""),
        (&[("status", "204")], "x"),
        (&[("content-type", "text/html")], "<script>alert(1)</script>"),
        (&[("content-type", "text/xml\r\nset-cookie: a=b")], ""),
        (&[("content-type", "application/json")], "{"),
        (&[("set-cookie", "a=b")], ""),
        (&[("x-content-type-options", "none")], ""),
        (&[("x-accel-redirect", "/etc/passwd")], ""),
        (&[("x-a: b\r\nset-cookie", "a=b")], ""),
        (&[("x-a", "b\r\nset-cookie: a=b")], ""),
        (&[("x-a", "ä")], ""),
        (&[("x-1", ""), ("x-2", ""), ("x-3", ""), ("x-4", ""), ("x-5", "")], ""),
    ] {
        sentences.push(described_reply(query, body).await.unwrap_err());
    }
    let longer = "a".repeat(1025);
    sentences.push(described_reply(&[("x-a", &longer)], "").await.unwrap_err());
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the plugin's output was refused: reply.status is 500; expected 200, 201, 202 or 204; reject an item to have the host answer an error
    the plugin's output was refused: reply.status is 302; expected 200, 201, 202 or 204; reject an item to have the host answer an error
    the plugin's output was refused: reply.body is not empty, and a reply with the status 204 has no body; leave it empty
    the plugin's output was refused: reply.content_type is "text/html"; expected "application/json", "text/plain", "text/xml" or "application/xml"
    the plugin's output was refused: reply.content_type is "text/xml\r\nset-cookie: a=b"; expected "application/json", "text/plain", "text/xml" or "application/xml"
    the plugin's output was refused: reply.body is refused: it is not valid JSON: EOF while parsing an object at line 1 column 1
    the plugin's output was refused: reply.headers[0].name is "set-cookie"; expected a name in lower case that begins with "x-" or "webhook-" and is none that browsers or proxies obey (x-content-type-options, x-accel-…, x-sendfile…)
    the plugin's output was refused: reply.headers[0].name is "x-content-type-options"; expected a name in lower case that begins with "x-" or "webhook-" and is none that browsers or proxies obey (x-content-type-options, x-accel-…, x-sendfile…)
    the plugin's output was refused: reply.headers[0].name is "x-accel-redirect"; expected a name in lower case that begins with "x-" or "webhook-" and is none that browsers or proxies obey (x-content-type-options, x-accel-…, x-sendfile…)
    the plugin's output was refused: reply.headers[0].name is "x-a: b\r\nset-cookie"; expected a name in lower case that begins with "x-" or "webhook-" and is none that browsers or proxies obey (x-content-type-options, x-accel-…, x-sendfile…)
    the plugin's output was refused: reply.headers[0].value is "b\r\nset-cookie: a=b"; expected at most 1 KiB of visible ASCII characters and spaces; encode the value, or leave the header out
    the plugin's output was refused: reply.headers[0].value is "ä"; expected at most 1 KiB of visible ASCII characters and spaces; encode the value, or leave the header out
    the plugin's output was refused: reply.headers holds 5 headers; at most 4 are allowed
    the plugin's output was refused: reply.headers[0].value is "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; expected at most 1 KiB of visible ASCII characters and spaces; encode the value, or leave the header out
    "#);
}
