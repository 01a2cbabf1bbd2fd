//! The rules of issues, sentence by sentence, and the states against a model.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn key(code: &str) -> IssueKey<'_> {
    IssueKey::new(IssuePlace::SourceEnvironment(1), IssueStage::Read, code, Blamed::Nobody)
}

#[test]
fn an_issue_is_of_its_place_stage_code_and_blamed() {
    let mapping = |n| Blamed::Mapping(Uuid::from_u128(n));
    let mut ids = HashSet::new();
    for place in [IssuePlace::SourceEnvironment(1), IssuePlace::SourceEnvironment(2), IssuePlace::Target(1)] {
        for stage in IssueStage::ALL {
            for code in ["time", "trap"] {
                for blamed in
                    [Blamed::Nobody, Blamed::Plugin(1), Blamed::Plugin(2), mapping(1), mapping(2), Blamed::Action("x")]
                {
                    let id = IssueKey::new(place, stage, code, blamed).id();
                    assert_eq!(id, IssueKey::new(place, stage, code, blamed).id());
                    assert!(ids.insert(id), "two causes have one issue");
                }
            }
        }
    }
}

#[test]
fn ids_never_change() {
    // They are stored.
    assert_eq!(key("no_type").id().to_string(), "c3700241-2fa3-84b4-938a-a5cb0f66b411");
}

#[test]
fn a_code_with_values_of_a_request_names_no_issue() {
    for code in ["", "ana@example.com", "No Type", "é", "line\nbreak", &"x".repeat(65)] {
        assert_eq!(key(code), key(OTHER_CODE), "{code:?}");
    }
    for code in ["no_type", "not-json", "a.b9", &"x".repeat(64)] {
        assert_eq!(key(code).code(), code);
    }
    assert_eq!(key("time").other(), key(OTHER_CODE));
}

#[test]
fn a_sender_fills_at_most_its_own_stage() {
    let room = |in_environment, of_stage, has_resolved| Room { in_environment, of_stage, has_resolved }.verdict();
    assert_eq!(room(0, 0, false), Verdict::Issue);
    assert_eq!(room(MAX_ISSUES - 1, MAX_OF_STAGE - 1, false), Verdict::Issue);
    assert_eq!(room(MAX_OF_STAGE, MAX_OF_STAGE, true), Verdict::Other);
    assert_eq!(room(MAX_ISSUES, 0, true), Verdict::InPlaceOfResolved);
    assert_eq!(room(MAX_ISSUES, 0, false), Verdict::Other, "what is open, acknowledged or muted stays");
}

#[test]
fn a_failure_opens_a_resolved_issue_again() {
    let mut issue = Issue::new(Failures { count: 2, at_ms: 10 });
    issue.change(IssueChange::Resolve, 20).unwrap();
    let recurrence = issue.recur(Failures { count: 1, at_ms: 30 });
    assert_eq!(recurrence, Recurrence { is_known: false, is_reopened: true });
    assert_eq!((issue.state, issue.count, issue.reopened, issue.state_since_ms), (IssueState::Open, 3, 1, 30));
    assert_eq!((issue.first_seen_ms, issue.last_seen_ms), (10, 30));
}

#[test]
fn a_known_issue_stays_known_over_failures() {
    for change in [IssueChange::Acknowledge, IssueChange::Mute(None), IssueChange::Mute(Some(40))] {
        let mut issue = Issue::new(Failures { count: 1, at_ms: 10 });
        issue.change(change, 20).unwrap();
        assert!(issue.recur(Failures { count: 1, at_ms: 30 }).is_known, "{change:?}");
    }
}

#[test]
fn a_mute_ends_with_its_time() {
    let mut issue = Issue::new(Failures { count: 1, at_ms: 10 });
    assert_eq!(issue.change(IssueChange::Mute(Some(20)), 20), Err(NotPossible::Past));
    issue.change(IssueChange::Mute(Some(30)), 20).unwrap();
    assert_eq!(issue.state_at(29).as_str(), "muted");
    assert_eq!(issue.state_at(30), IssueState::Open);
    assert_eq!(issue.recur(Failures { count: 1, at_ms: 30 }), Recurrence { is_known: false, is_reopened: false });
}

