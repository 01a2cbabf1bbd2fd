//! Text to bytes and back, every fault with its member, and bytes that are no program.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Program, compile, decompile, read, write};

fn toml(text: &str) -> Value {
    toml::from_str(text).unwrap()
}

fn faults(text: &str) -> String {
    read(&toml(text)).unwrap_err().join("\n")
}

const EVERYTHING: &str = r#"
    array = true
    batch = ["/entry", ["/changes", "/messaging"], "/value/a~1b"]
    event_type = ["header:x-topic", "{body:/object|lower}.{/field}", "/type|lower", "query:type", "text:a:b"]
    user_id = ["/user/<user_field>", "/target/[type=User~1x]/id", "/user/id", "/user", "up:/id", "up2:/id", "header:x-user"]
    key = ["{/id}/{up3:/id}", "/id"]
    time = "/time"
    tenant = ["up:/account", "{/region}-{/account}"]
    anonymous_id = "/device"
    group_id = ["header:x-topic", "event_type"]
    data = { email = ["/user/email", "body:/email"], whole = "" }

    [[ignore]]
    when = [{ at = "/type", in = ["ping", 7, true] }, { at = "header:x-test", exists = true }]
    code = "ping"
    message = "A test."

    [[reject]]
    when = { at = "event_type", not_in = ["a", "b"] }
    code = "unknown_type"
    message = "Unknown."

    [[events]]
    when = [{ at = "event_type", starts_with = ["customer.", "user."] }, { at = "/deleted", missing = true }]
    event_type = "{event_type}.{/action}"
    user_id = []
    anonymous_id = []
    data = "body:"

    [[events]]
    when = { at = "/kind|lower", not_equals = "x" }
    data = []
"#;

#[test]
fn rules_are_the_same_after_compilation() {
    let rules = read(&toml(EVERYTHING)).unwrap();
    let bytes = compile(&rules).unwrap();
    assert_eq!(decompile(&Program::decode(&bytes).unwrap()), rules);
    assert_eq!(read(&write(&rules)).unwrap(), rules);
    assert_eq!(rules.headers(), ["x-test", "x-topic", "x-user"]);
    assert_eq!(rules.query(), ["type"]);
    assert_eq!(rules.options(), ["user_field"]);
    assert!(bytes.len() < 1300, "{} bytes", bytes.len());
}

