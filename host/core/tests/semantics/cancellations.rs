//! §6: `workflows_cancel`.

use inlet_core::{actions::parse_action, world::OpenRuns};

use crate::world::*;

/// Triggers and cancels `k` with the event's key for those it names. u1, u2 and u3 are known.
fn canceling() -> Inlet {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.to","cancellation_key":"data.order"}"#);
    inlet.map("Canceled", "workflows_cancel", r#"{"key":"k","cancellation_key":"data.order"}"#);
    let some = r#"{"key":"k","cancellation_key":"data.order","recipients":"data.to"}"#;
    inlet.map("Canceled for some", "workflows_cancel", some);
    for id in ["u1", "u2", "u3"] {
        inlet.knows(id);
    }
    inlet
}

fn cancel(event: &str, data: &str) -> String {
    format!(r#"{{"type":"track","event":"{event}","properties":{data}}}"#)
}

fn all(order: &str) -> String {
    cancel("Canceled", &format!(r#"{{"order":"{order}"}}"#))
}

fn some(order: &str, to: &str) -> String {
    cancel("Canceled for some", &format!(r#"{{"order":"{order}","to":{to}}}"#))
}

fn start(order: &str, to: &str) -> String {
    track(&format!(r#"{{"order":"{order}","to":{to}}}"#))
}

#[test]
fn stops_the_runs_of_that_workflow_and_key_that_have_not_ended_and_says_which() {
    let mut inlet = canceling();
    inlet.trigger(r#"{"key":"other","recipients":"data.to","cancellation_key":"data.order"}"#);
    let first = inlet.one(&start("1", r#"["u1","u2"]"#));
    let second = inlet.one(&start("1", r#""u3""#));
    inlet.one(&start("2", r#""u1""#));
    inlet.one(&track(r#"{"to":"u1"}"#));
    let entry = inlet.one(&all("1"));
    assert_eq!((entry.outcome(), entry.statuses()), ("executed", vec![("workflows_cancel", "success")]));
    let run = |entry: &Entry| entry.done.runs().next().unwrap().id;
    let result = entry.action().result.clone().unwrap();
    let ids = format!(r#""{}","{}""#, run(&first), run(&second));
    assert_eq!(result, format!(r#"{{"canceled_runs":[{ids}],"partly_canceled_runs":[]}}"#));
    let canceled: Vec<_> = inlet.stored.runs.iter().filter(|stored| stored.is_canceled).map(|s| s.run.id).collect();
    assert_eq!(canceled, [run(&first), run(&second)]);
    // What is canceled has ended.
    let again = inlet.one(&all("1"));
    assert_eq!(again.outcome(), "skipped");
    insta::assert_snapshot!(again.reason(), @"no run with this cancellation key has not ended; there is nothing to cancel");
}

#[test]
fn with_recipients_only_these_are_canceled_and_a_run_whose_every_recipient_is_canceled_is_canceled() {
    let mut inlet = canceling();
    let run = inlet.one(&start("1", r#"["u1","u2","u3"]"#)).run().id;
    let entry = inlet.one(&some("1", r#"["u3","u1","ghost","u3"]"#));
    let partly = format!(r#"[{{"workflow_run_id":"{run}","canceled_recipients":2}}]"#);
    assert_eq!((entry.result("canceled_runs"), entry.result("partly_canceled_runs")), ("[]", partly.as_str()));
    let stored = inlet.stored.run(run);
    assert_eq!((stored.is_canceled, stored.canceled.iter().copied().collect::<Vec<_>>()), (false, vec![0, 2]));
    // Those who are canceled are not canceled again.
    assert_eq!(inlet.one(&some("1", r#"["u1","u3"]"#)).outcome(), "skipped");
    let entry = inlet.one(&some("1", r#""u2""#));
    assert_eq!(entry.result("canceled_runs"), format!(r#"["{run}"]"#));
    assert!(inlet.stored.run(run).is_canceled);
}

#[test]
fn a_key_that_is_longer_than_256_characters_is_an_error_of_the_trigger_and_of_the_cancellation() {
    let mut inlet = canceling();
    for (length, status) in [(256, "success"), (257, "error")] {
        let key = "ü".repeat(length);
        assert_eq!(inlet.one(&start(&key, r#""u1""#)).action().status.as_str(), status);
        assert_eq!(inlet.one(&all(&key)).action().status.as_str(), status);
    }
}

#[test]
fn an_object_and_a_user_of_one_id_are_different_recipients() {
    let mut inlet = canceling();
    let run = inlet.one(&start("1", r#"["u1",{"collection":"teams","id":"u1","x":1}]"#)).run().id;
    inlet.one(&some("1", r#"{"collection":"teams","id":"u1"}"#));
    assert_eq!(inlet.stored.run(run).canceled.iter().copied().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_user_who_is_deleted_can_still_be_canceled() {
    let mut inlet = canceling();
    inlet.map("delete", "users_delete", "{}");
    let run = inlet.one(&start("1", r#""u1""#)).run().id;
    inlet.one(r#"{"type":"delete","userId":"u1"}"#);
    inlet.one(&some("1", r#""u1""#));
    assert!(inlet.stored.run(run).is_canceled);
}

#[test]
fn a_cancel_goes_before_a_trigger_within_one_event() {
    let mut inlet = canceling();
    inlet.map("Order Completed", "workflows_cancel", r#"{"key":"k","cancellation_key":"data.order"}"#);
    let first = inlet.one(&start("1", r#""u1""#));
    assert_eq!(first.statuses(), [("workflows_cancel", "skipped"), ("workflows_trigger", "success")]);
    let second = inlet.one(&start("1", r#""u1""#));
    assert_eq!(second.statuses(), [("workflows_cancel", "success"), ("workflows_trigger", "success")]);
    let open: Vec<_> = inlet.stored.runs.iter().map(|stored| stored.is_canceled).collect();
    assert_eq!(open, [true, false]);
}

#[test]
fn runs_created_earlier_in_the_same_transaction_are_seen() {
    let mut inlet = canceling();
    let to = r#"["u1","u2"]"#;
    let entries = inlet.send(&batch(&[
        &start("1", to),
        &some("1", r#""u1""#),
        &start("1", to),
        &all("1"),
        &all("1"),
        &start("1", to),
    ]));
    let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome()).collect();
    assert_eq!(outcomes, ["executed", "executed", "executed", "executed", "skipped", "executed"]);
    let canceled: Vec<_> = inlet.stored.runs.iter().map(|stored| (stored.is_canceled, stored.canceled.len())).collect();
    assert_eq!(canceled, [(true, 1), (true, 0), (false, 0)]);
}

#[test]
fn a_missing_cancellation_key_or_a_path_to_recipients_that_finds_nothing_is_an_error() {
    let mut inlet = canceling();
    inlet.one(&start("1", r#""u1""#));
    let mut reason = |body: &str| {
        let entry = inlet.one(body);
        assert_eq!((entry.outcome(), entry.done.effects.len()), ("failed", 0));
        entry.reason().to_owned()
    };
    insta::assert_snapshot!(reason(&cancel("Canceled", "{}")), @"cancellation_key is required, and the path `data.order` finds nothing");
    insta::assert_snapshot!(reason(&cancel("Canceled", r#"{"order":7}"#)), @"cancellation_key, read from the path `data.order`, is a number; expected a string");
    // It must not cancel everybody.
    insta::assert_snapshot!(reason(&cancel("Canceled for some", r#"{"order":"1"}"#)), @"recipients is required, and the path `data.to` finds nothing");
    let refusal = |parameters: &str| parse_action("workflows_cancel", parameters).unwrap_err().to_string();
    insta::assert_snapshot!(refusal("{}"), @"action_parameters.key: it is missing; expected a string");
    insta::assert_snapshot!(refusal(r#"{"key":"k"}"#), @r#"action_parameters.cancellation_key: it is missing; expected a path (a string) or {"value": …} for a constant"#);
}

#[test]
fn a_transaction_cancels_a_thousand_runs_and_a_job_the_rest_and_the_result_says_so() {
    let mut inlet = canceling();
    let starts = vec![start("1", r#""u1""#); OpenRuns::MAX_RUNS + 5];
    inlet.send(&batch(&starts.iter().map(String::as_str).collect::<Vec<_>>()));
    let entry = inlet.one(&all("1"));
    insta::assert_snapshot!(entry.result("notes"), @r#"["there are more runs than one transaction cancels; a job cancels the rest"]"#);
    let canceled = inlet.stored.runs.iter().filter(|stored| stored.is_canceled).count();
    assert_eq!(canceled, OpenRuns::MAX_RUNS);
    let rest = inlet.stored.unfinished.last().unwrap().rest.unwrap();
    let is_in = |index: usize| (rest.after..rest.before).contains(&inlet.stored.runs[index].run.id);
    assert!(inlet.stored.runs[OpenRuns::MAX_RUNS - 1].run.id <= rest.after && is_in(OpenRuns::MAX_RUNS));
    assert!(is_in(OpenRuns::MAX_RUNS + 4));
    // A run that is triggered afterwards is not the job's.
    let later = inlet.one(&start("1", r#""u1""#)).run().id;
    assert!(later > rest.before);
}

#[test]
fn a_transaction_looks_recipients_up_ten_thousand_times_and_a_job_does_the_rest() {
    let mut inlet = canceling();
    let starts = vec![start("1", r#"["u1","u2"]"#); 11];
    inlet.send(&batch(&starts.iter().map(String::as_str).collect::<Vec<_>>()));
    let crowd: Vec<_> = (0..1000).map(|number| format!(r#""u{number}""#)).collect();
    let entry = inlet.one(&some("1", &format!("[{}]", crowd.join(","))));
    assert_ne!(entry.result("notes"), "(none)");
    let canceled = inlet.stored.runs.iter().filter(|stored| stored.is_canceled).count();
    assert_eq!(canceled, 10);
    let rest = inlet.stored.unfinished[0].rest.unwrap();
    assert_eq!(rest.after, inlet.stored.runs[9].run.id);
}

#[test]
fn triggers_with_the_key_that_wait_in_the_same_transaction_wait_no_longer() {
    let mut inlet = Inlet::identifying();
    let parameters = r#"{"key":"k","recipients":"data.to","cancellation_key":"data.order","unidentified":"wait"}"#;
    inlet.trigger(parameters);
    inlet.map("Canceled", "workflows_cancel", r#"{"key":"k","cancellation_key":"data.order"}"#);
    let identify = r#"{"type":"identify","userId":"late","traits":{}}"#;
    let entries = inlet.send(&batch(&[&start("1", r#""late""#), &all("1"), &all("1"), identify]));
    let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome()).collect();
    assert_eq!(outcomes, ["executed", "executed", "skipped", "executed"]);
    insta::assert_snapshot!(entries[1].result("notes"), @r#"["recipients for whom a trigger with this key waits, or who are being added to a run, get none"]"#);
    assert_eq!(inlet.stored.runs.len(), 0);
}
