//! §5: identify events and what an upsert does.

use inlet_core::contract::{Item, Value};
use proptest::prelude::*;

use crate::world::*;

/// The user after these traits, sent one after the other.
fn after(traits: &[&str]) -> String {
    let mut inlet = Inlet::identifying();
    for traits in traits {
        assert_eq!(inlet.one(&identify(traits)).outcome(), "executed");
    }
    inlet.user("u1").unwrap().to_owned()
}

#[test]
fn upsert_user_id_from_data() {
    let mut inlet = Inlet::identifying();
    let entry = inlet.one(&identify(r#"{"name":"Ann"}"#));
    assert_eq!((entry.outcome(), entry.statuses()), ("executed", vec![("users_identify", "success")]));
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"Ann"}"#));
    let action = entry.action();
    assert_eq!((action.mapping, &*action.parameters), (None, r#"{"user_id":"user_id","properties":"data"}"#));
    assert_eq!(action.payload, r#"{"user_id":"u1","properties":{"name":"Ann"}}"#);
    assert_eq!(entry.result("user_id"), r#""u1""#);
}

#[test]
fn an_identify_without_traits_makes_the_user_known() {
    let mut inlet = Inlet::identifying();
    inlet.one(&identify("null"));
    assert_eq!(inlet.user("u1"), Some("{}"));
}

#[test]
fn the_toggle_is_off_until_someone_enables_it_logged_no_action() {
    let mut inlet = Inlet::new();
    let entry = inlet.one(&identify(r#"{"name":"Ann"}"#));
    assert_eq!((entry.outcome(), entry.done.actions.len(), inlet.known()), ("logged", 0, 0));
    insta::assert_snapshot!(entry.reason(), @"identify events are not handled: handle_identifies is off");
}

#[test]
fn no_user_id_logged_with_the_reason() {
    let mut inlet = Inlet::identifying();
    let entry = inlet.one(&with(&identify("{}"), "userId", "null"));
    assert_eq!((entry.outcome(), entry.done.actions.len(), inlet.known()), ("logged", 0, 0));
    insta::assert_snapshot!(entry.reason(), @"an identify event without user_id identifies nobody");
}

#[test]
fn explicit_mappings_on_identify_apply_whatever_the_toggle() {
    for toggle in [false, true] {
        let mut inlet = Inlet::new();
        inlet.settings.handle_identifies = toggle;
        inlet.map("identify", "users_identify", r#"{"user_id":"data.id","properties":"data.more"}"#);
        let entry = inlet.one(&identify(r#"{"id":"x","more":{"a":1}}"#));
        assert_eq!((entry.statuses().len(), inlet.known()), (1 + usize::from(toggle), 1 + usize::from(toggle)));
        assert_eq!((entry.outcome(), inlet.user("x")), ("executed", Some(r#"{"a":1}"#)));
    }
}

#[test]
fn only_identify_events_identify() {
    let mut inlet = Inlet::identifying();
    assert_eq!(inlet.one(&track(r#"{"name":"Ann"}"#)).outcome(), "logged");
    assert_eq!(inlet.one(&with(&track("{}"), "event", "\"identify\"")).outcome(), "logged");
    assert_eq!(inlet.one(r#"{"type":"group","userId":"u1","traits":{"name":"Acme"}}"#).outcome(), "logged");
    assert_eq!(inlet.known(), 0);
}

#[test]
fn phone_becomes_phone_number_and_an_explicit_phone_number_wins() {
    assert_eq!(after(&[r#"{"phone":"+1"}"#]), r#"{"phone_number":"+1"}"#);
    assert_eq!(after(&[r#"{"phone_number":"+2","phone":"+1"}"#]), r#"{"phone_number":"+2"}"#);
    assert_eq!(after(&[r#"{"phone":"+1","phone_number":"+2"}"#]), r#"{"phone_number":"+2"}"#);
    assert_eq!(after(&[r#"{"phone":"+1"}"#, r#"{"phone":null}"#]), r#"{"phone_number":null}"#);
    assert_eq!(after(&[r#"{"home":{"phone":"+1"}}"#]), r#"{"home":{"phone":"+1"}}"#);
}

#[test]
fn phone_is_renamed_by_a_mapping_too() {
    let mut inlet = Inlet::new();
    inlet.map("Order Completed", "users_identify", "{}");
    inlet.one(&track(r#"{"phone":"+1"}"#));
    assert_eq!(inlet.user("u1"), Some(r#"{"phone_number":"+1"}"#));
}

#[test]
fn a_known_trait_of_a_wrong_type_leaves_the_old_value_and_is_a_warning() {
    let good = concat!(
        r#"{"name":"Ann","email":"a@example.com","avatar":"https://a","locale":"de","timezone":"Europe/Berlin","#,
        r#""created_at":"2024-01-01","phone_number":"+1"}"#
    );
    for name in ["name", "email", "avatar", "locale", "timezone", "created_at", "phone_number", "phone"] {
        for value in [r#"["b@example.com"]"#, "{}", "true"] {
            let mut inlet = Inlet::identifying();
            inlet.one(&identify(good));
            let entry = inlet.one(&identify(&format!(r#"{{"{name}":{value},"plan":"pro"}}"#)));
            let expected = format!(r#"{},"plan":"pro"}}"#, good.trim_end_matches('}'));
            assert_eq!((entry.outcome(), inlet.user("u1")), ("executed", Some(&*expected)), "{name}: {value}");
            let [warning] = &entry.action().warnings[..] else { panic!("{:?}", entry.action().warnings) };
            assert!(warning.contains(&format!("`{name}`")), "{warning}");
        }
    }
}

#[test]
fn a_warning_about_a_trait_says_what_was_found_and_what_was_expected() {
    let warnings = |traits: &str| Inlet::identifying().one(&identify(traits)).action().warnings.join("\n");
    insta::assert_snapshot!(warnings(r#"{"email":["a"],"created_at":"garbage"}"#), @r"
    the trait `email` is an array; expected a string; it was left out, and an earlier value stays
    the trait `created_at` cannot be read as a time; expected one such as 2026-01-02T03:04:05Z; it was left out, and an earlier value stays
    ");
    insta::assert_snapshot!(warnings(r#"{"created_at":{}}"#), @"the trait `created_at` is an object; expected a time such as 2026-01-02T03:04:05Z; it was left out, and an earlier value stays");
    assert_eq!(warnings(r#"{"name":7,"email":null,"created_at":1.767323045678E12,"phone":351900}"#), "");
}

#[test]
fn an_inline_recipient_and_a_mapping_keep_good_values_too() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.to","actor":"data.by"}"#);
    inlet.one(&track(r#"{"to":{"id":"u1","email":"a@example.com"}}"#));
    let entry =
        inlet.one(&track(r#"{"to":[{"id":"u1","email":{}}],"by":{"id":"u2","name":[],"createdAt":"2026-01-02"}}"#));
    assert_eq!(inlet.user("u1"), Some(r#"{"email":"a@example.com"}"#));
    assert_eq!(inlet.user("u2"), Some(r#"{"createdAt":"2026-01-02","created_at":"2026-01-02"}"#));
    insta::assert_snapshot!(entry.action().warnings.join("\n"), @r#"
    "u1": the trait `email` is an object; expected a string; it was left out, and an earlier value stays
    "u2": the trait `name` is an array; expected a string; it was left out, and an earlier value stays
    "#);
    // An object's properties have no types of ours.
    inlet.one(&track(r#"{"to":{"id":"t","collection":"teams","name":["x"]}}"#));
    let mut inlet = Inlet::new();
    inlet.map("Order Completed", "users_identify", "{}");
    let entry = inlet.one(&track(r#"{"name":[],"plan":"pro"}"#));
    assert_eq!((inlet.user("u1"), entry.action().warnings.len()), (Some(r#"{"plan":"pro"}"#), 1));
}

#[test]
fn many_wrong_recipients_make_a_bounded_number_of_warnings() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.to"}"#);
    let to: Vec<String> = (0..1000).map(|id| format!(r#"{{"id":"u{id}","name":[],"email":{{}}}}"#)).collect();
    let entry = inlet.one(&track(&format!(r#"{{"to":[{}]}}"#, to.join(","))));
    assert_eq!((entry.outcome(), entry.action().warnings.len()), ("executed", 21));
}

#[test]
fn created_at_is_filled_from_the_name_that_platforms_use() {
    assert_eq!(after(&[r#"{"createdAt":"2026-01-02"}"#]), r#"{"createdAt":"2026-01-02","created_at":"2026-01-02"}"#);
    let both = r#"{"createdAt":"2026-01-02","created_at":"2024-01-01"}"#;
    assert_eq!(after(&[both]), both);
    assert_eq!(
        after(&[r#"{"createdAt":"2026-01-02","created_at":null}"#]),
        r#"{"createdAt":"2026-01-02","created_at":null}"#
    );
    assert_eq!(after(&[r#"{"createdAt":"some day"}"#]), r#"{"createdAt":"some day"}"#);
    assert_eq!(after(&[r#"{"phone":"+1","phone_number":{}}"#]), r#"{"phone_number":"+1"}"#);
}

#[test]
fn known_properties_keep_their_names_and_all_else_is_custom() {
    let traits = concat!(
        r#"{"name":"Ann","email":"a@example.com","avatar":"https://a","locale":"de","timezone":"Europe/Berlin","#,
        r#""created_at":"2024-01-01","plan":{"seats":9007199254740993}}"#
    );
    assert_eq!(after(&[traits]), traits);
}

#[test]
fn upsert_is_a_deep_merge() {
    assert_eq!(
        after(&[r#"{"a":{"b":{"c":1}},"x":1}"#, r#"{"a":{"b":{"d":2}}}"#]),
        r#"{"a":{"b":{"c":1,"d":2}},"x":1}"#
    );
    assert_eq!(after(&[r#"{"a":[1,2]}"#, r#"{"a":[3]}"#]), r#"{"a":[3]}"#);
    assert_eq!(after(&[r#"{"a":{"b":1}}"#, r#"{"a":2}"#]), r#"{"a":2}"#);
    assert_eq!(after(&[r#"{"a":2}"#, r#"{"a":{"b":1}}"#]), r#"{"a":{"b":1}}"#);
}

#[test]
fn null_overwrites_and_keys_are_never_removed() {
    assert_eq!(after(&[r#"{"a":1,"b":{"c":1}}"#, r#"{"a":null,"b":{"c":null}}"#]), r#"{"a":null,"b":{"c":null}}"#);
    assert_eq!(after(&[r#"{"a":1}"#, "{}"]), r#"{"a":1}"#);
}

#[test]
fn a_bad_user_id_is_an_error_and_identifies_nobody() {
    let mut inlet = Inlet::identifying();
    let mut refused = |user_id: &str| {
        let entry = inlet.one(&with(&identify("{}"), "userId", user_id));
        assert_eq!(entry.statuses(), [("users_identify", "error")]);
        assert_eq!((entry.outcome(), inlet.known()), ("failed", 0));
        entry.reason().to_owned()
    };
    insta::assert_snapshot!(refused(r#""a/b""#), @"user_id holds a slash, which no id may hold");
    insta::assert_snapshot!(refused(r##""a#b""##), @"user_id holds a number sign, which no id may hold");
    insta::assert_snapshot!(refused(&format!("\"{}\"", "x".repeat(257))), @"user_id is longer than 256 characters");
}

#[test]
fn a_mapped_user_id_of_another_type_is_an_error() {
    let mut inlet = Inlet::new();
    inlet.map("Order Completed", "users_identify", r#"{"user_id":"data.id"}"#);
    let mut refused = |id: &str| {
        let entry = inlet.one(&track(&format!(r#"{{"id":{id}}}"#)));
        assert_eq!(entry.outcome(), "failed");
        entry.reason().to_owned()
    };
    insta::assert_snapshot!(refused("true"), @"user_id, read from the path `data.id`, is a boolean; expected a string or a number");
    insta::assert_snapshot!(refused(r#"{"id":"x"}"#), @"user_id, read from the path `data.id`, is an object; expected a string or a number");
    insta::assert_snapshot!(refused(r#""a\u0000b""#), @"user_id, read from the path `data.id`, holds a control character");
    assert_eq!(inlet.one(&track(r#"{"id":42}"#)).result("user_id"), r#""42""#);
}

#[test]
fn traits_that_a_plugin_assembled_are_used() {
    // RudderStack's traits may sit only in `context.traits`: use them too, top level wins.
    let body = with(&identify(r#"{"plan":"pro"}"#), "context", r#"{"traits":{"plan":"old","name":"Ann"}}"#);
    let mut event = event("identify", "", "traits");
    let member = |name: &str, pointer: &str| (name.to_owned(), pointer.to_owned());
    event.data = Some(Value::Assembled(vec![
        member("plan", "/context/traits/plan"),
        member("name", "/context/traits/name"),
        member("plan", "/traits/plan"),
    ]));
    let mut inlet = Inlet::identifying();
    inlet.deliver(&body, &translated(vec![Item::Event(event)]));
    assert_eq!(inlet.user("u1"), Some(r#"{"plan":"pro","name":"Ann"}"#));
}

#[test]
fn custom_properties_take_at_most_256_kb_in_total() {
    let filler = |length: usize| format!(r#"{{"x":"{}"}}"#, "x".repeat(length - r#"{"x":""}"#.len()));
    let mut inlet = Inlet::identifying();
    assert_eq!(inlet.one(&identify(&filler(256 * 1024))).outcome(), "executed");
    let entry = inlet.one(&identify(r#"{"y":1}"#));
    assert_eq!((entry.outcome(), inlet.written), ("failed", 0));
    insta::assert_snapshot!(entry.reason(), @r#"the custom properties of "u1" would take 262150 bytes; at most 262144 are allowed"#);
    assert_eq!(inlet.one(&identify(r#"{"x":"short again"}"#)).outcome(), "executed");
}

#[test]
fn known_properties_do_not_count() {
    let name = format!(r#"{{"name":"{}","x":1}}"#, "x".repeat(300 * 1024));
    assert_eq!(Inlet::identifying().one(&identify(&name)).outcome(), "executed");
}

#[test]
fn an_upsert_beyond_the_limit_fails_its_action_only() {
    let mut inlet = Inlet::identifying();
    inlet.knows("u2");
    inlet.map("identify", "workflows_trigger", r#"{"key":"k","recipients":{"value":"u2"}}"#);
    let entry = inlet.one(&identify(&format!(r#"{{"x":"{}"}}"#, "x".repeat(257 * 1024))));
    assert_eq!(entry.statuses(), [("users_identify", "error"), ("workflows_trigger", "success")]);
    assert_eq!((entry.outcome(), inlet.user("u1")), ("failed", None));
}

/// Traits of few names, so that they meet.
fn traits() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![Just(serde_json::Value::Null), any::<u8>().prop_map(Into::into)];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|members| serde_json::json!(members))
    });
    prop::collection::btree_map("[abc]", value, 0..4).prop_map(|members| serde_json::json!(members))
}

/// Deep merge, told once more and plainly.
fn merged(base: &mut serde_json::Value, patch: &serde_json::Value) {
    match (base.as_object_mut(), patch.as_object()) {
        (Some(base), Some(patch)) => {
            for (key, value) in patch {
                merged(base.entry(key.clone()).or_insert(serde_json::Value::Null), value);
            }
        }
        _ => *base = patch.clone(),
    }
}

proptest! {
    #[test]
    fn a_user_is_the_deep_merge_of_all_that_was_said(said in prop::collection::vec(traits(), 1..5)) {
        let texts: Vec<String> = said.iter().map(ToString::to_string).collect();
        let found = after(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let mut expected = serde_json::json!({});
        said.iter().for_each(|traits| merged(&mut expected, traits));
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&found).unwrap(), expected);
    }

    #[test]
    fn saying_it_again_changes_nothing(first in traits(), second in traits()) {
        let (first, second) = (first.to_string(), second.to_string());
        prop_assert_eq!(after(&[&first, &second]), after(&[&first, &second, &second]));
    }
}
