//! §2: the common event.

use inlet_core::{
    contract::{Body, Field, Item, Value},
    json,
    log::{Original, Outcome},
    path::Path,
    time,
    verification::{Covers, Verdict},
};

use crate::world::*;

/// Returns the user id that `userId: …` gives, or the reason for which the item is rejected.
fn user_id(text: &str) -> Result<Option<String>, String> {
    let entry = Inlet::new().one(&with(&track("{}"), "userId", text));
    match entry.outcome() {
        "rejected" => Err(entry.reason().to_owned()),
        _ => Ok(entry.log.fields.user_id),
    }
}

/// Three items, the middle one given; the outcomes.
fn between_neighbours(item: &str) -> Vec<&'static str> {
    let fine = track(r#"{"n":1}"#);
    let entries = Inlet::new().send(&batch(&[&fine, item, &fine]));
    for neighbour in [&entries[0], &entries[2]] {
        assert_eq!((neighbour.log.user_id.as_deref(), neighbour.data()), (Some("u1"), r#"{"n":1}"#));
    }
    entries.iter().map(|entry| entry.outcome()).collect()
}

const MIDDLE_REJECTED: [&str; 3] = ["logged", "rejected", "logged"];
const ALL_LOGGED: [&str; 3] = ["logged"; 3];

#[test]
fn the_common_event_has_these_members() {
    // `id` · `event_type` · `user_id` · `data` · `event` · `idempotency_key` · `occurred_at` · `received_at` ·
    // `verification_status` · `plugin`.
    let body = with(&keyed("m1", &track(r#"{"total":1.10}"#)), "timestamp", r#""2024-02-03T04:05:06Z""#);
    let log = Inlet::new().one(&body).log;
    assert_eq!(log.event_type, "track/Order Completed");
    assert_eq!(log.user_id.as_deref(), Some("u1"));
    assert_eq!(log.data.as_deref(), Some(r#"{"total":1.10}"#));
    assert_eq!(log.original, Original::Json(body.as_str().into()));
    assert_eq!(log.idempotency_key.as_deref(), Some("m1"));
    assert_eq!(time::write(log.occurred_at_us), "2024-02-03T04:05:06.000Z");
    assert_eq!(log.received_at_ms, START);
    assert_eq!(log.verification_status, "not_configured");
    assert_eq!((log.plugin.key.as_str(), log.plugin.version.as_str()), ("segment", "1.0.0"));
}

#[test]
fn a_json_number_becomes_its_decimal_text() {
    for number in ["42", "9007199254740993", "1.10", "-7"] {
        assert_eq!(user_id(number), Ok(Some(number.to_owned())));
    }
}

#[test]
fn an_integral_number_is_one_id_whatever_its_spelling() {
    for number in ["42.0", "4.2e1", "420E-1"] {
        assert_eq!(user_id(number), Ok(Some("42".to_owned())), "{number}");
    }
    assert_eq!(user_id("1.661194e7"), Ok(Some("16611940".to_owned())));
    assert_eq!(user_id("1.5e1"), Ok(Some("15".to_owned())));
    assert_eq!(user_id("1e99999"), Ok(Some("1e99999".to_owned())), "too long to write out");
    let log = Inlet::new().one(&with(&track("{}"), "timestamp", "1.767323045678E12")).log;
    assert_eq!((time::write(log.occurred_at_us), log.warnings.len()), ("2026-01-02T03:04:05.678Z".to_owned(), 0));
}

#[test]
fn an_empty_user_id_and_null_mean_absent() {
    assert_eq!(user_id("\"\""), Ok(None));
    assert_eq!(user_id("null"), Ok(None));
    assert_eq!(Inlet::new().one(r#"{"type":"track","event":"e"}"#).log.user_id, None);
}

#[test]
fn a_user_id_of_another_type_is_rejected_with_a_reason() {
    insta::assert_snapshot!(user_id("true").unwrap_err(), @"the user id is a boolean; expected a string or a number");
    insta::assert_snapshot!(user_id(r#"["u1"]"#).unwrap_err(), @"the user id is an array; expected a string or a number");
    insta::assert_snapshot!(user_id(r#"{"id":"u1"}"#).unwrap_err(), @"the user id is an object; expected a string or a number");
}

#[test]
fn data_is_an_empty_object_when_the_platform_sends_null_or_nothing() {
    assert_eq!(Inlet::new().one(&track("null")).data(), "{}");
    assert_eq!(Inlet::new().one(r#"{"type":"track","event":"e"}"#).data(), "{}");
    let php = Inlet::new().one(&track("[]"));
    assert_eq!(php.data(), "{}");
    insta::assert_snapshot!(php.log.warnings.join("; "), @"the data is an empty array; it was read as an empty object");
}

#[test]
fn data_is_always_a_json_object() {
    let rejected = |properties: &str| Inlet::new().one(&track(properties)).reason().to_owned();
    insta::assert_snapshot!(rejected("\"x\""), @"the data is a string; expected an object");
    insta::assert_snapshot!(rejected("[1]"), @"the data is an array; expected an object");
    insta::assert_snapshot!(rejected("7"), @"the data is a number; expected an object");
    assert_eq!(between_neighbours(&track("false")), MIDDLE_REJECTED);
}

#[test]
fn a_rejected_item_keeps_the_type_that_was_read() {
    let event_type = Inlet::new().one(&track("{}")).log.event_type.clone();
    assert!(!event_type.is_empty());
    for wrong in [
        track("[1]"),
        with(&track("{}"), "userId", r#"{"id":"u"}"#),
        with(&track("{}"), "userId", &format!("{:?}", "u".repeat(70_000))),
    ] {
        let log = Inlet::new().one(&wrong).log;
        assert_eq!(
            (log.outcome, log.event_type.as_str()),
            (Outcome::Rejected, event_type.as_str()),
            "{:?}",
            log.reason
        );
    }
    let mut by_path = Inlet::new();
    by_path.settings.event_type_path = Some(Path::parse("body.kind").unwrap());
    assert_eq!(by_path.one(r#"{"kind":"order.paid","userId":[]}"#).log.event_type, "order.paid");
    assert_eq!(by_path.one(r#"{"kind":{},"userId":[]}"#).log.event_type, "", "none was read");
}

#[test]
fn event_is_the_item_as_it_came_byte_for_byte() {
    let item = "{ \"type\":\"track\", \"event\" :\"\\u0065\",\n\t\"properties\":{\"n\": 1.10 , \"n\":2} }";
    let entries = Inlet::new().send(&format!("[ {item} ,{item}]"));
    assert!(entries.iter().all(|entry| entry.original() == item));
}

#[test]
fn occurred_at_is_the_receipt_time_when_absent_or_unreadable_and_both_are_kept() {
    let occurred = |timestamp: &str| {
        let log = Inlet::new().one(&with(&track("{}"), "timestamp", timestamp)).log;
        assert_eq!(log.received_at_ms, START);
        log.occurred_at_us
    };
    for unreadable in ["null", "\"\"", "\"yesterday\"", "true", "{}", "\"2024-13-01T00:00:00Z\""] {
        assert_eq!(occurred(unreadable), START * 1000, "{unreadable}");
    }
    assert_eq!(Inlet::new().one(&track("{}")).log.occurred_at_us, START * 1000);
    for readable in ["1706933106", "1706933106000", "\"1706933106\"", "\"2024-02-03T05:05:06+01:00\""] {
        assert_eq!(occurred(readable), 1_706_933_106_000_000, "{readable}");
    }
}

#[test]
fn a_time_that_cannot_be_read_is_a_warning_and_the_next_one_is_used() {
    let read = |members: &str| {
        let body = format!(r#"{{"batch":[{{"type":"track","event":"E",{members}}}],"sentAt":"2026-01-02T00:00:03Z"}}"#);
        let mut event = event("track/E", "/batch/0", "properties");
        event.idempotency_key = None;
        let log = Inlet::new().deliver(&body, &translated(vec![Item::Event(event)])).remove(0).log;
        (time::write(log.occurred_at_us), log.warnings.join("\n"))
    };
    let of_batch = "2026-01-02T00:00:03.000Z";
    let original = r#""originalTimestamp":"2026-01-02T00:00:01Z""#;
    let own_sent_at = r#""sentAt":"2026-01-02T00:00:02Z""#;
    let (time, warning) = read(&format!(r#""timestamp":"garbage",{original},{own_sent_at}"#));
    assert_eq!(time, "2026-01-02T00:00:01.000Z");
    insta::assert_snapshot!(warning, @"`timestamp` cannot be read as a time, and `originalTimestamp` was used; expected one such as 2026-01-02T03:04:05.678Z");
    let (time, warning) = read(&format!(r#""timestamp":{{}},"originalTimestamp":[],{own_sent_at}"#));
    assert_eq!(time, "2026-01-02T00:00:02.000Z");
    assert!(warning.contains("`sentAt` was used"), "{warning}");
    assert_eq!(read(r#""timestamp":true"#).0, of_batch);
    // Nothing is wrong with a time that is absent.
    assert_eq!(read(r#""x":1"#), (of_batch.to_owned(), String::new()));
    assert_eq!(read(&format!(r#""timestamp":"",{original}"#)), ("2026-01-02T00:00:01.000Z".to_owned(), String::new()));
    let log = Inlet::new().one(&with(&track("{}"), "timestamp", "\"garbage\"")).log;
    assert_eq!(log.occurred_at_us, START * 1000);
    insta::assert_snapshot!(log.warnings.join("\n"), @"`timestamp` cannot be read as a time, and the time of receipt was used; expected one such as 2026-01-02T03:04:05.678Z");
    let mut inlet = Inlet::new();
    inlet.settings.timestamp_path = path("properties.at");
    let log = inlet.one(&with(&track(r#"{"at":"x"}"#), "timestamp", "1706933106")).log;
    assert_eq!(log.occurred_at_us, 1_706_933_106_000_000);
    insta::assert_snapshot!(log.warnings.join("\n"), @"`properties.at` cannot be read as a time, and `timestamp` was used; expected one such as 2026-01-02T03:04:05.678Z");
}

#[test]
fn a_set_path_wins() {
    let mut inlet = Inlet::new();
    inlet.headers = vec![Field::new("x-kind", "from a header")];
    inlet.settings.user_id_path = path("properties.who[0]");
    inlet.settings.data_path = path("body.properties.inner");
    inlet.settings.idempotency_key_path = key_path(path(r#"properties["the.key"]"#));
    inlet.settings.timestamp_path = path("properties.at");
    let properties = r#"{"who":["u2"],"inner":{"n":1.10},"the.key":"k2","at":86400}"#;
    let body = with(&keyed("m1", &track(properties)), "timestamp", "1706933106");

    inlet.settings.event_type_path = path("properties.who.0");
    let log = inlet.one(&body).log;
    assert_eq!(log.event_type, "u2");
    assert_eq!(log.user_id.as_deref(), Some("u2"));
    assert_eq!(log.data.as_deref(), Some(r#"{"n":1.10}"#));
    assert_eq!(log.idempotency_key.as_deref(), Some("k2"));
    assert_eq!(time::write(log.occurred_at_us), "1970-01-02T00:00:00.000Z");

    inlet.settings.event_type_path = path("headers.X-Kind");
    assert_eq!(inlet.one(&body).log.event_type, "from a header");
}

#[test]
fn a_set_path_that_resolves_to_nothing_means_absent() {
    let mut inlet = Inlet::new();
    inlet.settings.user_id_path = path("nobody");
    inlet.settings.data_path = path("nothing");
    inlet.settings.idempotency_key_path = key_path(path("none"));
    inlet.settings.timestamp_path = path("never");
    let log = inlet.one(&with(&keyed("m1", &track(r#"{"n":1}"#)), "timestamp", "1706933106")).log;
    assert_eq!((&log.user_id, &log.idempotency_key), (&None, &None));
    assert_eq!(log.data.as_deref(), Some("{}"));
    assert_eq!(log.occurred_at_us, START * 1000);
    assert_eq!(log.warnings, [""; 0]);
}

#[test]
fn a_set_path_is_in_the_language_of_paragraph_5_where_event_is_the_item() {
    let mut inlet = Inlet::new();
    inlet.settings.user_id_path = path("event.properties.who");
    assert_eq!(inlet.one(&track(r#"{"who":"u2"}"#)).log.user_id.as_deref(), Some("u2"));
}

#[test]
fn no_event_type_and_the_item_is_rejected() {
    let rejected = |event_type_path: Option<&str>, item: &str| {
        let mut inlet = Inlet::new();
        inlet.settings.event_type_path = event_type_path.and_then(path);
        let entry = inlet.one(item);
        assert_eq!(entry.outcome(), "rejected");
        entry.reason().to_owned()
    };
    insta::assert_snapshot!(rejected(None, "{}"), @"its plugin finds no event type; send one, or set event_type_path to where it is");
    insta::assert_snapshot!(rejected(Some("kind"), &track("{}")), @"the path `kind` finds no event type; send one, or set event_type_path to where it is");
    insta::assert_snapshot!(rejected(Some("event"), &with(&track("{}"), "event", "\"\"")), @"the path `event` finds no event type; send one, or set event_type_path to where it is");
    insta::assert_snapshot!(rejected(Some("headers.X-Topic"), &track("{}")), @r#"the path `headers.X-Topic` finds no event type; send the header "x-topic", and see that keep_headers names it"#);
    insta::assert_snapshot!(rejected(Some("properties"), &track("{}")), @"the event type at the path `properties` is an object; expected a string: send one there, or correct event_type_path");
    insta::assert_snapshot!(rejected(Some("properties.ok"), &track(r#"{"ok":true}"#)), @"the event type at the path `properties.ok` is a boolean; expected a string: send one there, or correct event_type_path");
}

#[test]
fn event_type_path_reads_the_value_as_it_is() {
    let mut inlet = Inlet::new();
    inlet.settings.event_type_path = path("properties.kind");
    let mut event_type = |kind: &str| inlet.one(&track(&format!(r#"{{"kind":{kind}}}"#))).log.fields.event_type;
    assert_eq!(event_type(r#"" Ünïcode / Ok ""#), " Ünïcode / Ok ");
    assert_eq!(event_type("9007199254740993"), "9007199254740993");
    assert_eq!((event_type("42.0"), event_type("4.2e1")), ("42".to_owned(), "42".to_owned()));
}

#[test]
fn numbers_are_never_passed_through_a_float() {
    // `9007199254740993` and `1.10` are stored, mapped and sent on with every digit.
    let numbers = r#"{"big":9007199254740993,"price":1.10,"huge":1E400,"deep":[{"n":-0.0}]}"#;
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":{"id":"user_id","big":"data.big","all":"data"},"data":"data"}"#);
    let body = track(numbers);
    let entry = inlet.one(&body);
    assert_eq!(entry.original(), body);
    assert_eq!(entry.data(), numbers);
    assert_eq!(entry.payload("data"), numbers);
    assert_eq!(&*entry.run().data, numbers);
    let user = inlet.user("u1").unwrap();
    assert_eq!(json::member(user, "big"), Some("9007199254740993"));
    assert_eq!(json::member(user, "all"), Some(numbers));
}

#[test]
fn numbers_survive_an_identify_and_a_constant() {
    let mut inlet = Inlet::identifying();
    inlet.map("identify", "workflows_trigger", r#"{"key":"k","data":{"rate":{"value":1.10},"big":"data.big"}}"#);
    let entry = inlet.one(&identify(r#"{"big":9007199254740993,"huge":1E400,"price":1.10}"#));
    assert_eq!(inlet.user("u1"), Some(r#"{"big":9007199254740993,"huge":1E400,"price":1.10}"#));
    assert_eq!(&*entry.run().data, r#"{"rate":1.10,"big":9007199254740993}"#);
}

#[test]
fn of_duplicate_keys_the_last_wins_at_every_level() {
    let mut inlet = Inlet::identifying();
    inlet.one(
        r#"{"type":"identify","userId":"u0","traits":{"x":1},"userId":"u1","traits":{"a":{"b":1,"b":2},"c":3,"c":4}}"#,
    );
    assert_eq!(inlet.user("u0"), None);
    assert_eq!(inlet.user("u1"), Some(r#"{"a":{"b":2},"c":4}"#));

    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.who","data":{"n":"data.a.n"}}"#);
    let entry = inlet.one(&track(r#"{"who":"x","who":{"id":"y","id":"z"},"a":{"n":1},"a":{"n":2,"n":3}}"#));
    assert_eq!(entry.recipients(), ["z"]);
    assert_eq!(&*entry.run().data, r#"{"n":3}"#);
}

#[test]
fn an_assembled_object_that_names_a_member_twice_keeps_the_last() {
    let body = identify(r#"{"plan":"pro"}"#);
    let body = with(&body, "context", r#"{"traits":{"plan":"old"}}"#);
    let mut event = event("identify", "", "traits");
    let member = |pointer: &str| ("plan".to_owned(), pointer.to_owned());
    event.data = Some(Value::Assembled(vec![member("/context/traits/plan"), member("/traits/plan")]));
    let entry = &Inlet::new().deliver(&body, &translated(vec![Item::Event(event)]))[0];
    assert_eq!(entry.data(), r#"{"plan":"pro"}"#);
}

#[test]
fn deeper_than_128_levels_and_the_item_is_rejected() {
    // The item and its properties are two levels.
    let item = |levels: usize| track(&format!(r#"{{"deep":{}}}"#, nested(levels - 2)));
    assert_eq!(between_neighbours(&item(128)), ALL_LOGGED);
    assert_eq!(between_neighbours(&item(129)), MIDDLE_REJECTED);
    assert_eq!(between_neighbours(&item(100_000)), MIDDLE_REJECTED);
    insta::assert_snapshot!(Inlet::new().one(&item(129)).reason(), @"it is nested deeper than 128 levels; send a flatter object");
}

#[test]
fn a_lone_surrogate_and_the_item_is_rejected() {
    for value in [r#""\ud800""#, r#""\udfff""#, r#"["\ud83d x"]"#, r#"{"a":{"\ud800":1}}"#] {
        assert_eq!(between_neighbours(&track(&format!(r#"{{"x":{value}}}"#))), MIDDLE_REJECTED, "{value}");
    }
    assert_eq!(between_neighbours(&track(r#"{"smile":"\ud83d\ude00"}"#)), ALL_LOGGED);
    insta::assert_snapshot!(Inlet::new().one(&track(r#"{"x":"\ud800"}"#)).reason(), @r"it holds a lone surrogate (an escape from \uD800 to \uDFFF without its pair); send valid Unicode");
}

#[test]
fn a_lone_surrogate_in_a_key_on_the_way_to_a_value_rejects_that_item_only() {
    assert_eq!(between_neighbours(r#"{"type":"track","event":"e","\ud800":1,"userId":"u1"}"#), MIDDLE_REJECTED);
}

#[test]
fn a_lone_surrogate_as_user_id_rejects_that_item_only() {
    assert_eq!(between_neighbours(&with(&track("{}"), "userId", r#""\ud800""#)), MIDDLE_REJECTED);
}

#[test]
fn members_named_like_private_markers_are_ordinary_data() {
    for marker in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
        let data = format!(r#"{{"{marker}":"1","who":{{"id":"u2","{marker}":"x"}},"list":[{{"{marker}":"[]"}}]}}"#);
        let mut inlet = Inlet::new();
        inlet.trigger(&format!(
            r#"{{"key":"k","recipients":"data.who","data":{{"marker":"data[\"{marker}\"]","list":"data.list"}}}}"#
        ));
        let entry = inlet.one(&track(&data));
        assert_eq!(entry.data(), data);
        assert_eq!(&*entry.run().data, format!(r#"{{"marker":"1","list":[{{"{marker}":"[]"}}]}}"#));
        assert_eq!(inlet.user("u2"), Some(format!(r#"{{"{marker}":"x"}}"#).as_str()));
    }
    assert!(user_id(r#"{"$serde_json::private::Number":"1"}"#).is_err());
}

#[test]
fn a_user_id_holds_no_control_characters() {
    for bad in [r#""a\u0000b""#, r#""a\nb""#, r#""\u007f""#] {
        assert_eq!(between_neighbours(&with(&track("{}"), "userId", bad)), MIDDLE_REJECTED, "{bad}");
    }
    insta::assert_snapshot!(user_id(r#""a\u0000b""#).unwrap_err(), @"the user id holds a control character");
}

#[test]
fn an_event_type_holds_no_control_characters() {
    assert_eq!(between_neighbours(r#"{"type":"track","event":"a\u0000b"}"#), MIDDLE_REJECTED);
    insta::assert_snapshot!(Inlet::new().one(r#"{"type":"track","event":"a\tb"}"#).reason(), @"the event type from its plugin holds control characters");
    let mut inlet = Inlet::new();
    inlet.settings.event_type_path = path("event");
    insta::assert_snapshot!(inlet.one(r#"{"event":"a\u0000b"}"#).reason(), @"the event type from the path `event` holds control characters");
}

#[test]
fn a_key_with_control_characters_is_invalid_and_its_item_goes_on() {
    let item = with(&track("{}"), "messageId", r#""a\u0000b""#);
    assert_eq!(between_neighbours(&item), ALL_LOGGED);
    let log = Inlet::new().one(&item).log;
    assert_eq!(log.idempotency_key, None);
    insta::assert_snapshot!(log.warnings.join("; "), @"the idempotency key holds control characters; the event was processed without idempotency");
}

#[test]
fn control_characters_elsewhere_are_ordinary_data() {
    assert_eq!(Inlet::new().one(&track(r#"{"x":"a\u0000b"}"#)).data(), r#"{"x":"a\u0000b"}"#);
}

#[test]
fn verification_status_has_enforced_before_it_where_it_is() {
    let status = |verdict, enforced| {
        let mut inlet = Inlet::new();
        inlet.verdict = verdict;
        inlet.settings.enforce_verification = enforced;
        inlet.one(&track("{}")).log.fields.verification_status
    };
    assert_eq!(status(Verdict::Verified(Covers::All), true), "enforced:verified");
    assert_eq!(status(Verdict::Verified(Covers::First), false), "verified");
    assert_eq!(status(Verdict::Failed, false), "failed");
    assert_eq!(status(Verdict::Missing, false), "missing");
}

#[test]
fn where_only_the_first_item_is_signed_the_others_are_not_called_verified() {
    let mut inlet = Inlet::new();
    inlet.verdict = Verdict::Verified(Covers::First);
    let entries = inlet.send(&batch(&[&track("{}"), &track("{}")]));
    let statuses: Vec<_> = entries.iter().map(|entry| entry.log.verification_status.as_str()).collect();
    assert_eq!(statuses, ["verified", "missing"]);
}

#[test]
fn items_are_in_the_request_s_order_each_an_event_ignored_or_rejected() {
    let body = batch(&[&track("{}"), r#"{"ping":1}"#, r#"{"type":7}"#]);
    let items = vec![
        Item::Event(call(&body, "/0")),
        Item::Ignored(notice("ping", "it is a ping", Some("/1"))),
        Item::Rejected(notice("wrong_type", "its type is a number", Some("/2"))),
    ];
    let entries = Inlet::new().deliver(&body, &translated(items));
    let outcomes: Vec<_> = entries.iter().map(|entry| (entry.outcome(), entry.original(), entry.reason())).collect();
    assert_eq!(outcomes[1], ("ignored", r#"{"ping":1}"#, "it is a ping"));
    assert_eq!(outcomes[2], ("rejected", r#"{"type":7}"#, "its type is a number"));
    assert!(entries.is_sorted_by_key(|entry| entry.log.id));
}

#[test]
fn what_a_plugin_could_not_translate_is_stored_with_its_raw_bytes_and_reason() {
    let mut inlet = Inlet::new();
    let mut original = |body: Body| {
        let entry = inlet.whole(&body, Outcome::Rejected, "not_json", "it is no JSON");
        assert_eq!((entry.outcome(), entry.reason()), ("rejected", "it is no JSON"));
        entry.log.original
    };
    assert_eq!(original(Body::Text("{\"a\":".into())), Original::Text("{\"a\":".into()));
    assert_eq!(original(Body::Text("[1]".into())), Original::Json("[1]".into()));
    assert_eq!(original(Body::Text("".into())), Original::Text("".into()));
    let bytes = bytes::Bytes::from_static(b"\xff\xfe");
    assert_eq!(original(Body::Bytes(bytes.clone())), Original::Bytes(bytes));
}

/// Data that is called JSON must be JSON, because it is embedded unchanged.
fn assert_original_is_what_it_is_called(body: &str, original: Option<&str>) {
    let mut event = event("e", "/0", "properties");
    (event.data, event.original) = (None, original.map(str::to_owned));
    let entry = &Inlet::new().deliver(body, &translated(vec![Item::Event(event)]))[0];
    if let Original::Json(text) = &entry.log.original {
        assert_eq!(json::check(text, json::MAX_DEPTH), Ok(()), "{text}");
    }
}

const LINES: &str = "{\"type\":\"track\"}\n{broken";

#[test]
fn json_is_stored_as_text_and_a_broken_line_is_not_called_json() {
    assert_original_is_what_it_is_called(LINES, Some("/0"));
    assert_original_is_what_it_is_called(LINES, Some("/1"));
}

#[test]
fn several_lines_together_are_not_called_json() {
    assert_original_is_what_it_is_called("{\"a\":1}\n{\"a\":2}", None);
    assert_original_is_what_it_is_called(LINES, None);
}

#[test]
fn an_item_that_is_not_where_its_plugin_points_is_not_called_json_either() {
    assert_original_is_what_it_is_called(LINES, Some("/7"));
    assert_original_is_what_it_is_called(r#"{"a":1}"#, Some("/7"));
}

#[test]
fn an_event_of_a_body_that_is_no_json_keeps_it_as_text() {
    let mut event = event("ping", "", "properties");
    event.original = None;
    event.data = Some(Value::Made(r#"{"n":1.10}"#.into()));
    let entry = &Inlet::new().deliver("a=1&b=2", &translated(vec![Item::Event(event)]))[0];
    assert_eq!(entry.log.original, Original::Text("a=1&b=2".into()));
    assert_eq!(entry.data(), r#"{"n":1.10}"#);
}

#[test]
fn a_small_request_cannot_be_made_into_many_times_its_size() {
    let body = track(&format!(r#"{{"x":"{}"}}"#, "x".repeat(100_000)));
    let repeated = |times| translated(vec![Item::Event(event("e", "", "properties")); times]);
    assert_eq!(Inlet::new().prepare(&body, &repeated(7)).unwrap().len(), 7);
    insta::assert_snapshot!(Inlet::new().prepare(&body, &repeated(8)).unwrap_err(), @"its items add up to 1600688 bytes, and 1448888 are allowed for a body of this size");
}

#[test]
fn ignored_and_rejected_items_count_towards_the_size_too() {
    let body = track(&format!(r#"{{"x":"{}"}}"#, "x".repeat(100_000)));
    let items = vec![Item::Ignored(notice("ping", "it is a ping", None)); 15];
    assert!(Inlet::new().prepare(&body, &translated(items)).is_err());
}
