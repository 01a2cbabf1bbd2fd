//! Bodies that a sender may make up, thrown at every bundled plugin and platform: none of them may count against the
//! plugin, because whoever knows an endpoint's address could then stop a healthy plugin for everybody.
//!
//! They keep every processor busy, so they are a binary of their own: the tests of time limits would wait for their turn.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::{
    fmt::Write as _,
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use bytestring::ByteString;
use inlet_core::{
    Uuid,
    blame::Blame,
    contract::{Body, Field, ItemOutcome, Request},
    event::{self, Context},
    idempotency::HashKey,
    log::PluginRef,
    mapping::MappingIndex,
    settings::Settings,
    verification::Verdict,
};
use inlet_sandbox::{EngineConfig, Limits, Plugin, Sandbox};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(EngineConfig::default()).unwrap());

/// Time that no call comes near, on a busy machine either. Time that grows with the square of the body does.
const TIME: Duration = Duration::from_secs(10);

/// Bytes of the strings that are too long for every limit on strings.
const LONG: usize = 70 * 1024;

/// Loads the plugins in a folder below `target`, each with its name.
fn plugins_in(folder: &str) -> Vec<(String, Plugin)> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make plugins platforms`", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), SANDBOX.load(&std::fs::read(path).unwrap()).unwrap())).collect()
}

fn repeated(element: &str, count: usize) -> String {
    let mut text = String::with_capacity((element.len() + 1) * count);
    for index in 0..count {
        if index > 0 {
            text.push(',');
        }
        text.push_str(element);
    }
    text
}

fn numbered(count: usize, element: impl Fn(usize) -> String) -> String {
    (0..count).map(element).collect::<Vec<_>>().join(",")
}

/// The calls of the platforms that speak JSON-RPC.
fn rpc(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

/// A call of Hightouch with these mappings and rows.
fn rows(object: &str, more: &str, mappings: &str, rows: &str) -> String {
    rpc(
        "add",
        &format!(
            r#"{{"configuration":{{"object":"{object}","mode":"mirror","mappings":[{mappings}]{more}}},"idColumn":"i","rows":[{rows}]}}"#
        ),
    )
}

/// A call of Census with these records.
fn records(object: &str, records: &str) -> String {
    rpc(
        "sync_batch",
        &format!(
            r#"{{"sync_plan":{{"object":{{"object_api_name":"{object}"}},"operation":"insert"}},"records":[{records}]}}"#
        ),
    )
}

/// Bodies with too many items, as each family of platforms packs them.
fn crowds() -> Vec<(String, Vec<u8>)> {
    let limit = Limits::default().items;
    let mut bodies = Vec::new();
    for count in [limit, limit + 1] {
        let elements = ["{}", r#"{"type":"track","event":"E"}"#, r#"{"type":"\ud800"}"#, "1", r#"{"json":{}}"#];
        // What is within the limit is translated, which takes longer than refusing it.
        for element in &elements[..if count > limit { 5 } else { 3 }] {
            let list = repeated(element, count);
            bodies.push((format!("[{element}…] of {count}"), format!("[{list}]").into_bytes()));
            for envelope in ["batch", "records", "events"] {
                let body = format!(r#"{{"{envelope}":[{list}]}}"#);
                bodies.push((format!("{envelope} of {count} {element}"), body.into_bytes()));
            }
            let lines = list.replace("},{", "}\n{").replace("1,1", "1\n1").replace("1,1", "1\n1");
            bodies.push((format!("{count} lines {element}"), lines.into_bytes()));
        }
        let upserts = repeated(r#"{"operation":"upsert","key":1}"#, count);
        bodies.push((format!("{count} of Jitsu's records"), format!(r#"{{"records":[{upserts}]}}"#).into_bytes()));
        for element in ["1", r#"{"i":1}"#, r#"{"user_id":1,"event_id":1,"event":"e"}"#] {
            let list = repeated(element, count);
            let mapping = r#"{"from":"i","to":"user_id"}"#;
            bodies.push((format!("{count} rows {element}"), rows("user", "", mapping, &list).into_bytes()));
            bodies.push((format!("{count} records {element}"), records("user", &list).into_bytes()));
            bodies.push((format!("{count} event records {element}"), records("event", &list).into_bytes()));
        }
    }
    bodies
}

/// Bodies whose translation could grow faster than they do.
fn growing() -> Vec<(String, Vec<u8>)> {
    let mut bodies = Vec::new();
    let same = |count| numbered(count, |n| format!(r#"{{"from":"a","to":"{n}"}}"#));
    let value = |length| format!(r#"{{"i":1,"a":"{}"}}"#, "v".repeat(length));
    bodies.push(("one column under many names".to_owned(), rows("user", "", &same(230), &value(5_000))));
    bodies.push(("one long column under many names".to_owned(), rows("user", "", &same(2_000), &value(50_000))));
    for (row, what) in [(r#"{"i":1}"#, "rows"), ("{}", "rows without an id")] {
        for object in ["user", "event"] {
            let body = rows(object, "", &same(2_000), &repeated(row, 15_000));
            bodies.push((format!("many columns of many {what} ({object})"), body));
        }
    }
    let missing = numbered(3_000, |n| format!(r#"{{"from":"c{n}","to":"t{n}"}}"#));
    bodies.push(("many columns of small rows".to_owned(), rows("event", "", &missing, &repeated(r#"{"i":1}"#, 700))));
    let name = format!(r#","event_name":"{}""#, "n".repeat(60_000));
    bodies.push(("one long name of many events".to_owned(), rows("event", &name, "", &repeated(r#"{"i":1}"#, 20_000))));
    let column = format!(r#"{{"from":"{}","to":"timestamp"}}"#, "c".repeat(4_000));
    bodies.push(("one long column of many rows".to_owned(), {
        rows("event", r#","event_name":"e""#, &column, &repeated(r#"{"i":1}"#, 20_000))
    }));
    let sync = format!(
        r#"{{"syncId":"{}","records":[{}]}}"#,
        "s".repeat(LONG),
        repeated(r#"{"operation":"upsert","key":1}"#, 10_000)
    );
    bodies.push(("a long id of a sync".to_owned(), sync));
    for (name, count) in [("", 3_000), ("", 400_000), ("~/~/", 3_000)] {
        let members = numbered(count, |_| format!(r#""{name}":1"#));
        bodies.push((
            format!("{count} traits {name:?}"),
            format!(
                r#"{{"type":"identify","userId":"u","traits":{{{members}}},"context":{{"traits":{{{members}}}}}}}"#
            ),
        ));
        bodies.push((format!("{count} fields {name:?}"), records("user", &format!(r#"{{"user_id":1,{members}}}"#))));
    }
    let distinct = numbered(100_000, |n| format!(r#""{n}":1"#));
    bodies.push((
        "many distinct traits".to_owned(),
        format!(r#"{{"type":"identify","userId":"u","traits":{{{distinct}}},"context":{{"traits":{{{distinct}}}}}}}"#),
    ));
    bodies.push((
        "many columns that are one row".to_owned(),
        rows("user", "", &numbered(20_000, |n| format!(r#"{{"from":"{n}","to":"{n}"}}"#)), r#"{"i":1},{"i":2}"#),
    ));
    for id in [1_000, LONG, 9 << 20] {
        bodies.push((format!("an audience's name of {id}"), format!(r#"{{"audienceName":"{}"}}"#, "a".repeat(id))));
    }
    let escaped = r"\u0061".repeat(1 << 20);
    bodies.push(("a long escaped member name".to_owned(), format!(r#"{{"{escaped}":1,"type":"track","event":"e"}}"#)));
    bodies.push(("duplicate batches".to_owned(), {
        format!(r#"{{{},"batch":[{}]}}"#, repeated(r#""batch":0"#, 4_000), repeated(r#"{"userId":1}"#, 4_000))
    }));
    bodies.into_iter().map(|(what, body)| (what, body.into_bytes())).collect()
}

/// Values that are no ordinary values, at every place that a plugin reads.
fn odd_values() -> Vec<(String, Vec<u8>)> {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let mut values: Vec<(String, String)> = Vec::new();
    for depth in [inlet_core::json::MAX_DEPTH - 2, inlet_core::json::MAX_DEPTH, 130, 10_000] {
        values.push((format!("{depth} arrays"), deep(depth)));
        values.push((format!("{depth} objects"), objects(depth)));
    }
    values.push(("a long string".to_owned(), format!("\"{}\"", "s".repeat(LONG))));
    values.push(("64 KiB".to_owned(), format!("\"{}\"", "s".repeat(64 * 1024))));
    values.push(("slashes and tildes".to_owned(), format!("\"{}\"", "~/".repeat(LONG / 2))));
    values.push(("escapes".to_owned(), format!("\"{}\"", r"\u0001".repeat(LONG / 2))));
    values.push(("quotes".to_owned(), format!("\"{}\"", "\\\"".repeat(LONG))));
    values.push(("snowmen".to_owned(), format!("\"{}\"", "\u{2603}".repeat(LONG / 3))));
    values.push(("a lone surrogate".to_owned(), r#""\ud800""#.to_owned()));
    values.push(("half a pair".to_owned(), r#""\ud83d\ud83d""#.to_owned()));
    values.push(("a huge number".to_owned(), "9".repeat(LONG)));
    values.push(("a huge exponent".to_owned(), "-1.5e99999999999999999999".to_owned()));
    values.push(("a private marker".to_owned(), r#"{"$serde_json::private::Number":"x"}"#.to_owned()));
    let names = format!(r#"{{"{}":1,"{}":{{"id":"x"}}}}"#, "k".repeat(LONG), "~/".repeat(LONG / 2));
    values.push(("long names".to_owned(), names));
    values.push(("a surrogate's name".to_owned(), r#"{"\ud800":{"id":1},"id":2}"#.to_owned()));
    values.push(("duplicate names".to_owned(), r#"{"id":1,"id":{"id":2},"id":[],"object":1,"object":{}}"#.to_owned()));
    values.push(("null".to_owned(), "null".to_owned()));
    const MEMBERS: [&str; 34] = [
        "type",
        "event",
        "name",
        "userId",
        "user_id",
        "messageId",
        "message_id",
        "timestamp",
        "properties",
        "traits",
        "context",
        "data",
        "id",
        "created",
        "created_at",
        "schema",
        "table",
        "record",
        "old_record",
        "sender",
        "action",
        "person",
        "audienceName",
        "externalId",
        "batch",
        "json",
        "records",
        "syncId",
        "method",
        "params",
        "jsonrpc",
        "customer",
        "related_object",
        "previousId",
    ];
    let mut bodies = Vec::new();
    for (what, value) in &values {
        let item = |places: &[&str]| {
            let mut text = String::from(r#"{"type":"track","event":"e","schema":"s","table":"t","userId":"u""#);
            for place in places {
                let _ = write!(text, r#","{place}":{value}"#);
            }
            text + "}"
        };
        // Long values at every place together are enough.
        for place in MEMBERS.into_iter().filter(|_| value.len() < 1_000) {
            bodies.push((format!("{what} at {place}"), item(&[place]).into_bytes()));
        }
        bodies.push((format!("{what} everywhere"), item(&MEMBERS).into_bytes()));
        // Megabytes of long values need not be thrown three times.
        let all = if value.len() < 1_000 { item(&MEMBERS) } else { item(&MEMBERS[..4]) };
        bodies.push((format!("{what} in an array"), format!("[{all},{all}]").into_bytes()));
        bodies.push((format!("{what} alone"), value.clone().into_bytes()));
        bodies.push((format!("{what} as the only member"), format!(r#"{{"audienceName":{value}}}"#).into_bytes()));
        let identify = format!(r#"{{"type":"identify","context":{{"traits":{value}}},"traits":{{"a":{value}}}}}"#);
        bodies.push((format!("{what} as traits"), identify.into_bytes()));
        let row = format!(r#"{{"i":{value},"user_id":{value},"event_id":1,"event":{value},"timestamp":{value}}}"#);
        let mapping = format!(r#"{{"from":"user_id","to":"user_id"}},{{"from":"x","to":{value}}}"#);
        bodies.push((format!("{what} in a row"), rows("user", "", "", &row).into_bytes()));
        bodies.push((format!("{what} in a mapping"), rows("user", "", &mapping, &row).into_bytes()));
        bodies.push((format!("{what} in a record"), records("event", &row).into_bytes()));
        let call = format!(r#"{{"jsonrpc":"2.0","id":{value},"method":"list_objects"}}"#);
        bodies.push((format!("{what} as a call's id"), call.into_bytes()));
        bodies.push((format!("{what} in a form"), format!("payload={}", encoded(&all)).into_bytes()));
    }
    bodies
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace('"', "%22")
}

fn no_json() -> Vec<(String, Vec<u8>)> {
    let bodies: [&[u8]; 12] = [
        b"",
        b" \r\n",
        b"\xff\xfe{}",
        b"{\"event\":\"\xff\"}",
        b"{\"event\":",
        b"[{},",
        b"payload=",
        b"payload=%7B%22a%22%3A%ff",
        b"<xml/>",
        b"{}\n{\n[]\n1",
        b"\0",
        b"nul",
    ];
    bodies.iter().map(|body| (format!("{:?}", String::from_utf8_lossy(body)), body.to_vec())).collect()
}

/// Returns the blame for what a request becomes, and its fault: translated, planned and answered.
async fn blame(plugin: &Plugin, request: &Request, limits: &Limits) -> Option<(Blame, String)> {
    let bytes = request.size();
    let translation = match plugin.translate(request, limits).await.result {
        Ok(Ok(translation)) => translation,
        Ok(Err(_)) => return None,
        Err(fault) => return Some((fault.blame(bytes), fault.to_string())),
    };
    let settings = Settings::default();
    let mappings = MappingIndex::default();
    let hash_key = HashKey([7; 16]);
    let context = Context {
        source_environment: 1,
        settings: &settings,
        redact_paths: &[],
        mappings: &mappings,
        vars: "{}",
        hash_key: &hash_key,
        plugin: Arc::new(PluginRef { key: String::new(), version: String::new(), digest: String::new() }),
        verdict: Verdict::NotConfigured,
        received_at_ms: 1_700_000_000_000,
        headers: None,
        withheld: &[],
        guest_logs: None,
    };
    let prepared = match event::prepare(&context, &request.body, &translation, &mut Uuid::nil) {
        Ok(prepared) => prepared,
        Err(oversize) => return Some((oversize.blame(bytes), oversize.to_string())),
    };
    if !plugin.answers() || translation.memo.is_empty() {
        return None;
    }
    let outcomes: Vec<ItemOutcome> = prepared
        .iter()
        .enumerate()
        .map(|(index, item)| ItemOutcome {
            index: u32::try_from(index).unwrap(),
            tag: match &translation.items[index] {
                inlet_core::contract::Item::Event(event) => event.tag.clone(),
                inlet_core::contract::Item::Ignored(notice) | inlet_core::contract::Item::Rejected(notice) => {
                    notice.tag.clone()
                }
            },
            status: item.log.outcome.as_str().to_owned(),
            event_id: Uuid::nil().to_string(),
            reason: item.log.reason.clone().unwrap_or_default(),
        })
        .collect();
    let answer = plugin.answer(1, &translation.memo, &outcomes, limits).await;
    answer.result.err().map(|fault| (fault.blame(bytes), format!("in the answer: {fault}")))
}

fn request_of(body: Vec<u8>) -> Request {
    let body = match String::from_utf8(body) {
        Ok(text) => Body::Text(ByteString::from(text)),
        Err(error) => Body::Bytes(Bytes::from(error.into_bytes())),
    };
    let headers = vec![Field::new("x-github-event", "issues"), Field::new("x-shopify-topic", "orders/create")];
    let facts = vec![
        Field::new("handle_identifies", "true"),
        Field::new("max_items", Limits::default().items.to_string()),
        Field::new("max_body_bytes", (32 << 20).to_string()),
    ];
    Request {
        method: "POST".to_owned(),
        path: "/v1/batch".to_owned(),
        query: vec![],
        headers,
        body,
        received_at_ms: 1_700_000_000_000,
        options: "{}".to_owned(),
        facts,
    }
}

async fn throw(bodies: Vec<(String, Vec<u8>)>) {
    let limits = Limits { time: TIME, ..Limits::default() };
    let mut counted = Vec::new();
    for (name, plugin) in plugins_in("plugins").iter().chain(&plugins_in("platforms")) {
        for (what, body) in &bodies {
            let size = body.len();
            if let Some((Blame::Plugin, fault)) = blame(plugin, &request_of(body.clone()), &limits).await {
                counted.push(format!("{name}, {what} ({size} bytes): {fault}"));
            }
        }
    }
    assert!(counted.is_empty(), "{} count against plugins:\n{}", counted.len(), counted.join("\n"));
}

#[tokio::test]
async fn crowds_count_against_no_plugin() {
    throw(crowds()).await;
}

#[tokio::test]
async fn bodies_that_grow_count_against_no_plugin() {
    throw(growing()).await;
}

#[tokio::test]
async fn odd_values_count_against_no_plugin() {
    throw(odd_values()).await;
}

#[tokio::test]
async fn what_is_no_json_counts_against_no_plugin() {
    throw(no_json()).await;
}

#[tokio::test]
async fn long_headers_count_against_no_plugin() {
    let long = "h".repeat(LONG);
    for (name, plugin) in plugins_in("plugins").iter().chain(&plugins_in("platforms")) {
        let mut request = request_of(br#"{"type":"a","event":"b"}"#.to_vec());
        let names =
            ["x-github-event", "x-shopify-topic", "x-shopify-webhook-id", "svix-id", "webhook-id", "x-github-delivery"];
        request.headers = names.map(|name| Field::new(name, long.clone())).into();
        let found = blame(plugin, &request, &Limits::default()).await;
        assert!(!matches!(found, Some((Blame::Plugin, _))), "{name}: {found:?}");
        let query = ["type", "event", "userId", "messageId"].map(|name| Field::new(name, long.clone()));
        for method in ["GET", "DELETE", "POST"] {
            let mut request = request_of(Vec::new());
            (request.method, request.query, request.path) =
                (method.to_owned(), query.to_vec(), format!("/track/{long}"));
            let found = blame(plugin, &request, &Limits::default()).await;
            assert!(!matches!(found, Some((Blame::Plugin, _))), "{name} {method}: {found:?}");
        }
    }
}