#[test]
fn a_resolved_issue_has_nothing_to_acknowledge() {
    let mut issue = Issue::new(Failures { count: 1, at_ms: 10 });
    issue.change(IssueChange::Resolve, 20).unwrap();
    assert_eq!(issue.change(IssueChange::Acknowledge, 30), Err(NotPossible::Resolved));
    assert_eq!(issue.change(IssueChange::Resolve, 30), Ok(false), "nothing changes twice");
    assert_eq!(issue.change(IssueChange::Reopen, 30), Ok(true));
}

/// A step in the history of an issue.
#[derive(Debug, Clone, Copy)]
enum Step {
    Fails(u64),
    Changes(IssueChange),
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let change = prop_oneof![
        Just(IssueChange::Acknowledge),
        Just(IssueChange::Resolve),
        Just(IssueChange::Reopen),
        prop::option::of(0..200_i64).prop_map(IssueChange::Mute),
    ];
    let step = prop_oneof![(1..5_u64).prop_map(Step::Fails), change.prop_map(Step::Changes)];
    prop::collection::vec((0..20_i64, step), 0..20)
}

/// The model: the state is what the last accepted change says about the failures after it.
fn model(history: &[(i64, Step)], now_ms: i64) -> &'static str {
    let last = history.iter().rposition(|(_, step)| matches!(step, Step::Changes(_)));
    let Some(last) = last else { return "open" };
    let fails_after = history[last..].iter().any(|(_, step)| matches!(step, Step::Fails(_)));
    match history[last].1 {
        Step::Changes(IssueChange::Acknowledge) => "acknowledged",
        Step::Changes(IssueChange::Mute(until)) if until.is_none_or(|until| now_ms < until) => "muted",
        Step::Changes(IssueChange::Resolve) if !fails_after => "resolved",
        _ => "open",
    }
}

proptest! {
    #[test]
    fn the_state_is_what_the_model_says(steps in steps()) {
        let mut now_ms = 0;
        let mut issue = Issue::new(Failures { count: 1, at_ms: 0 });
        let mut history: Vec<(i64, Step)> = Vec::new();
        let (mut count, mut reopened) = (1, 0);
        for (pause_ms, step) in steps {
            now_ms += pause_ms;
            let before = model(&history, now_ms);
            match step {
                Step::Fails(number) => {
                    let recurrence = issue.recur(Failures { count: number, at_ms: now_ms });
                    history.push((now_ms, step));
                    (count, reopened) = (count + number, reopened + u64::from(before == "resolved"));
                    prop_assert_eq!(recurrence.is_reopened, before == "resolved");
                    prop_assert_eq!(recurrence.is_known, matches!(before, "acknowledged" | "muted"));
                }
                Step::Changes(change) => {
                    let is_possible = match change {
                        IssueChange::Acknowledge => before != "resolved",
                        IssueChange::Mute(until) => until.is_none_or(|until| now_ms < until),
                        _ => true,
                    };
                    prop_assert_eq!(issue.change(change, now_ms).is_ok(), is_possible);
                    if is_possible {
                        history.push((now_ms, step));
                    }
                }
            }
            prop_assert_eq!(issue.state_at(now_ms).as_str(), model(&history, now_ms));
            prop_assert_eq!((issue.count, issue.reopened), (count, reopened));
        }
    }

    #[test]
    fn there_are_never_more_issues_than_room(causes in prop::collection::vec((0..30_u64, any::<bool>()), 0..3000)) {
        // An environment with thirty stages: how many issues each has, and which of them are resolved.
        let mut stages = vec![(0_u64, 0_u64); 30];
        for (stage, resolves) in causes {
            let stage = stage as usize;
            let in_environment = stages.iter().map(|(open, resolved)| open + resolved).sum();
            let of_stage = stages[stage].0 + stages[stage].1;
            let has_resolved = stages.iter().any(|(_, resolved)| *resolved > 0);
            match (Room { in_environment, of_stage, has_resolved }).verdict() {
                Verdict::Other => {}
                verdict => {
                    if verdict == Verdict::InPlaceOfResolved {
                        stages.iter_mut().find(|(_, resolved)| *resolved > 0).unwrap().1 -= 1;
                    }
                    if resolves { stages[stage].1 += 1 } else { stages[stage].0 += 1 }
                }
            }
            let all: u64 = stages.iter().map(|(open, resolved)| open + resolved).sum();
            prop_assert!(all <= MAX_ISSUES);
            prop_assert!(stages.iter().all(|(open, resolved)| open + resolved <= MAX_OF_STAGE));
        }
    }
}
