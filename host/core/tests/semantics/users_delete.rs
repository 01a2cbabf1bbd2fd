//! §6: `users_delete`, and the deletion of a user as seen by everything after it.

use inlet_core::effect::Effect;

use crate::world::*;

const TO_USER: &str = r#"{"key":"k"}"#;
const INLINE: &str = r#"{"key":"k","recipients":{"id":"user_id","name":{"value":"inline"}}}"#;

fn deleting() -> Inlet {
    let mut inlet = Inlet::identifying();
    inlet.map("delete", "users_delete", "{}");
    inlet
}

/// `delete` of u1.
fn delete() -> String {
    r#"{"type":"delete","userId":"u1"}"#.to_owned()
}

#[test]
fn a_known_user_is_deleted() {
    let mut inlet = deleting();
    inlet.one(&identify(r#"{"name":"Ann"}"#));
    let entry = inlet.one(&delete());
    assert_eq!((entry.outcome(), entry.statuses()), ("executed", vec![("users_delete", "success")]));
    assert_eq!((entry.payload("user_id"), entry.result("user_id")), ("\"u1\"", "\"u1\""));
    assert!(matches!(entry.done.effects.as_slice(), [Effect::DeleteRecipient(key)] if key.id == "u1"));
    assert_eq!((inlet.user("u1"), inlet.written), (None, 1));
}

#[test]
fn user_id_is_by_default_the_path_user_id() {
    let mut inlet = Inlet::new();
    inlet.map("delete", "users_delete", r#"{"user_id":"properties.account"}"#);
    inlet.knows("u1");
    inlet.knows("u2");
    inlet.one(&with(&delete(), "properties", r#"{"account":"u2"}"#));
    assert_eq!((inlet.user("u1"), inlet.user("u2")), (Some("{}"), None));
}

#[test]
fn a_missing_or_bad_user_id_is_an_error() {
    let mut inlet = deleting();
    let entry = inlet.one(r#"{"type":"delete"}"#);
    assert_eq!((entry.outcome(), entry.action().status.as_str()), ("failed", "error"));
    insta::assert_snapshot!(entry.reason(), @"user_id is required, and the path `user_id` finds nothing");
    insta::assert_snapshot!(inlet.one(r#"{"type":"delete","userId":"a/b"}"#).reason(), @"user_id holds a slash, which no id may hold");
}

#[test]
fn an_unknown_user_is_nothing_to_do() {
    let mut inlet = Inlet::idempotent();
    inlet.map("delete", "users_delete", "{}");
    let entry = inlet.one(&keyed("k", &delete()));
    assert_eq!((entry.outcome(), entry.action().status.as_str(), inlet.written), ("skipped", "skipped", 0));
    insta::assert_snapshot!(entry.action().reason.clone().unwrap(), @"the user is not known; there is nothing to delete");
    assert_eq!(inlet.records(), 0, "nothing was performed, so nothing is recorded");
}

#[test]
fn right_after_users_identify_and_before_workflows_trigger() {
    let mut inlet = Inlet::new();
    inlet.trigger(TO_USER);
    inlet.map("Order Completed", "users_delete", "{}");
    inlet.map("Order Completed", "users_identify", "{}");
    let entry = inlet.one(&track("{}"));
    assert_eq!(
        entry.statuses(),
        [("users_identify", "success"), ("users_delete", "success"), ("workflows_trigger", "skipped")]
    );
    assert_eq!((inlet.known(), inlet.written), (0, 1));
}

#[test]
fn later_actions_and_events_see_the_user_as_unidentified() {
    let mut inlet = deleting();
    inlet.knows("u1");
    inlet.map("delete", "workflows_trigger", TO_USER);
    inlet.trigger(TO_USER);
    let entries = inlet.send(&batch(&[&track("{}"), &delete(), &track("{}"), &delete()]));
    let statuses: Vec<_> = entries.iter().map(Entry::statuses).collect();
    assert_eq!(statuses[0], [("workflows_trigger", "success")]);
    assert_eq!(statuses[1], [("users_delete", "success"), ("workflows_trigger", "skipped")]);
    assert_eq!(statuses[2], [("workflows_trigger", "skipped")]);
    assert_eq!(statuses[3], [("users_delete", "skipped"), ("workflows_trigger", "skipped")]);
}

#[test]
fn a_later_identify_or_inline_recipient_creates_a_new_user() {
    let mut inlet = deleting();
    inlet.trigger(INLINE);
    inlet.one(&identify(r#"{"plan":"pro"}"#));
    inlet.send(&batch(&[&delete(), &identify(r#"{"name":"again"}"#)]));
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"again"}"#), "nothing of the deleted user is left");
    let entries = inlet.send(&batch(&[&delete(), &track("{}")]));
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"inline"}"#));
    assert_eq!(entries[1].recipients(), ["u1"]);
}

#[test]
fn the_deletion_wins_over_an_inline_recipient_of_the_same_event() {
    // Inline recipients are upserted before anything else of the event runs, so that the deletion comes after them.
    let mut inlet = deleting();
    inlet.map("delete", "workflows_trigger", INLINE);
    let entry = inlet.one(&delete());
    assert_eq!(entry.statuses(), [("users_delete", "success"), ("workflows_trigger", "skipped")]);
    assert_eq!(inlet.user("u1"), None);
}

#[test]
fn a_replay_older_than_what_is_known_of_the_user_deletes_nobody() {
    let mut inlet = deleting();
    inlet.pass(HOUR);
    inlet.one(&identify(r#"{"name":"New"}"#));
    let replay = inlet.again(&delete(), START, true);
    assert_eq!((replay.outcome(), replay.action().status.as_str()), ("skipped", "skipped"));
    insta::assert_snapshot!(replay.action().reason.clone().unwrap(), @"it is older than what is known of the user; nothing was deleted");
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"New"}"#));
    inlet.pass(HOUR);
    let replay = inlet.again(&delete(), START + HOUR, false);
    assert_eq!((replay.action().status.as_str(), inlet.user("u1")), ("success", None));
}

#[test]
fn an_older_replay_with_an_inline_recipient_keeps_the_user_too() {
    let mut inlet = deleting();
    inlet.map("delete", "workflows_trigger", INLINE);
    inlet.pass(HOUR);
    inlet.one(&identify(r#"{"name":"New"}"#));
    let replay = inlet.again(&delete(), START, false);
    assert_eq!(replay.statuses(), [("users_delete", "skipped"), ("workflows_trigger", "success")]);
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"New"}"#));
}

#[test]
fn a_deletion_that_succeeded_is_replayed_for_its_key() {
    let mut inlet = Inlet::idempotent();
    inlet.map("delete", "users_delete", "{}");
    inlet.knows("u1");
    let first = inlet.one(&keyed("k", &delete()));
    inlet.knows("u1");
    let second = inlet.one(&keyed("k", &delete()));
    assert_eq!((second.outcome(), second.done.replay_of), ("replayed", Some(first.log.id)));
    assert_eq!(inlet.user("u1"), Some("{}"));
}