#[test]
fn faults_name_their_member() {
    insta::assert_snapshot!(faults("user = \"/a\"\nbatch = \"events\"\nkey = 7"), @r#"
    rules.user: there is no such member; expected one of array, batch, ignore, reject, events, event_type, user_id, key, time, data, tenant, anonymous_id, group_id
    rules.batch: found "events"; a JSON Pointer is empty or begins with /
    rules.key: found 7; expected a text
    rules: `event_type` is missing; it says where the event type is, for example event_type = "/type"
    "#);
    insta::assert_snapshot!(faults("event_type = [\"/a~2\", \"headers:x\", \"header:X-Topic\", \"{/type\", \"{type}\", \"/a|upper\", \"event_type\"]"), @r#"
    rules.event_type[0]: found "/a~2"; in a JSON Pointer a ~ is written ~0, and a / in a name ~1
    rules.event_type[1]: found "headers:x"; expected a JSON Pointer such as /type, body:/type or up:/type, header:NAME, query:NAME or event_type; write text:headers:x for a fixed text
    rules.event_type[2]: found header:X-Topic; expected the name of a header in lower case, such as header:x-topic; write text:header:X-Topic for a fixed text
    rules.event_type[3]: the braces of "{/type" are not balanced; a value is written {/type}
    rules.event_type[4]: the part {type} is no value: found "type"; expected a JSON Pointer such as /type, body:/type or up:/type, header:NAME, query:NAME or event_type
    rules.event_type[5]: found "/a|upper"; `|upper` is unknown, the only transformation is |lower
    rules.event_type[6]: found event_type, which cannot be made of itself
    "#);
    insta::assert_snapshot!(faults("event_type = [\"/<User>\", \"/<>\", \"/[type]\", \"/[=x]\"]\nbatch = \"/[a=b]\""), @r#"
    rules.batch: found "/[a=b]"; where a batch is does not depend on options or elements
    rules.event_type[0]: found "<User>"; a member that an option names is written <user_field>
    rules.event_type[1]: found "<>"; a member that an option names is written <user_field>
    rules.event_type[2]: found "[type]"; the first element with a text at a member is written [type=User]
    rules.event_type[3]: found "[=x]"; the first element with a text at a member is written [type=User]
    "#);
    insta::assert_snapshot!(faults("event_type = [\"order\", \"/type\"]\nuser_id = \"user\"\ntime = \"{/a}{/b}\"\nkey = \"/id|lower\"\ndata = [\"header:x\"]"), @r#"
    rules.event_type[0]: a fixed text is always there, so what follows it is never used; put it last
    rules.user_id: found the fixed text "user", which would be the same for every event; expected a JSON Pointer such as /type, body:/type or up:/type, header:NAME, query:NAME or event_type
    rules.key: found /id|lower; this value is passed as it was sent
    rules.time: found the template "{/a}{/b}"; expected a single value: expected a JSON Pointer such as /type, body:/type or up:/type, header:NAME, query:NAME or event_type
    rules.data: found header:x; data points into the body: expected a JSON Pointer such as /object or body:/object
    "#);
    insta::assert_snapshot!(faults(r#"
        event_type = "/type"
        ignore = [{ code = "Ping" }, { when = [], code = "a", message = "" }]
        reject = [{ when = { at = "/a", equals = "", in = ["x"] }, code = "a", message = "b" }, { when = { equals = 1 }, code = "a", message = "b" }]
        events = [{ when = { at = "/a", exists = false } }, { when = { at = "/a", equals = 1.5 }, key = "/b" }, { when = { at = "/a", starts_with = "" }, key = "/b" }]
    "#), @r#"
    rules.ignore[0]: `when` is missing; it says which items the rule is for, for example when = { at = "/type", equals = "ping" }
    rules.ignore[0].code: found "Ping"; expected at most 64 lower-case letters, digits and underscores, such as ping
    rules.ignore[0]: `message` is missing; the event log shows it
    rules.ignore[1].when: found 0 conditions; expected 1 to 8
    rules.ignore[1].message: found an empty text; expected one that says why
    rules.reject[0].when: found 2 tests; expected exactly one of exists, missing, equals, in, not_equals, not_in, starts_with
    rules.reject[1].when: `at` is missing; expected a JSON Pointer such as /type, body:/type or up:/type, header:NAME, query:NAME or event_type
    rules.events[0].when.exists: found false; expected true, or missing = true for the opposite
    rules.events[0]: it changes nothing; expected at least one of event_type, user_id, key, time, data, tenant, anonymous_id, group_id
    rules.events[1].when.equals: found 1.5; expected a text, a whole number, true or false
    rules.events[2].when.starts_with: every text begins with an empty one; expected a text, or exists = true
    "#);
}

#[test]
fn rules_that_never_apply_are_faults() {
    insta::assert_snapshot!(faults(r#"
        event_type = ["/type", "up:/type"]
        ignore = [
            { when = { at = "header:x", equals = 1 }, code = "a", message = "b" },
            { when = { at = "/a|lower", in = ["A", "B"] }, code = "a", message = "b" },
            { when = [{ at = "/a", missing = true }, { at = "/a", equals = 1 }], code = "a", message = "b" },
            { when = [{ at = "/a", equals = "x" }, { at = "/a", starts_with = "y" }], code = "a", message = "b" },
            { when = [{ at = "/a", equals = "x" }, { at = "/a", not_in = ["x", "y"] }], code = "a", message = "b" },
        ]
        events = [
            { when = { at = "/a", exists = true }, key = "/a" },
            { when = [{ at = "/b", exists = true }, { at = "/a", exists = true }], key = "/b" },
        ]
    "#), @r#"
    rules.event_type: found up:/type, which leads nowhere: there is no `batch`, so no item is in another
    rules.ignore[0].when: the condition on header:x never holds: its value is always a text; write the compared value in quotes
    rules.ignore[1].when: the condition on /a never holds: the value is in lower case, and every compared one has a capital letter
    rules.ignore[2].when: the conditions on /a never hold together
    rules.ignore[3].when: the conditions on /a never hold together
    rules.ignore[4].when: the conditions on /a never hold together
    rules.events[1].when: rules.events[0] applies to all of these items, and the first rule that applies counts; put the narrower one first
    "#);
}

#[test]
fn rules_have_limits() {
    let rule = json!({ "when": { "at": "/a", "equals": 1 }, "code": "a", "message": "b" });
    let many = json!({
        "event_type": vec!["/a"; 17], "batch": vec!["/a"; 5], "ignore": vec![rule; 65], "key": format!("/{}", "k".repeat(512)),
        "user_id": "/a".repeat(17), "time": "/t",
    });
    insta::assert_snapshot!(read(&many).unwrap_err().join("\n"), @r#"
    rules.batch: found 5 levels; expected 1 to 4
    rules.event_type: found 17 values; at most 16 can be used
    rules.user_id: the JSON Pointer is too long; at most 16 names and 512 bytes can be used
    rules.key: the text is 513 bytes long; at most 512 can be used
    rules.ignore: found 65 rules; at most 64 can be used
    "#);
    let members: serde_json::Map<String, Value> = (0..64)
        .map(|index| (format!("m{index}"), json!(["a", "b", "c", "d"].map(|name| format!("/{name}{index}")))))
        .collect();
    let rules = read(&json!({ "event_type": "/type", "data": members })).unwrap();
    insta::assert_snapshot!(compile(&rules).unwrap_err(), @"rules: they name 257 different members in the item; at most 250 can be used: leave out alternatives");
}

/// Texts of values, some of them odd.
fn value() -> impl Strategy<Value = String> {
    let name =
        prop::sample::select(vec!["a", "b", "id", "0", "a~1b", "x~0y", "<user_field>", "[type=User]", "\u{2603}", ""]);
    let pointer = prop::collection::vec(name, 0..4)
        .prop_map(|names| names.iter().map(|name| format!("/{name}")).collect::<String>());
    let prefix = prop::sample::select(vec!["", "", "body:", "up:", "up2:"]);
    prop_oneof![
        8 => (prefix, pointer).prop_map(|(prefix, pointer)| format!("{prefix}{pointer}")),
        1 => prop::sample::select(vec!["header:x-a", "header:x-b", "query:q"]).prop_map(str::to_owned),
    ]
}

fn alternatives() -> impl Strategy<Value = Vec<String>> {
    let template = prop::collection::vec((value(), "[a-z.:/]{0,3}", any::<bool>()), 1..4).prop_map(|parts| {
        let part = |(value, text, lower): &(String, String, bool)| {
            format!("{text}{{{value}{}}}", if *lower { "|lower" } else { "" })
        };
        parts.iter().map(part).collect::<String>()
    });
    prop::collection::vec(prop_oneof![value(), template], 0..4)
}

fn condition() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        "[a-z]{1,3}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    let test = prop_oneof![
        Just(("exists", json!(true))),
        Just(("missing", json!(true))),
        scalar.clone().prop_map(|value| ("equals", value)),
        prop::collection::vec(scalar, 1..4).prop_map(|values| ("not_in", values.into())),
        prop::collection::vec("[a-z]{1,3}", 1..3).prop_map(|values| ("starts_with", values.into())),
    ];
    (value(), test).prop_map(|(at, (test, value))| json!({ "at": at, test: value }))
}

fn rules() -> impl Strategy<Value = Value> {
    let named = (alternatives(), alternatives(), alternatives(), prop::collection::vec(condition(), 1..3));
    (named, any::<bool>(), prop::collection::vec(condition(), 1..3)).prop_map(
        |((name, user, key, when), array, other)| {
            json!({
                "array": array,
                "batch": ["/entry", ["/changes", "/value/a~1b"]],
                "event_type": name,
                "user_id": user,
                "key": key,
                "data": { "a": "/a", "b": ["body:/b", ""] },
                "ignore": [{ "when": other, "code": "ping", "message": "A test." }],
                "events": [{ "when": when, "key": key }],
            })
        },
    )
}

proptest! {
    #[test]
    fn any_rules_are_the_same_after_compilation(text in rules()) {
        // Some of them never apply.
        let Ok(rules) = read(&text) else { return Ok(()) };
        let bytes = compile(&rules).unwrap();
        prop_assert_eq!(decompile(&Program::decode(&bytes).unwrap()), rules.clone());
        prop_assert_eq!(read(&write(&rules)).unwrap(), rules);
    }

    #[test]
    fn bytes_that_are_no_program_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Program::decode(&bytes);
        // With the beginning of a program whose texts are empty.
        let _ = Program::decode(&[&[2, 0, 0, 0, 0][..], &bytes].concat());
    }

    #[test]
    fn a_damaged_program_is_refused_or_read(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut bytes = compile(&read(&toml(EVERYTHING)).unwrap()).unwrap();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        let _ = Program::decode(&bytes);
        prop_assert_eq!(Program::decode(&bytes[..cut.index(bytes.len())]), None);
    }
}
