//! Cancellations of runs that have deliveries.

use std::time::Duration;

use inlet_core::{
    Uuid,
    delivery::{DeliveryCall, DeliveryStatus, RunStatus, TargetRouting, cancel_key},
    mapping::Mapping,
};
use inlet_store::{AttemptNext, BuiltDelivery, DeliveryTurn, ListedDelivery, StoredBody};

use super::support::{Event, Fixture, LONG, Unlimited, delivered, mapping, retry};

fn mappings() -> [Mapping; 3] {
    [
        mapping("order", "workflows_trigger", r#"{"key":"k","recipients":"data.to","cancellation_key":"data.key"}"#, 1),
        mapping("withdraw", "workflows_cancel", r#"{"key":"k","cancellation_key":"data.key"}"#, 2),
        mapping(
            "exclude",
            "workflows_cancel",
            r#"{"key":"k","cancellation_key":"data.key","recipients":"user_id"}"#,
            3,
        ),
    ]
}

const OWNER: Uuid = Uuid::from_u128(1);

struct Canceling {
    fixture: Fixture,
    mappings: [Mapping; 3],
    target: i64,
    run: Uuid,
}

impl Canceling {
    /// A run for three users, with a target that takes two at once.
    async fn new(has_cancel: bool) -> Self {
        Self::with(TargetRouting { has_cancel, ..TargetRouting::of_chunks(2) }).await
    }

    async fn with(routing: TargetRouting) -> Self {
        let (fixture, mappings) = (Fixture::new().await, mappings());
        let target = fixture.target("crm", routing).await;
        let event = r#"{"data":{"key":"c","to":[{"id":"a"},{"id":"b"},{"id":"c"}]}}"#;
        let run = fixture.commit(Event::new("order", event).mappings(&mappings)).await.run.unwrap();
        Self { fixture, mappings, target, run }
    }

    async fn commit(&self, event_type: &'static str, user: &str) -> Uuid {
        let event = format!(r#"{{"userId":"{user}","data":{{"key":"c"}}}}"#);
        self.fixture.commit(Event::new(event_type, &event).mappings(&self.mappings)).await.id
    }

    /// Claims the next delivery and ends it.
    async fn deliver(&self, next: AttemptNext) -> ListedDelivery {
        let claimed = self.fixture.claim(OWNER, self.target, 1).await.remove(0);
        assert!(self.fixture.finish(OWNER, claimed.claim, next).await);
        let deliveries = self.fixture.deliveries().await;
        deliveries.into_iter().find(|listed| listed.delivery.seq == claimed.claim.seq).unwrap()
    }

    /// The call, the position of the first recipient, and the status of each delivery.
    async fn shown(&self) -> Vec<(&'static str, u32, &'static str)> {
        let deliveries = self.fixture.deliveries().await;
        let show = |listed: &ListedDelivery| {
            let delivery = &listed.delivery;
            (delivery.call.as_str(), delivery.first_recipient, delivery.status.as_str())
        };
        deliveries.iter().map(show).collect()
    }

    async fn status(&self) -> RunStatus {
        let run = self.fixture.store.run(self.fixture.environment, self.run, &Unlimited).await.unwrap();
        run.unwrap().unwrap().status()
    }

    /// The notes in the result of an event's cancellation.
    async fn notes(&self, event: Uuid) -> Vec<String> {
        let action = self.fixture.event(event).await.actions.remove(0);
        let result: serde_json::Value = serde_json::from_str(&action.result.unwrap()).unwrap();
        let notes = result["notes"].as_array().cloned().unwrap_or_default();
        notes.iter().map(|note| note.as_str().unwrap().to_owned()).collect()
    }

    async fn inputs(&self) -> Vec<String> {
        let claimed = self.fixture.claim(OWNER, self.target, 1).await.remove(0);
        let inputs = self.fixture.store.delivery_inputs(&claimed.delivery, 1 << 20).await.unwrap().unwrap();
        if claimed.delivery.call == DeliveryCall::Trigger {
            let together = self.fixture.store.trigger_inputs(std::slice::from_ref(&claimed.delivery)).await.unwrap();
            assert_eq!(together, [Some(inputs.clone())]);
        }
        inputs.recipients.into_iter().map(|recipient| recipient.id).collect()
    }
}

#[tokio::test]
async fn what_was_never_sent_is_canceled_and_nothing_is_added() {
    for has_cancel in [false, true] {
        let canceling = Canceling::new(has_cancel).await;
        let event = canceling.commit("withdraw", "x").await;
        assert_eq!(canceling.shown().await, [("trigger", 0, "canceled"), ("trigger", 2, "canceled")]);
        assert_eq!(canceling.notes(event).await, [""; 0], "nothing was left");
        assert_eq!(canceling.status().await, RunStatus::Canceled);
        assert!(canceling.fixture.claim(OWNER, canceling.target, 10).await.is_empty());
    }
}

#[tokio::test]
async fn what_was_sent_is_canceled_there_and_not_sent_again() {
    for next in [delivered(), retry(Duration::ZERO), retry(LONG), AttemptNext::Dead { is_counted: true }] {
        let ended = if next == delivered() { "delivered" } else { "canceled" };
        let ended = if matches!(next, AttemptNext::Dead { .. }) { "dead" } else { ended };
        for has_cancel in [false, true] {
            let canceling = Canceling::new(has_cancel).await;
            let trigger = canceling.deliver(next.clone()).await.delivery;
            let event = canceling.commit("withdraw", "x").await;
            let mut expected = vec![("trigger", 0, ended), ("trigger", 2, "canceled")];
            expected.extend(has_cancel.then_some(("cancel", 0, "pending")));
            assert_eq!(canceling.shown().await, expected, "{next:?}");
            let stays = r#"what was sent to the target "crm" stays there: it has no way to cancel"#;
            let notes = canceling.notes(event).await;
            assert_eq!(notes, (!has_cancel).then_some(stays).into_iter().collect::<Vec<_>>(), "{next:?}");
            if has_cancel {
                let cancel = canceling.fixture.claim(OWNER, canceling.target, 10).await.remove(0).delivery;
                assert_eq!((cancel.call, cancel.key), (DeliveryCall::Cancel, cancel_key(trigger.key, event)));
                let inputs = canceling.fixture.store.delivery_inputs(&cancel, 1 << 20).await.unwrap().unwrap();
                assert_eq!(inputs.recipients.len(), 2);
                assert!(inputs.is_canceled);
            }
        }
    }
}

#[tokio::test]
async fn what_provably_was_not_sent_is_not_canceled_there() {
    let canceling = Canceling::new(true).await;
    let not_sent = AttemptNext::Retry { after: Duration::ZERO, is_counted: false, may_be_sent: false };
    canceling.deliver(not_sent).await;
    canceling.commit("withdraw", "x").await;
    assert_eq!(canceling.shown().await, [("trigger", 0, "canceled"), ("trigger", 2, "canceled")]);
}

#[tokio::test]
async fn a_cancel_waits_behind_a_trigger_that_is_under_way_which_is_not_tried_again() {
    let canceling = Canceling::new(true).await;
    let trigger = canceling.fixture.claim(OWNER, canceling.target, 1).await.remove(0);
    canceling.commit("withdraw", "x").await;
    assert_eq!(
        canceling.shown().await,
        [("trigger", 0, "pending"), ("trigger", 2, "canceled"), ("cancel", 0, "pending")]
    );
    assert!(canceling.fixture.claim(OWNER, canceling.target, 10).await.is_empty(), "the trigger is first");
    assert!(canceling.fixture.finish(OWNER, trigger.claim, retry(Duration::ZERO)).await);
    let cancel = canceling.deliver(delivered()).await.delivery;
    assert_eq!((cancel.call, cancel.status), (DeliveryCall::Cancel, DeliveryStatus::Delivered));
    assert_eq!(canceling.shown().await[0], ("trigger", 0, "canceled"));
}

#[tokio::test]
async fn a_cancel_keeps_its_distance_from_its_trigger() {
    let (fixture, mappings) = (Fixture::new().await, mappings());
    let routing = TargetRouting {
        has_cancel: true,
        cancel_gap_ms: i64::try_from(LONG.as_millis()).unwrap(),
        ..TargetRouting::of_chunks(2)
    };
    let target = fixture.target("crm", routing).await;
    let event = r#"{"data":{"key":"c","to":[{"id":"a"}]}}"#;
    let run = fixture.commit(Event::new("order", event).mappings(&mappings)).await.run.unwrap();
    let canceling = Canceling { fixture, mappings, target, run };
    let delivered = canceling.deliver(delivered()).await.delivery;
    canceling.commit("withdraw", "x").await;
    let cancel = canceling.fixture.deliveries().await.pop().unwrap().delivery;
    let gap_ms = cancel.due_at_ms.unwrap() - delivered.finished_at_ms.unwrap();
    // The clock may move on between the statement that finds the trigger and the one that writes the cancel.
    let long_ms = i64::try_from(LONG.as_millis()).unwrap();
    assert!((long_ms..2 * long_ms).contains(&gap_ms), "{gap_ms}");
    assert!(canceling.fixture.claim(OWNER, target, 10).await.is_empty());
}

#[tokio::test]
async fn recipients_who_are_canceled_one_by_one_are_left_out_of_a_body_that_is_not_built() {
    let canceling = Canceling::new(true).await;
    canceling.commit("exclude", "b").await;
    assert_eq!(canceling.shown().await, [("trigger", 0, "pending"), ("trigger", 2, "pending")]);
    assert_eq!(canceling.inputs().await, ["a"]);
    canceling.commit("exclude", "c").await;
    assert_eq!(canceling.shown().await[1], ("trigger", 2, "canceled"), "nobody of it is left");
}

#[tokio::test]
async fn recipients_who_are_canceled_one_by_one_are_canceled_there_if_they_were_sent() {
    let canceling = Canceling::new(true).await;
    canceling.deliver(delivered()).await;
    let event = canceling.commit("exclude", "b").await;
    assert_eq!(
        canceling.shown().await,
        [("trigger", 0, "delivered"), ("trigger", 2, "pending"), ("cancel", 0, "pending")]
    );
    // The second chunk is before it in the order of the cancellation key.
    assert_eq!(canceling.deliver(delivered()).await.delivery.first_recipient, 2);
    assert_eq!(canceling.inputs().await, ["b"]);
    assert_eq!(canceling.fixture.deliveries().await[2].delivery.source_event, event);
}

#[tokio::test]
async fn a_target_that_cancels_wholly_is_called_when_the_last_recipient_of_a_call_is_canceled() {
    let routing = TargetRouting { has_cancel: true, cancels_wholly: true, ..TargetRouting::of_chunks(2) };
    let canceling = Canceling::with(routing).await;
    canceling.deliver(delivered()).await;
    canceling.deliver(delivered()).await;
    let event = canceling.commit("exclude", "b").await;
    insta::assert_snapshot!(canceling.notes(event).await.join("\n"), @r#"a call to the target "crm" stays: the target cancels a call for all of its recipients only, and some of them are not canceled"#);
    let impossible = canceling.fixture.deliveries().await.pop().unwrap().delivery;
    assert_eq!(canceling.shown().await[2..], [("cancel", 0, "canceled")]);
    assert!(impossible.last_error.unwrap().contains("for all of its recipients"));
    assert!(impossible.finished_at_ms.is_some());
    assert!(canceling.fixture.claim(OWNER, canceling.target, 10).await.is_empty());
    assert_eq!(canceling.status().await, RunStatus::Delivered);
    let event = canceling.commit("exclude", "a").await;
    assert_eq!(canceling.notes(event).await, [""; 0]);
    assert_eq!(canceling.shown().await[2..], [("cancel", 0, "canceled"), ("cancel", 0, "pending")]);
    let cancel = canceling.fixture.deliveries().await.pop().unwrap().delivery;
    let inputs = canceling.fixture.store.delivery_inputs(&cancel, u64::MAX).await.unwrap().unwrap();
    assert!(inputs.is_canceled, "the whole call, over two events");
}

#[tokio::test]
async fn a_body_that_is_built_names_those_who_are_canceled_afterwards_and_a_cancel_follows() {
    let canceling = Canceling::new(true).await;
    let claimed = canceling.fixture.claim(OWNER, canceling.target, 1).await.remove(0);
    let body = StoredBody { content_type: "text/plain".to_owned(), body: "a b".into() };
    let bodies = vec![BuiltDelivery { claim: claimed.claim, body, covered: 2 }];
    canceling.fixture.turn(DeliveryTurn { bodies, ..DeliveryTurn::new(OWNER, LONG) }).await;
    assert!(canceling.fixture.finish(OWNER, claimed.claim, retry(Duration::ZERO)).await);
    canceling.commit("exclude", "b").await;
    assert_eq!(
        canceling.shown().await,
        [("trigger", 0, "retrying"), ("trigger", 2, "pending"), ("cancel", 0, "pending")]
    );
}

#[tokio::test]
async fn a_run_with_very_many_deliveries_is_canceled_in_slices_and_nothing_of_it_is_sent() {
    let (fixture, mappings) = (Fixture::new().await, mappings());
    let routing = TargetRouting { has_cancel: true, ..TargetRouting::of_chunks(1) };
    let mut targets = Vec::new();
    for key in ["a", "b", "c"] {
        targets.push(fixture.target(key, routing.clone()).await);
    }
    let recipients: Vec<String> = (0..700).map(|number| format!(r#"{{"id":"u{number}"}}"#)).collect();
    let event = format!(r#"{{"data":{{"key":"c","to":[{}]}}}}"#, recipients.join(","));
    let run = fixture.commit(Event::new("order", &event).mappings(&mappings)).await.run.unwrap();
    let claimed = fixture.claim(OWNER, targets[0], 1).await.remove(0);
    assert!(fixture.finish(OWNER, claimed.claim, delivered()).await);
    fixture.commit(Event::new("withdraw", r#"{"data":{"key":"c"}}"#).mappings(&mappings)).await;
    let counts = async || fixture.store.run(fixture.environment, run, &Unlimited).await.unwrap().unwrap().unwrap();
    let canceled = counts().await;
    assert_eq!((canceled.status(), canceled.deliveries.canceled), (RunStatus::Canceled, 0), "canceled at once");
    assert!(fixture.store.is_run_canceled(fixture.environment, run).await.unwrap());
    assert!(fixture.store.has_unfinished_cancellations().await.unwrap());
    let claimed = fixture.claim(OWNER, targets[1], 1).await.remove(0);
    let inputs = fixture.store.delivery_inputs(&claimed.delivery, u64::MAX).await.unwrap().unwrap();
    assert!(inputs.recipients.is_empty(), "nothing is built of it");
    assert!(fixture.finish(OWNER, claimed.claim, AttemptNext::HandBack).await);
    let mut before = 0;
    while fixture.store.continue_cancellation().await.unwrap() {
        let canceled = counts().await.deliveries.canceled;
        assert!(canceled - before <= 1000, "{before} {canceled}");
        before = canceled;
    }
    let deliveries = counts().await.deliveries;
    assert_eq!((deliveries.canceled, deliveries.delivered, deliveries.pending), (2099, 1, 1), "one cancel is sent");
    assert!(!fixture.store.has_unfinished_cancellations().await.unwrap());
}

#[tokio::test]
async fn a_job_cancels_the_deliveries_of_runs_that_are_left_to_it() {
    let (fixture, mappings) = (Fixture::new().await, mappings());
    let target = fixture.target("crm", TargetRouting::of_chunks(2)).await;
    let event = r#"{"data":{"key":"c","to":[{"id":"a"}]}}"#;
    let events: Vec<_> = (0..1003).map(|_| Event::new("order", event).mappings(&mappings)).collect();
    fixture.commit_all(events).await;
    fixture.commit(Event::new("withdraw", r#"{"data":{"key":"c"}}"#).mappings(&mappings)).await;
    let open = async || fixture.store.open_deliveries().await.unwrap().iter().map(|open| open.count).sum::<u64>();
    assert_eq!(open().await, 3);
    while fixture.store.continue_cancellation().await.unwrap() {}
    assert_eq!(open().await, 0);
    assert!(fixture.claim(OWNER, target, 10).await.is_empty());
}
