//! The finding for each law, when a plugin violates it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::{path::Path, sync::LazyLock, time::Duration};

use inlet_conformance::suite::{self, CheckOutcome, Options};
use inlet_sandbox::{EngineConfig, Limits, LoadError, Plugin, Sandbox};
use serde_json::{Value, json};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    Sandbox::new(EngineConfig { max_instances: 8, count_instructions: true, ..EngineConfig::default() }).unwrap()
});

const BODY: &str = r#"{"user":"u_42","id":"m-1","data":{"plan":"pro","nested":{"n":1}}}"#;

/// Loads the misbehaving plugin with another manifest.
fn forged(change: impl FnOnce(&mut Value)) -> Result<Plugin, LoadError> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../test-plugins/inlet__hostile.wasm");
    let wasm = std::fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make plugins platforms test-plugins`", file.display()));
    SANDBOX.load(&inlet_pack::repack(&wasm, change).unwrap())
}

/// Returns the checks that fail, with their findings, when the plugin violates `law` on these bodies.
async fn broken(law: &str, bodies: &[&str], change: impl FnOnce(&mut Value)) -> String {
    let plugin = forged(|manifest| {
        let example =
            |body| json!({"event_type": "hostile/law", "headers": {"x-note": format!("law/{law}")}, "body": body});
        manifest["examples"] = bodies.iter().map(example).collect();
        change(manifest);
    })
    .unwrap();
    // A busy machine must not fail the test.
    let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
    let report = suite::run(&plugin, None, &Options { limits, rounds: 2, ..Options::default() }).await.unwrap();
    let failed = report.checks.iter().filter_map(|check| match &check.outcome {
        CheckOutcome::Failed(found) => Some(format!("{} {}: {}", check.level, check.id, found.join("\n  "))),
        _ => None,
    });
    failed.collect::<Vec<_>>().join("\n")
}

/// Returns a body of another event.
fn second_body() -> String {
    BODY.replace("42", "43").replace("m-1", "m-2")
}

async fn breaks(law: &str) -> String {
    broken(law, &[BODY], |_| {}).await
}

#[tokio::test]
async fn none() {
    let two = format!("[{BODY},{BODY}]");
    let own_form = format!(r#"{{"table":"t","records":{two}}}"#);
    let bodies = [BODY, &two, &own_form];
    assert_eq!(broken("none", &bodies, |manifest| manifest["sender"] = json!({"batch_max": 100})).await, "");
}

#[tokio::test]
async fn shows_an_event() {
    insta::assert_snapshot!(breaks("shows-an-event").await, @r#"
    must shows-an-event: expected an example or a case that becomes an event, found none; add examples to the manifest
    must examples-become-their-event-type: example 1: expected "hostile/law", found the request rejected as "unsupported": Nothing is an event.
    must unknown-members-change-nothing: example 1: expected a translation with an unknown member too, found none
    "#);
    insta::assert_snapshot!(broken("none", &[], |_| {}).await, @"must shows-an-event: expected an example or a case that becomes an event, found none; add examples to the manifest");
}

#[tokio::test]
async fn examples_would_arrive() {
    let found = broken("none", &[BODY], |manifest| manifest["examples"][0]["headers"]["x-other"] = json!("1")).await;
    insta::assert_snapshot!(found, @r#"must examples-become-their-event-type: example 1: it sends header "x-other", which the manifest does not list; it would never arrive; add it to headers"#);
}

#[tokio::test]
async fn examples_become_their_event_type() {
    insta::assert_snapshot!(breaks("examples-become-their-event-type").await, @r#"must examples-become-their-event-type: example 1: expected "hostile/law", found ["hostile/other"]"#);
}

#[tokio::test]
async fn default_mappings_resolve() {
    let mapping = json!({
        "event_type": "hostile/law", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": "data.nobody"},
    });
    let found = broken("none", &[BODY], |manifest| manifest["defaults"] = json!({"mappings": [mapping]})).await;
    insta::assert_snapshot!(found, @r#"should default-mappings-resolve: example 1: expected the path "data.nobody" of the hostile/law mapping's recipients to lead somewhere, found nothing"#);
}

#[tokio::test]
async fn originals_exist() {
    insta::assert_snapshot!(breaks("originals-exist").await, @r#"must originals-exist: example 1: expected the original at "/nowhere", found nothing there"#);
}

#[tokio::test]
async fn pointers_exist() {
    insta::assert_snapshot!(breaks("pointers-exist").await, @r#"must pointers-exist: example 1: expected user_id to point at what is there, or at a member that an object there lacks; found "/no/such/place", which is beside everything"#);
}

#[tokio::test]
async fn unknown_members_change_nothing() {
    insta::assert_snapshot!(breaks("unknown-members-change-nothing").await, @"must unknown-members-change-nothing: example 1: expected an unknown member to change nothing, found another translation");
}

#[tokio::test]
async fn values_survive() {
    insta::assert_snapshot!(breaks("numbers").await, @"must values-survive: example 1 with odd members in its content: expected data to hold what was sent, found something else");
    insta::assert_snapshot!(breaks("markers").await, @r"
    must values-survive: example 1 with odd members in its content: expected data to hold what was sent, found something else
      example 1 with odd members in its content: expected data to hold what was sent, found something else
    ");
    let number = BODY.replace(r#""u_42""#, "42");
    insta::assert_snapshot!(broken("numbers-written", &[&number], |_| {}).await, @"must values-survive: example 1 with 9007199254740993 in the place of 42: expected user_id to be that, found something else");
    insta::assert_snapshot!(breaks("escapes").await, @r#"
    must values-survive: example 1 with "\u2603 ☃ \"\\\/ 007" in the place of "u_42": expected user_id to be that, found something else
      example 1 with "  Ada  LOVELACE\u0301+Test@Example.COM " in the place of "u_42": expected user_id to be that, found something else
    "#);
}

#[tokio::test]
async fn batch_equals_its_items() {
    let two = format!("[{BODY},{}]", second_body());
    insta::assert_snapshot!(broken("batch-equals-its-items", &[BODY, &two], |_| {}).await, @r"
    must batch-equals-its-items: example 2: expected what its elements give one by one, found something else at item 0
      an array of example 1 and example 1: expected what each gives alone, found something else
    must junk-elements-keep-their-place: example 2 with null in the place of element 0: expected 2 items, its neighbours unchanged, found another item 1
    must many-items-are-all-there: example 1 with 1000 elements: expected 1000 items, each as in a small batch, found another item 0
      example 2 with 1000 elements: expected 1000 items, each as in a small batch, found another item 0
    ");
    let own_form = format!(r#"{{"table":"t","records":{two}}}"#);
    insta::assert_snapshot!(broken("batch-equals-its-items", &[&own_form], |_| {}).await, @r"
    must batch-equals-its-items: example 1: expected what its elements give one by one, found something else at item 0
    must junk-elements-keep-their-place: example 1 with null in the place of element 0: expected 2 items, its neighbours unchanged, found another item 1
    must many-items-are-all-there: example 1 with 1000 elements: expected 1000 items, each as in a small batch, found another item 0
    ");
    // The plugin shows an array and accepts none.
    insta::assert_snapshot!(broken("arrays-taken", &[BODY, &two], |_| {}).await, @r#"
    must examples-become-their-event-type: example 2: expected "hostile/law", found the request rejected as "not_an_object": Expected an object, found an array.
    must batch-equals-its-items: an array of example 1 alone: expected what it gives by itself, found something else
    "#);
    // The plugin shows no array and accepts some.
    insta::assert_snapshot!(breaks("arrays-read-otherwise").await, @"must batch-equals-its-items: an array of example 1 alone: expected what it gives by itself, found something else");
    // The manifest allows batches, and the plugin shows none.
    let says = |manifest: &mut Value| manifest["sender"] = json!({"batch_max": 100});
    insta::assert_snapshot!(broken("none", &[BODY], says).await, @"must batch-equals-its-items: the manifest says that a request holds up to 100 events (sender.batch_max), and no example or case holds more than one; add one that does");
}

#[tokio::test]
async fn member_order_changes_nothing() {
    insta::assert_snapshot!(breaks("member-order").await, @r#"must member-order-changes-nothing: example 1 with the members of its objects in reverse order: expected the same translation, found another: items[0].event.user_id: expected {"at":"/user"}, found nothing"#);
}

#[tokio::test]
async fn arrival_time_changes_nothing() {
    insta::assert_snapshot!(breaks("arrival-time").await, @r#"must arrival-time-changes-nothing: example 1 at another received-at-ms: expected the same event types, users, data and keys, found others: items[0].event.idempotency_key.made: expected "m-1@0", found "m-1@34572345678""#);
}

#[tokio::test]
async fn undeclared_headers_are_not_read() {
    insta::assert_snapshot!(breaks("undeclared-headers").await, @r#"must undeclared-headers-are-not-read: example 1 with headers that the manifest does not list: expected the same translation, found one that depends on the header "user-agent"; list what the plugin reads in headers"#);
}

#[tokio::test]
async fn methods_are_translated() {
    let two = |manifest: &mut Value| manifest["methods"] = json!(["POST", "PUT"]);
    insta::assert_snapshot!(broken("methods", &[BODY], two).await, @r#"must methods-are-translated: the manifest lists the method PUT: expected an example or a case that is translated when it is sent with it, found none; the last one was rejected as "unsupported"; add a case with "method": "PUT", or leave the method out"#);
    insta::assert_snapshot!(broken("methods-fault", &[BODY], two).await, @r#"
    must methods-are-translated: example 1 sent with PUT: expected a translation, found a fault: the plugin crashed: wasm `unreachable` instruction executed; see its log lines
      the manifest lists the method PUT: expected an example or a case that is translated when it is sent with it, found none; add a case with "method": "PUT", or leave the method out
    "#);
    assert_eq!(broken("none", &[BODY], two).await, "");
}

#[tokio::test]
async fn odd_user_ids_survive() {
    insta::assert_snapshot!(breaks("ids-lowered").await, @r#"
    must values-survive: example 1 with "  Ada  LOVELACE\u0301+Test@Example.COM " in the place of "u_42": expected user_id to be that, found something else
      example 1 with "Xy☃45678901234567890123456789012345678901234567890123456789 in the place of "u_42": expected user_id to be that, found something else
    "#);
    insta::assert_snapshot!(breaks("ids-trimmed").await, @r#"must values-survive: example 1 with "  Ada  LOVELACE\u0301+Test@Example.COM " in the place of "u_42": expected user_id to be that, found something else"#);
    insta::assert_snapshot!(breaks("ids-cut").await, @r#"must values-survive: example 1 with "Xy☃45678901234567890123456789012345678901234567890123456789 in the place of "u_42": expected user_id to be that, found something else"#);
}

#[tokio::test]
async fn junk_elements_keep_their_place() {
    let two = format!("[{BODY},{}]", second_body());
    let own_form = format!(r#"{{"table":"t","records":{two}}}"#);
    insta::assert_snapshot!(breaks("junk-dropped").await, @"must junk-elements-keep-their-place: an array of example 1 with null in the place of element 1: expected 3 items, its neighbours unchanged, found 2 items");
    insta::assert_snapshot!(broken("junk-dropped", &[&own_form], |_| {}).await, @"must junk-elements-keep-their-place: example 1 with null in the place of element 0: expected 2 items, its neighbours unchanged, found 1 items");
    insta::assert_snapshot!(broken("junk-ends-it", &[&two], |_| {}).await, @"must junk-elements-keep-their-place: example 1 with null in the place of element 0: expected 2 items, its neighbours unchanged, found another item 1");
    insta::assert_snapshot!(broken("junk-fails-all", &[&two], |_| {}).await, @r#"must junk-elements-keep-their-place: example 1 with null in the place of element 0: expected 2 items, its neighbours unchanged, found the request rejected as "not_an_object""#);
}

#[tokio::test]
async fn many_items_are_all_there() {
    insta::assert_snapshot!(breaks("many-items").await, @"must many-items-are-all-there: example 1 with 1000 elements: expected 1000 items, each as in a small batch, found 500 items");
    let own_form = format!(r#"{{"table":"t","records":[{BODY},{}]}}"#, second_body());
    insta::assert_snapshot!(broken("many-items", &[&own_form], |_| {}).await, @"must many-items-are-all-there: example 1 with 1000 elements: expected 1000 items, each as in a small batch, found 500 items");
    let few = |manifest: &mut Value| manifest["sender"] = json!({"batch_max": 500});
    assert_eq!(broken("many-items", &[&own_form], few).await, "", "the platform sends no more than 500");
}

#[tokio::test]
async fn nulls_stay() {
    insta::assert_snapshot!(breaks("nulls-stay").await, @r#"
    must nulls-stay: example 1 with null for "plan" of its data: expected data to hold that null, found the member left out
      example 1 with null for "nested" of its data: expected data to hold that null, found the member left out
    "#);
    insta::assert_snapshot!(breaks("nulls-written").await, @r#"
    must nulls-stay: example 1 with null for "plan" of its data: expected data to hold that null, found 0
      example 1 with null for "nested" of its data: expected data to hold that null, found 0
    "#);
}

#[tokio::test]
async fn keys_tell_events_apart() {
    insta::assert_snapshot!(breaks("keys-alike").await, @r#"must keys-tell-events-apart: example 1: expected its idempotency key to follow what was sent, found "always" whatever value of the request changes"#);
    let alike = BODY.replace("42", "43");
    insta::assert_snapshot!(broken("none", &[BODY, &alike], |_| {}).await, @r#"must keys-tell-events-apart: example 1 and example 2: expected two events that differ to have different idempotency keys, found "m-1" for both; take the key from what the platform sends for one event alone, and give the examples ids of their own"#);
}

#[tokio::test]
async fn no_empty_translation() {
    insta::assert_snapshot!(breaks("empty").await, @"should no-empty-translation: the body []: expected at least one item, found a translation without any; return an ignored item that says why, or reject the request");
}

#[tokio::test]
async fn no_body_faults() {
    let found = breaks("no-body-faults").await;
    let first = found.lines().next().unwrap();
    insta::assert_snapshot!(first, @"must no-body-faults: example 1 damaged, round 1: expected a translation or a rejection, found a fault: the plugin crashed: wasm `unreachable` instruction executed; see its log lines");
}

#[tokio::test]
async fn no_body_faults_however_deep_its_content_is() {
    insta::assert_snapshot!(breaks("depth").await, @r"
    must no-body-faults: example 1 with 100000 levels in object 0: expected a translation or a rejection, found a fault: the plugin crashed: call stack exhausted (a recursion that is too deep); see its log lines
      example 1 with 100000 levels in object 1: expected a translation or a rejection, found a fault: the plugin crashed: call stack exhausted (a recursion that is too deep); see its log lines
      example 1 with 100000 levels in object 2: expected a translation or a rejection, found a fault: the plugin crashed: call stack exhausted (a recursion that is too deep); see its log lines
    ");
}

#[tokio::test]
async fn cost_grows_linearly() {
    // The numbers depend on the compiler.
    let words = |found: String| {
        let mut words = found.replace(|character: char| character.is_ascii_digit(), "#");
        while words.contains("##") {
            words = words.replace("##", "#");
        }
        words.replace("#.#", "#")
    };
    insta::assert_snapshot!(words(breaks("instructions").await), @r"
    must cost-grows-linearly: example # with a long text: expected instructions to grow no faster than the body, found # for a KB up to # KB and # for a KB beyond; look for a loop inside a loop
      example # with many members: expected instructions to grow no faster than the body, found # for a KB up to # KB and # for a KB beyond; look for a loop inside a loop
      example # with a long text in its content: expected instructions to grow no faster than the body, found # for a KB up to # KB and # for a KB beyond; look for a loop inside a loop
      example # with many members in its content: expected instructions to grow no faster than the body, found # for a KB up to # KB and # for a KB beyond; look for a loop inside a loop
    ");
    insta::assert_snapshot!(words(breaks("content-cost").await), @r"
    must cost-grows-linearly: example # with a long text in its content: expected instructions to grow no faster than the body, found # for a KB up to # KB and # for a KB beyond; look for a loop inside a loop
      example # with many members in its content: expected instructions to grow no faster than the body, found # for a KB up to # KB and # for a KB beyond; look for a loop inside a loop
    ");
    insta::assert_snapshot!(words(breaks("memory").await), @r"
    must no-body-faults: example # replaced by an object of # MiB: expected a translation or a rejection, found a fault: the plugin asked for # MiB of memory; its limit is # MiB; make it hold less of the body at once or raise its memory limit
    must cost-grows-linearly: example # with a long text: expected at most # bytes of memory for a byte of body, found # for a KB
      example # with many members: expected at most # bytes of memory for a byte of body, found # for a KB
      example # with a long text in its content: expected at most # bytes of memory for a byte of body, found # for a KB
      example # with many members in its content: expected at most # bytes of memory for a byte of body, found # for a KB
      example # with many items: expected at most # bytes of memory for a byte of body, found # for a KB
    ");
}

/// Laws that the sandbox enforces: a plugin that violates them does not load, so it has no report.
#[test]
fn laws_that_are_kept_by_loading() {
    let refused = |change: fn(&mut Value)| forged(change).expect_err("it should be refused").to_string();
    let loads = refused(|manifest| manifest["colour"] = json!("red"));
    let vectors = refused(|manifest| manifest["verification"]["vectors"][0]["body"] = json!("{}"));
    let headers = refused(|manifest| manifest["headers"] = json!(["X-Note"]));
    insta::assert_snapshot!([loads, vectors, headers].join("\n"), @r#"
    the manifest is wrong at colour: it is not known; see wit/v0.1/manifest.schema.json
    the manifest's verification is wrong: verification vector "published by Standard Webhooks": expected verified = true, covers = any, found verified = false (failed), where the template makes webhook-timestamp: 1614265330, webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek, webhook-signature: v1,aZgkZHxTDvZJsDWtN4dfyyZWkpgTgg60bdob9DOG8Mc=; correct the vector or the template in the manifest
    the manifest is wrong at headers.0: "X-Note" does not match "^[a-z0-9!#$%&'*+.^_`|~-]+$"; see wit/v0.1/manifest.schema.json
    "#);
}
