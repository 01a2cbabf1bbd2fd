//! §8 and `unidentified`: recipients that a trigger waits for.

use std::collections::{BTreeMap, BTreeSet};

use inlet_core::{
    Uuid, actions,
    actions::workflows_trigger::{EndedWait, WaitEnd, end_waits, skipped_in},
    effect::Effect,
    json,
    parked::{MAX_PARKED, MAX_PARKED_BYTES, MAX_PARKED_OF_RECIPIENT, MAX_RELEASED_AT_ONCE},
    recipient::RecipientKey,
    run::{RunPart, run_key},
};
use proptest::prelude::*;

use crate::world::*;

const WAITS: &str = r#"{"key":"k","recipients":"data.to","unidentified":"wait"}"#;

fn waiting() -> Inlet {
    let mut inlet = Inlet::identifying();
    inlet.trigger(WAITS);
    inlet
}

fn to(recipients: &str) -> String {
    track(&format!(r#"{{"to":{recipients},"n":1}}"#))
}

fn refused(parameters: &str) -> String {
    actions::parse_action("workflows_trigger", parameters).unwrap_err().to_string()
}

#[test]
fn a_recipient_that_is_not_identified_is_parked_and_parking_counts_as_performed() {
    let mut inlet = Inlet::idempotent();
    inlet.settings.handle_identifies = true;
    inlet.trigger(WAITS);
    let body = keyed("m1", &to(r#""u1""#));
    let parked = inlet.one(&body);
    assert_eq!((parked.outcome(), parked.action().status.as_str()), ("executed", "success"));
    assert_eq!((parked.result("workflow_run_id"), parked.result("recipients")), ("null", "[]"));
    assert_eq!(parked.result("waiting_recipients"), r#"[{"id":"u1"}]"#);
    assert_eq!((parked.result("skipped_recipients"), inlet.parked()), ("[]", 1));
    // A resend parks nothing twice.
    assert_eq!((inlet.one(&body).outcome(), inlet.parked()), ("replayed", 1));
}

#[test]
fn it_is_released_once_in_the_transaction_that_identifies_the_user_with_the_data_of_the_event_that_named_it() {
    let mut inlet = waiting();
    let parked = inlet.one(&to(r#""u1""#));
    let identified = inlet.one(&identify("{}"));
    let run = identified.run();
    assert_eq!((run.workflow.as_str(), &*run.data), ("k", r#"{"to":"u1","n":1}"#));
    assert_eq!((run.source_event, identified.recipients(), inlet.parked()), (parked.log.id, vec!["u1"], 0));
    let recipient = RecipientKey::user("u1");
    assert_eq!(run.key, run_key(parked.log.id, parked.action().mapping, RunPart::Recipient(&recipient)));
    assert_eq!(inlet.one(&identify("{}")).done.runs().count(), 0);
}

#[test]
fn an_identify_of_the_same_request_releases_it() {
    let mut inlet = waiting();
    let entries = inlet.send(&batch(&[&to(r#""u1""#), &identify("{}"), &to(r#""u1""#), &identify("{}")]));
    let runs: Vec<usize> = entries.iter().map(|entry| entry.done.runs().count()).collect();
    assert_eq!((runs, inlet.parked()), (vec![0, 1, 1, 0], 0));
}

#[test]
fn an_inline_identify_releases_it_before_its_own_trigger() {
    let mut inlet = waiting();
    inlet.one(&to(r#""u1""#));
    let entry = inlet.one(&to(r#"{"id":"u1"}"#));
    let sources: Vec<bool> = entry.done.runs().map(|run| run.source_event == entry.log.id).collect();
    assert_eq!((sources, inlet.parked()), (vec![false, true], 0));
}

#[test]
fn the_others_run_at_once() {
    let mut inlet = waiting();
    inlet.knows("known");
    let entry = inlet.one(&to(r#"["u1","known","u2","u1"]"#));
    assert_eq!(entry.recipients(), ["known"]);
    assert_eq!(entry.result("waiting_recipients"), r#"[{"id":"u1"},{"id":"u2"}]"#);
    assert_eq!(inlet.parked(), 2);
}

#[test]
fn an_object_waits_too_with_its_trigger_data_left_to_inline_ones() {
    let mut inlet = waiting();
    let object = r#"{"collection":"projects","id":"p1"}"#;
    assert_eq!(inlet.one(&to(object)).result("waiting_recipients"), r#"[{"id":"p1","collection":"projects"}]"#);
    // An inline object of that key identifies it.
    let entry = inlet.one(&to(r#"{"collection":"projects","id":"p1","name":"Apollo","$trigger_data":{"a":1}}"#));
    let of_runs: Vec<_> = entry.done.runs().map(|run| run.recipients[0].trigger_data.as_deref()).collect();
    assert_eq!(of_runs, [None, Some(r#"{"a":1}"#)]);
}

#[test]
fn the_wait_is_at_most_24_hours_and_counted_by_the_store_s_time() {
    let expires = |parameters: &str| {
        let mut inlet = Inlet::new();
        inlet.trigger(parameters);
        inlet.one(&to(r#""x""#)).done.effects.iter().find_map(|effect| match effect {
            Effect::Park(park) => Some(park.expires_at_ms - START),
            _ => None,
        })
    };
    let with = |unidentified: &str| format!(r#"{{"key":"k","recipients":"data.to","unidentified":{unidentified}}}"#);
    assert_eq!(expires(&with(r#""wait""#)), Some(24 * HOUR));
    assert_eq!(expires(&with(r#"{"wait_seconds":3600}"#)), Some(HOUR));
    assert_eq!((expires(&with(r#""skip""#)), expires(&with("null"))), (None, None));
    for (unidentified, sentence) in [
        (r#""later""#, r#": it is "later"; expected "skip", "wait" or {"wait_seconds": 1 to 86400}"#),
        ("7", r#": it is a number; expected "skip", "wait" or {"wait_seconds": 1 to 86400}"#),
        ("{}", r#": it has no wait_seconds; expected "skip", "wait" or {"wait_seconds": 1 to 86400}"#),
        (r#"{"wait_seconds":86401}"#, ".wait_seconds: it is 86401; expected a whole number from 1 to 86400"),
        (r#"{"wait_seconds":0}"#, ".wait_seconds: it is 0; expected a whole number from 1 to 86400"),
        (r#"{"wait_seconds":1.5}"#, ".wait_seconds: it is 1.5; expected a whole number from 1 to 86400"),
        (r#"{"wait_seconds":"6h"}"#, ".wait_seconds: it is a string; expected a whole number from 1 to 86400"),
        (
            r#"{"wait_seconds":1,"x":1}"#,
            r#": it has a member "x"; expected "skip", "wait" or {"wait_seconds": 1 to 86400}"#,
        ),
    ] {
        assert_eq!(refused(&with(unidentified)), format!("action_parameters.unidentified{sentence}"));
    }
}

#[test]
fn deleting_a_user_removes_what_is_parked_for_it() {
    let mut inlet = waiting();
    inlet.map("Bye", "users_delete", "{}");
    inlet.one(&to(r#""u1""#));
    let deleted = inlet.one(r#"{"type":"track","event":"Bye","userId":"u1"}"#);
    assert_eq!((deleted.action().status.as_str(), inlet.parked()), ("success", 0));
    assert_eq!(inlet.one(&identify("{}")).done.runs().count(), 0);
    // In one request, too: only what is parked after the deletion waits.
    let mut inlet = waiting();
    inlet.map("Bye", "users_delete", "{}");
    let bye = r#"{"type":"track","event":"Bye","userId":"u1"}"#;
    inlet.send(&batch(&[&to(r#""u1""#), bye, &to(r#""u1""#)]));
    assert_eq!((inlet.parked(), inlet.one(&identify("{}")).done.runs().count()), (1, 1));
}

#[test]
fn an_inline_recipient_that_its_event_deletes_is_skipped() {
    let mut inlet = waiting();
    inlet.map("Order Completed", "users_delete", "{}");
    let entry = inlet.one(&to(r#"{"id":"u1"}"#));
    assert_eq!(entry.statuses(), [("users_delete", "success"), ("workflows_trigger", "skipped")]);
    assert_eq!(inlet.parked(), 0);
}

#[test]
fn the_number_parked_is_bounded_for_each_recipient_and_environment() {
    let mut inlet = waiting();
    inlet.parks(MAX_PARKED_OF_RECIPIENT, "u1");
    let entry = inlet.one(&to(r#"["u1","u2"]"#));
    let skipped = r#"[{"id":"u1","reason":"not identified; 1000 triggers wait for it, and no more may"}]"#;
    assert_eq!((entry.result("skipped_recipients"), entry.result("waiting_recipients")), (skipped, r#"[{"id":"u2"}]"#));
    let mut inlet = waiting();
    inlet.parked_in_environment = Some(MAX_PARKED - 1);
    let entry = inlet.one(&to(r#"["u1","u2"]"#));
    let reason = "not identified; 100000 recipients wait in this environment, and no more may";
    assert_eq!(entry.result("skipped_recipients"), format!(r#"[{{"id":"u2","reason":"{reason}"}}]"#));
    assert_eq!((inlet.parked(), entry.done.skipped_recipients), (1, 1));
}

/// The run of each recipient has its own copy of the data, so a short list of ids would multiply a long body.
#[test]
fn the_data_of_all_who_wait_for_a_trigger_is_bounded() {
    let event = |bytes: usize, to: &str| {
        let (data, quote) = ("x".repeat(bytes), '"');
        format!(
            r#"{{"type":"track","event":"Order Completed","userId":"u9","properties":{{"to":{to},"blob":{quote}{data}{quote}}}}}"#
        )
    };
    let mut inlet = waiting();
    let entry = inlet.one(&event(MAX_PARKED_BYTES / 2, r#"["u1","u2","u3"]"#));
    let reason =
        "not identified; the runs of those who wait for one trigger hold at most 33554432 bytes of data in all";
    let skipped = |id: &str| format!(r#"{{"id":"{id}","reason":"{reason}"}}"#);
    assert_eq!(entry.result("skipped_recipients"), format!("[{},{}]", skipped("u2"), skipped("u3")));
    assert_eq!((inlet.parked(), entry.result("waiting_recipients")), (1, r#"[{"id":"u1"}]"#));
    let mut inlet = waiting();
    inlet.one(&event(MAX_PARKED_BYTES / 4, r#"["u1","u2","u3"]"#));
    assert_eq!(inlet.parked(), 3);
}

#[test]
fn one_transaction_releases_a_hundred_and_leaves_the_rest_to_a_job() {
    let mut inlet = waiting();
    inlet.parks(MAX_RELEASED_AT_ONCE + 1, "u1");
    let entry = inlet.one(&identify("{}"));
    let rest = Effect::ReleaseRest(RecipientKey::user("u1"));
    assert_eq!((entry.done.runs().count(), entry.done.effects.contains(&rest)), (MAX_RELEASED_AT_ONCE, true));
    let mut inlet = waiting();
    inlet.parks(MAX_RELEASED_AT_ONCE, "u1");
    let entry = inlet.one(&identify("{}"));
    assert_eq!((entry.done.runs().count(), entry.done.effects.contains(&rest)), (MAX_RELEASED_AT_ONCE, false));
}

#[test]
fn the_log_says_how_each_wait_ended() {
    let mut inlet = waiting();
    let entry = inlet.one(&to(r#"["u1","u2",{"collection":"projects","id":"u1"},"u3"]"#));
    let (run, object) = (Uuid::from_u128(9), RecipientKey { collection: "projects".into(), id: "u1".to_owned() });
    let end = |recipient, end| EndedWait { recipient, end };
    let ended = [
        end(RecipientKey::user("u1"), WaitEnd::Released(run)),
        end(object, WaitEnd::Skipped("deleted")),
        end(RecipientKey::user("stranger"), WaitEnd::Skipped("deleted")),
    ];
    let result = end_waits(entry.action().result.as_deref().unwrap(), &ended);
    let member = |name| json::member(&result, name).unwrap();
    assert_eq!(member("waiting_recipients"), r#"[{"id":"u2"},{"id":"u3"}]"#);
    assert_eq!(member("released_recipients"), format!(r#"[{{"id":"u1","workflow_run_id":"{run}"}}]"#));
    assert_eq!(member("skipped_recipients"), r#"[{"id":"u1","collection":"projects","reason":"deleted"}]"#);
    assert_eq!(skipped_in(&result), ["projects/u1"]);
    let result = end_waits(&result, &[end(RecipientKey::user("u2"), WaitEnd::Released(run))]);
    let member = |name| json::member(&result, name).unwrap();
    assert_eq!(member("waiting_recipients"), r#"[{"id":"u3"}]"#);
    assert_eq!(json::array_len(member("released_recipients")), Some(2));
}

#[derive(Debug, Clone)]
enum Step {
    /// A trigger for these users.
    Trigger(BTreeSet<u8>),
    Identify(u8),
    Inline(u8),
    Delete(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::collection::btree_set(0..4_u8, 1..4).prop_map(Step::Trigger),
        2 => (0..4_u8).prop_map(Step::Identify),
        1 => (0..4_u8).prop_map(Step::Inline),
        1 => (0..4_u8).prop_map(Step::Delete),
    ]
}

/// The plain reference: who is identified, and for whom which triggers wait, by the number of the trigger.
#[derive(Default)]
struct Reference {
    identified: BTreeSet<u8>,
    waiting: BTreeMap<u8, Vec<usize>>,
    /// The number of the trigger, and the user.
    runs: Vec<(usize, u8)>,
}

impl Reference {
    fn identify(&mut self, user: u8) {
        self.identified.insert(user);
        self.runs.extend(self.waiting.remove(&user).unwrap_or_default().into_iter().map(|trigger| (trigger, user)));
    }

    fn apply(&mut self, number: usize, step: &Step) {
        match step {
            Step::Trigger(users) => {
                for user in users {
                    match self.identified.contains(user) {
                        true => self.runs.push((number, *user)),
                        false => self.waiting.entry(*user).or_default().push(number),
                    }
                }
            }
            Step::Identify(user) => self.identify(*user),
            Step::Inline(user) => {
                self.identify(*user);
                self.runs.push((number, *user));
            }
            Step::Delete(user) => {
                self.identified.remove(user);
                self.waiting.remove(user);
            }
        }
    }
}

proptest! {
    #[test]
    fn every_run_is_created_once_as_by_a_plain_reference(
        requests in prop::collection::vec(prop::collection::vec(step(), 1..5), 1..8)
    ) {
        let mut inlet = waiting();
        inlet.map("Bye", "users_delete", "{}");
        let (mut reference, mut number, mut runs) = (Reference::default(), 0, Vec::new());
        for request in requests {
            let mut items = Vec::new();
            for step in &request {
                reference.apply(number, step);
                let order = |recipients: String| track(&format!(r#"{{"to":{recipients},"number":{number}}}"#));
                items.push(match step {
                    Step::Trigger(users) => order(json::array(users.iter().map(|user| format!(r#""{user}""#)))),
                    Step::Identify(user) => format!(r#"{{"type":"identify","userId":"{user}","traits":{{}}}}"#),
                    Step::Inline(user) => order(format!(r#"{{"id":"{user}"}}"#)),
                    Step::Delete(user) => format!(r#"{{"type":"track","event":"Bye","userId":"{user}"}}"#),
                });
                number += 1;
            }
            for entry in inlet.send(&batch(&items.iter().map(String::as_str).collect::<Vec<_>>())) {
                for run in entry.done.runs() {
                    let number: usize = json::member(&run.data, "number").unwrap().parse().unwrap();
                    runs.extend(run.recipients.iter().map(|recipient| (number, recipient.id.parse::<u8>().unwrap())));
                }
            }
        }
        runs.sort_unstable();
        reference.runs.sort_unstable();
        prop_assert_eq!(runs, reference.runs);
        prop_assert_eq!(inlet.parked(), reference.waiting.values().map(Vec::len).sum::<usize>());
    }
}
