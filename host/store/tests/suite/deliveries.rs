//! Deliveries: written with their runs, read back, re-driven and discarded.

use std::time::Duration;

use bytes::Bytes;
use inlet_core::{
    Uuid,
    delivery::{
        DeliveryCall, DeliveryCounts, DeliveryOrder, DeliveryStatus, RunStatus, TargetRouting, delivery_key, part_key,
    },
    mapping::Mapping,
};
use inlet_store::{
    AttemptNext, BuiltDelivery, Cursor, DeliveryFilter, DeliveryTurn, EventQuery, ExpansionShare, ListedDelivery,
    RedriveSlice, RunQuery, RunRecord, SelectedDeliveries, StoredBody, StoredRecipient, TargetState,
};

use super::support::{Event, Fixture, LONG, Unlimited, claim_wanted, delivered, log, mapping, retry};

fn trigger(parameters: &str) -> [Mapping; 1] {
    [mapping("order", "workflows_trigger", parameters, 1)]
}

fn inline(count: usize) -> String {
    let recipients: Vec<String> = (0..count).map(|number| format!(r#"{{"id":"u{number}"}}"#)).collect();
    format!(r#"{{"data":{{"to":[{}],"n":39.50}}}}"#, recipients.join(","))
}

async fn order(fixture: &Fixture, mappings: &[Mapping], recipients: usize) -> Uuid {
    fixture.commit(Event::new("order", &inline(recipients)).mappings(mappings)).await.run.unwrap()
}

async fn run(fixture: &Fixture, id: Uuid) -> RunRecord {
    fixture.store.run(fixture.environment, id, &Unlimited).await.unwrap().unwrap().unwrap()
}

fn chunks(deliveries: &[ListedDelivery]) -> Vec<(&str, u32, u32)> {
    deliveries
        .iter()
        .map(|listed| (listed.target.as_str(), listed.delivery.first_recipient, listed.delivery.recipients))
        .collect()
}

const TO: &str = r#"{"key":"k","recipients":"data.to"}"#;
const TO_NONE: &str = r#"{"key":"k","recipients":"data.to","targets":[]}"#;

#[tokio::test]
async fn a_run_is_written_with_a_delivery_for_each_target_and_chunk() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    assert_eq!(run(&fixture, order(&fixture, &mappings, 1).await).await.status(), RunStatus::Recorded);
    fixture.target("crm", TargetRouting::of_chunks(2)).await;
    fixture.target("erp", TargetRouting::of_chunks(10)).await;
    let id = order(&fixture, &mappings, 3).await;
    let deliveries = fixture.deliveries().await;
    assert_eq!(chunks(&deliveries), [("crm", 0, 2), ("crm", 2, 1), ("erp", 0, 3)]);
    for ListedDelivery { delivery, last_attempt, .. } in &deliveries {
        assert_eq!((delivery.run, delivery.workflow.as_str(), delivery.call), (id, "k", DeliveryCall::Trigger));
        assert_eq!((delivery.status, delivery.attempts, delivery.tries), (DeliveryStatus::Pending, 0, 0));
        assert_eq!(delivery.mapping, Some(mappings[0].id));
        assert!(delivery.due_at_ms.is_some() && last_attempt.is_none());
    }
    let found = run(&fixture, id).await;
    assert_eq!(
        (found.status(), found.deliveries.pending, found.mapping),
        (RunStatus::Delivering, 3, Some(mappings[0].id))
    );
}

#[tokio::test]
async fn a_commit_of_deliveries_wakes_and_one_without_does_not() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let due = fixture.store.deliveries_due();
    fixture.target("crm", TargetRouting::of_chunks(2)).await;
    // A change of a target wakes too.
    tokio::time::timeout(Duration::from_secs(30), due.notified()).await.unwrap();
    fixture.commit(Event::new("other", &inline(1)).mappings(&mappings)).await;
    let mut woken = Box::pin(due.notified());
    assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(woken.as_mut().poll(cx).is_pending())).await);
    order(&fixture, &mappings, 1).await;
    tokio::time::timeout(Duration::from_secs(30), woken).await.unwrap();
}

#[tokio::test]
async fn a_mapping_or_a_target_chooses() {
    let fixture = Fixture::new().await;
    fixture.target("all", TargetRouting::of_chunks(10)).await;
    let of_other = TargetRouting { workflows: Some(vec!["other".into()]), ..TargetRouting::of_chunks(10) };
    fixture.target("some", of_other).await;
    for (targets, wanted) in [("", &["all"][..]), (r#","targets":["some"]"#, &["some"]), (r#","targets":[]"#, &[])] {
        let mappings = trigger(&format!(r#"{{"key":"k","recipients":"data.to"{targets}}}"#));
        let id = order(&fixture, &mappings, 1).await;
        let deliveries = fixture.deliveries().await;
        let got: Vec<&str> =
            deliveries.iter().filter(|listed| listed.delivery.run == id).map(|listed| listed.target.as_str()).collect();
        assert_eq!(got, wanted);
    }
}

#[tokio::test]
async fn a_run_that_is_created_when_its_recipient_is_identified_is_routed_as_its_mapping_says() {
    let fixture = Fixture::new().await;
    let mappings = [
        mapping(
            "order",
            "workflows_trigger",
            r#"{"key":"k","recipients":"user_id","unidentified":"wait","targets":["crm"]}"#,
            1,
        ),
        mapping("identify", "users_identify", r#"{"user_id":"user_id","properties":"data"}"#, 2),
    ];
    fixture.target("crm", TargetRouting::of_chunks(10)).await;
    fixture.target("erp", TargetRouting::of_chunks(10)).await;
    fixture.commit(Event::new("order", r#"{"userId":"u"}"#).mappings(&mappings)).await;
    assert!(fixture.deliveries().await.is_empty());
    let fixture = fixture.reopen().await;
    fixture.commit(Event::new("identify", r#"{"userId":"u"}"#).mappings(&mappings)).await;
    let deliveries = fixture.deliveries().await;
    assert_eq!(chunks(&deliveries), [("crm", 0, 1)]);
    assert_eq!(deliveries[0].delivery.mapping, Some(mappings[0].id));
}

#[tokio::test]
async fn subscribers_that_are_added_later_get_deliveries_of_their_own() {
    let fixture = Fixture::new().await;
    let mappings = [
        mapping("set", "objects_set", r#"{"collection":"projects","id":"data.id","properties":"data.none"}"#, 1),
        mapping("follow", "objects_subscribe", r#"{"collection":"projects","id":"data.id","recipients":"data.to"}"#, 2),
        mapping("post", "workflows_trigger", r#"{"key":"k","recipients":{"collection":"projects","id":"data.id"}}"#, 3),
    ];
    fixture.target("crm", TargetRouting::of_chunks(2)).await;
    fixture.commit(Event::new("set", r#"{"data":{"id":"p"}}"#).mappings(&mappings)).await;
    let follow = r#"{"data":{"id":"p","to":[{"id":"u0"},{"id":"u1"},{"id":"u2"}]}}"#;
    fixture.commit(Event::new("follow", follow).mappings(&mappings)).await;
    let id = fixture.commit(Event::new("post", r#"{"data":{"id":"p"}}"#).mappings(&mappings)).await.run.unwrap();
    assert_eq!(chunks(&fixture.deliveries().await), [("crm", 0, 1)]);
    let share = ExpansionShare { environment_id: fixture.environment, run_id: id, limit: 1000 };
    while fixture.store.expand_runs(vec![share]).await.unwrap()[0].has_more {}
    let deliveries = fixture.deliveries().await;
    assert_eq!(chunks(&deliveries), [("crm", 0, 1), ("crm", 1, 2), ("crm", 3, 1)]);
    let keys: Vec<Uuid> = deliveries.iter().map(|listed| listed.delivery.key).collect();
    assert!(keys[0] != keys[1] && keys[1] != keys[2]);
    let query = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 9,
        workflow: None,
        source_event: None,
    };
    let runs = fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap();
    assert_eq!(runs.items[0].deliveries.pending, 3);
}

#[tokio::test]
async fn a_recipient_has_the_status_of_the_deliveries_that_have_it() {
    let fixture = Fixture::new().await;
    let mappings = trigger(TO);
    let crm = fixture.target("crm", TargetRouting::of_chunks(2)).await;
    let id = order(&fixture, &mappings, 5).await;
    let owner = Uuid::now_v7();
    let claimed = fixture.claim(owner, crm, 2).await;
    assert!(fixture.finish(owner, claimed[0].claim, delivered()).await);
    assert!(fixture.finish(owner, claimed[1].claim, AttemptNext::Dead { is_counted: true }).await);
    let statuses = |recipients: &[StoredRecipient]| recipients.iter().map(StoredRecipient::status).collect::<Vec<_>>();
    use RunStatus::{Delivered, Delivering, Failed};
    let all = [Delivered, Delivered, Failed, Failed, Delivering];
    assert_eq!(statuses(&run(&fixture, id).await.recipients), all);
    for (cursor, wanted) in [(Cursor::Start, &all[..]), (Cursor::After(0), &all[1..]), (Cursor::Before(3), &all[..3])] {
        let page = fixture.store.run_recipients(fixture.environment, id, cursor, 9, &Unlimited).await.unwrap().unwrap();
        assert_eq!(statuses(&page.items), wanted);
    }
    // Every target has to take it.
    let free = fixture.target("free", TargetRouting::of_chunks(1)).await;
    let id = order(&fixture, &mappings, 2).await;
    let claimed = fixture.claim(owner, free, 1).await;
    assert!(fixture.finish(owner, claimed[0].claim, delivered()).await);
    assert_eq!(statuses(&run(&fixture, id).await.recipients), [Delivering, Delivering]);
}

#[tokio::test]
async fn inputs_have_everything_that_a_body_is_built_of() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(10)).await;
    let item = r#"{"data":{"to":[{"id":"a","n":9007199254740993,"$trigger_data":{"m":39.50}},{"id":"b"}],"p":39.50}}"#;
    fixture.commit(Event::new("order", item).mappings(&mappings)).await;
    let claimed = fixture.claim(Uuid::now_v7(), target, 10).await.remove(0);
    let inputs = fixture.store.delivery_inputs(&claimed.delivery, 1 << 20).await.unwrap().unwrap();
    assert_eq!((inputs.run, inputs.workflow.as_str(), inputs.covered), (claimed.delivery.run, "k", 2));
    assert!(inputs.data.contains("39.50"), "{}", inputs.data);
    assert_eq!(inputs.recipients[0].id, "a");
    assert_eq!(inputs.recipients[0].properties.as_deref(), Some(r#"{"n":9007199254740993}"#));
    assert_eq!(inputs.recipients[0].trigger_data.as_deref(), Some(r#"{"m":39.50}"#));
    let short = fixture.store.delivery_inputs(&claimed.delivery, 1).await.unwrap().unwrap();
    assert_eq!((short.recipients.len(), short.covered), (1, 1), "one at least");
}

#[tokio::test]
async fn inputs_of_many_triggers_are_those_of_each() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(2)).await;
    for recipients in [1, 2, 3, 150] {
        order(&fixture, &mappings, recipients).await;
    }
    let claimed = fixture.claim(Uuid::now_v7(), target, 200).await;
    let mut triggers: Vec<_> = claimed.into_iter().map(|claimed| claimed.delivery).collect();
    assert_eq!(triggers.len(), 1 + 1 + 2 + 75);
    // A run that is gone.
    triggers[1].run = Uuid::nil();
    let together = fixture.store.trigger_inputs(&triggers).await.unwrap();
    for (trigger, inputs) in triggers.iter().zip(&together) {
        assert_eq!(*inputs, fixture.store.delivery_inputs(trigger, 1 << 20).await.unwrap());
    }
    assert_eq!(together.iter().filter(|inputs| inputs.is_none()).count(), 1);
}

fn body(text: &'static str) -> StoredBody {
    StoredBody { content_type: "application/json".to_owned(), body: Bytes::from_static(text.as_bytes()) }
}

#[tokio::test]
async fn a_body_is_stored_once_and_what_it_leaves_out_is_the_next_delivery_of_its_order() {
    let mappings = trigger(r#"{"key":"k","recipients":"data.to","cancellation_key":{"value":"c"}}"#);
    let fixture = Fixture::new().await;
    let by_key = TargetRouting { order: Some(DeliveryOrder::CancellationKey), ..TargetRouting::of_chunks(10) };
    let target = fixture.target("crm", by_key).await;
    let mappings_of_two = [mappings[0].clone()];
    order(&fixture, &mappings_of_two, 5).await;
    order(&fixture, &mappings_of_two, 1).await;
    let owner = Uuid::now_v7();
    let first = fixture.claim(owner, target, 10).await;
    assert_eq!(first.len(), 1, "the second run waits behind the first");
    let claim = first[0].claim;
    let built = BuiltDelivery { claim, body: body("[1,2]"), covered: 2 };
    let turn = DeliveryTurn { bodies: vec![built.clone()], ..DeliveryTurn::new(owner, LONG) };
    assert!(fixture.turn(turn.clone()).await.lost.is_empty());
    assert_eq!(fixture.turn(turn).await.lost, [claim], "a key stands for one body");
    assert_eq!(fixture.store.delivery_body(claim.seq).await.unwrap(), Some(body("[1,2]")));
    assert!(fixture.claim(owner, target, 10).await.is_empty());
    assert!(fixture.finish(owner, claim, delivered()).await);
    assert_eq!(fixture.store.delivery_body(claim.seq).await.unwrap(), None, "a delivered body is removed");
    let rest = fixture.claim(owner, target, 10).await.remove(0);
    let key = first[0].delivery.key;
    assert_eq!((rest.delivery.first_recipient, rest.delivery.recipients, rest.delivery.part), (2, 3, 2));
    assert_eq!((rest.delivery.run, rest.delivery.key), (first[0].delivery.run, part_key(key, 2)));
    assert!(fixture.finish(owner, rest.claim, delivered()).await);
    let second = fixture.claim(owner, target, 10).await.remove(0);
    assert_ne!(second.delivery.run, rest.delivery.run);
    assert_eq!(key, delivery_key_of(&fixture, first[0].delivery.run).await);
}

/// The key that a run's first delivery must have, from what is stored of the run.
async fn delivery_key_of(fixture: &Fixture, run: Uuid) -> Uuid {
    let deliveries = fixture.deliveries().await;
    let first = deliveries.iter().find(|listed| listed.delivery.run == run).unwrap();
    assert_ne!(first.delivery.key, delivery_key(run, 0), "it comes from the run's key, which outlives its id");
    first.delivery.key
}

#[tokio::test]
async fn a_dead_delivery_makes_its_event_need_attention_until_it_is_redriven_with_the_same_key_and_body() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(10)).await;
    let event = fixture.commit(Event::new("order", &inline(1)).mappings(&mappings)).await;
    let owner = Uuid::now_v7();
    let claimed = fixture.claim(owner, target, 1).await.remove(0);
    let built = BuiltDelivery { claim: claimed.claim, body: body("{}"), covered: 1 };
    fixture.turn(DeliveryTurn { bodies: vec![built], ..DeliveryTurn::new(owner, LONG) }).await;
    assert!(fixture.finish(owner, claimed.claim, AttemptNext::Dead { is_counted: true }).await);
    let counts = fixture.store.attention_counts(fixture.source_environment).await.unwrap();
    assert_eq!(
        counts.iter().map(|count| (count.code.as_str(), count.count)).collect::<Vec<_>>(),
        [("delivery_dead", 1)]
    );
    assert!(fixture.store.attention(fixture.source_environment, event.id).await.unwrap().unwrap().is_open);
    assert_eq!(run(&fixture, event.run.unwrap()).await.status(), RunStatus::Failed);
    let (listed, attempts) = fixture.store.delivery(fixture.environment, claimed.delivery.id).await.unwrap().unwrap();
    assert_eq!((listed.delivery.status, listed.delivery.attempts, attempts.len()), (DeliveryStatus::Dead, 1, 1));
    assert_eq!((attempts[0].number, &attempts[0].attempt.response_body[..]), (1, &b"busy"[..]));
    let one = SelectedDeliveries::One(claimed.delivery.id);
    let redrive = async || {
        fixture
            .store
            .deliveries_redrive(fixture.environment, one.clone(), RedriveSlice::at_once(10), Some(log("redrive")))
            .await
            .unwrap()
            .count
    };
    assert_eq!((redrive().await, redrive().await), (1, 0));
    assert!(!fixture.store.attention(fixture.source_environment, event.id).await.unwrap().unwrap().is_open);
    let again = fixture.claim(owner, target, 1).await.remove(0);
    assert_eq!((again.delivery.key, again.delivery.attempts, again.delivery.tries), (claimed.delivery.key, 0, 2));
    assert_eq!(fixture.store.delivery_body(again.claim.seq).await.unwrap(), Some(body("{}")));
    assert!(fixture.finish(owner, again.claim, delivered()).await);
    assert_eq!(run(&fixture, event.run.unwrap()).await.status(), RunStatus::Delivered);
    assert_eq!(redrive().await, 0, "what is delivered is not sent again");
}

#[tokio::test]
async fn the_deliveries_of_an_event_are_counted_in_lists_up_to_a_thousand() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    let none = fixture.commit(Event::new("other", &inline(1)).mappings(&mappings)).await.id;
    let three = fixture.commit(Event::new("order", &inline(3)).mappings(&mappings)).await.id;
    let owner = Uuid::now_v7();
    let [first, second] = fixture.claim(owner, target, 2).await.try_into().unwrap();
    assert!(fixture.finish(owner, first.claim, delivered()).await);
    assert!(fixture.finish(owner, second.claim, AttemptNext::Dead { is_counted: true }).await);
    let mut many = Vec::new();
    for recipients in [999, 1000] {
        many.push(fixture.commit(Event::new("order", &inline(recipients)).mappings(&mappings)).await.id);
    }
    // A second target makes 1,400 of 700.
    fixture.target("erp", TargetRouting::of_chunks(1)).await;
    many.push(fixture.commit(Event::new("order", &inline(700)).mappings(&mappings)).await.id);
    let events = fixture.store.events(&EventQuery::newest(vec![fixture.source_environment], 10)).await.unwrap().items;
    let counts = |id: Uuid| events.iter().find(|event| event.id == id).unwrap().deliveries.unwrap();
    assert_eq!(counts(none), DeliveryCounts::default());
    assert_eq!(counts(three), DeliveryCounts { pending: 1, delivered: 1, dead: 1, ..DeliveryCounts::default() });
    assert_eq!(many.into_iter().map(|id| counts(id).pending).collect::<Vec<_>>(), [999, 1000, 1000]);
}

#[tokio::test]
async fn deliveries_are_redriven_and_discarded_by_filter_after_they_were_counted() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    order(&fixture, &mappings, 7).await;
    let other = trigger(TO);
    order(&fixture, &other, 2).await;
    let owner = Uuid::now_v7();
    let claimed = fixture.claim(owner, target, 4).await;
    for claimed in &claimed[..3] {
        assert!(fixture.finish(owner, claimed.claim, AttemptNext::Dead { is_counted: true }).await);
    }
    let filter = DeliveryFilter { mapping: Some(mappings[0].id), workflow: Some("k".to_owned()), ..Default::default() };
    let counts = fixture.store.delivery_counts(fixture.environment, &filter).await.unwrap();
    assert_eq!((counts.dead, counts.pending), (3, 4));
    let selected = SelectedDeliveries::Matching(filter.clone());
    let redrive = async || {
        fixture
            .store
            .deliveries_redrive(fixture.environment, selected.clone(), RedriveSlice::at_once(2), None)
            .await
            .unwrap()
            .count
    };
    assert_eq!([redrive().await, redrive().await, redrive().await], [2, 1, 0]);
    let discard =
        async || fixture.store.deliveries_discard(fixture.environment, selected.clone(), 5, None).await.unwrap();
    assert_eq!([discard().await, discard().await, discard().await], [5, 2, 0]);
    let under_way = &claimed[3];
    let status = async || fixture.store.delivery_counts(fixture.environment, &filter).await.unwrap();
    assert_eq!((status().await.canceled, status().await.pending), (6, 1), "one is under way");
    assert!(fixture.finish(owner, under_way.claim, retry(Duration::ZERO)).await);
    assert_eq!(status().await.canceled, 7, "and is not tried again");
    let left = fixture.store.delivery_counts(fixture.environment, &DeliveryFilter::default()).await.unwrap();
    assert_eq!(left.pending, 2, "those of another mapping stay");
    assert_eq!(fixture.claim(owner, target, 10).await.len(), 2);
}

#[tokio::test]
async fn a_redrive_goes_on_behind_its_last_slice_and_is_due_at_a_rate() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    order(&fixture, &mappings, 5).await;
    let owner = Uuid::now_v7();
    for claimed in fixture.claim(owner, target, 5).await {
        assert!(fixture.finish(owner, claimed.claim, AttemptNext::Dead { is_counted: true }).await);
    }
    let selected =
        |status| SelectedDeliveries::Matching(DeliveryFilter { status: Some(status), ..DeliveryFilter::default() });
    let redrive = async |status, first: RedriveSlice| {
        let (mut slice, mut counts) = (first, Vec::new());
        loop {
            let done =
                fixture.store.deliveries_redrive(fixture.environment, selected(status), slice, None).await.unwrap();
            counts.push(done.count);
            if done.count == 0 {
                return counts;
            }
            slice = slice.next(done);
        }
    };
    let slowly = RedriveSlice { rate_per_second: Some(2), ..RedriveSlice::at_once(2) };
    assert_eq!(redrive(DeliveryStatus::Dead, slowly).await, [2, 2, 1, 0]);
    let due = async || {
        let mut due: Vec<i64> =
            fixture.deliveries().await.iter().map(|listed| listed.delivery.due_at_ms.unwrap()).collect();
        due.sort_unstable();
        due
    };
    let first = due().await;
    for (position, at) in first.iter().enumerate() {
        assert!(at - first[0] >= position as i64 * 500, "{first:?}");
    }
    // Sent at a higher rate, none is due later than before, and those that are due are left alone.
    let fast = RedriveSlice { rate_per_second: Some(1000), ..RedriveSlice::at_once(2) };
    redrive(DeliveryStatus::Retrying, fast).await;
    let then = due().await;
    assert!(then.iter().zip(&first).all(|(then, first)| then <= first) && then[4] < first[4], "{then:?} {first:?}");
}

#[tokio::test]
async fn of_one_order_key_the_one_that_leads_is_due_at_the_rate_too() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let routing = TargetRouting { order: Some(DeliveryOrder::User), ..TargetRouting::of_chunks(1) };
    let target = fixture.target("crm", routing).await;
    for _ in 0..2 {
        order(&fixture, &mappings, 2).await;
    }
    let owner = Uuid::now_v7();
    for _ in 0..2 {
        for claimed in fixture.claim(owner, target, 4).await {
            assert!(fixture.finish(owner, claimed.claim, AttemptNext::Dead { is_counted: true }).await);
        }
    }
    let slice = RedriveSlice { rate_per_second: Some(1), ..RedriveSlice::at_once(10) };
    let dead = SelectedDeliveries::Matching(DeliveryFilter::default());
    let done = fixture.store.deliveries_redrive(fixture.environment, dead, slice, None).await.unwrap();
    assert_eq!(done.count, 4);
    let mut due: Vec<i64> = fixture.deliveries().await.iter().filter_map(|listed| listed.delivery.due_at_ms).collect();
    due.sort_unstable();
    assert!(due.len() == 2 && due[1] - due[0] >= 1000, "one for each of two users: {due:?}");
}

#[tokio::test]
async fn a_target_that_is_paused_or_disabled_keeps_its_deliveries() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    let owner = Uuid::now_v7();
    for state in [TargetState::Paused, TargetState::Disabled] {
        fixture.store.target_set_state(target, state, None, log("pauseTarget")).await.unwrap();
        order(&fixture, &mappings, 1).await;
        let turn = DeliveryTurn { wanted: vec![claim_wanted(target, 10)], ..DeliveryTurn::new(owner, LONG) };
        let result = fixture.turn(turn).await;
        assert!(result.claimed.is_empty() && result.next_due.is_empty(), "{result:?}");
    }
    let open = fixture.store.open_deliveries().await.unwrap();
    assert_eq!((open.len(), open[0].target_id, open[0].count), (1, target, 2));
    fixture.store.target_set_state(target, TargetState::Running, None, log("resumeTarget")).await.unwrap();
    assert_eq!(fixture.claim(owner, target, 10).await.len(), 2);
}

#[tokio::test]
async fn retention_spares_what_is_not_delivered_and_deletes_the_rest() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(10)).await;
    let owner = Uuid::now_v7();
    let ends = [Some(delivered()), Some(AttemptNext::Dead { is_counted: true }), None];
    let mut runs = Vec::new();
    for _ in &ends {
        runs.push(order(&fixture, &mappings, 2).await);
    }
    for (claimed, next) in fixture.claim(owner, target, 10).await.iter().zip(ends) {
        let next = next.unwrap_or(retry(LONG));
        assert!(fixture.finish(owner, claimed.claim, next).await);
    }
    let future_ms = fixture.store.clock().now_ms() + 1_000_000;
    while !fixture.store.prune(fixture.environment, future_ms, 100).await.unwrap().is_empty() {}
    let left = fixture.deliveries().await;
    assert_eq!(left.iter().map(|listed| listed.delivery.run).collect::<Vec<_>>(), [runs[2]]);
    let spared = run(&fixture, runs[2]).await;
    assert_eq!((spared.recipients.len(), spared.deliveries.retrying), (2, 1));
    assert!(!fixture.store.has_run(fixture.environment, runs[0]).await.unwrap());
}

#[tokio::test]
async fn retention_reaches_the_runs_behind_many_that_wait_for_a_target() {
    let (fixture, paused, free) = (Fixture::new().await, trigger(TO), trigger(TO_NONE));
    fixture.target("crm", TargetRouting::of_chunks(10)).await;
    // A slice of 2 looks at 40 runs.
    for _ in 0..90 {
        order(&fixture, &paused, 1).await;
    }
    let free = order(&fixture, &free, 1).await;
    let later_ms = fixture.store.clock().now_ms() + 1_000_000;
    let mut slices = Vec::new();
    for _ in 0..4 {
        slices.push(fixture.store.prune(fixture.environment, later_ms, 2).await.unwrap());
    }
    let runs: Vec<(u64, bool)> = slices.iter().map(|slice| (slice.runs, slice.has_more_runs)).collect();
    assert_eq!(runs, [(0, true), (0, true), (1, false), (0, true)], "and then from the oldest on again");
    assert!(!fixture.store.has_run(fixture.environment, free).await.unwrap());
    assert_eq!(fixture.deliveries().await.len(), 90, "what waits is kept");
}

#[tokio::test]
async fn a_delivery_that_was_stopped_is_not_sent_after_its_owner_is_gone() {
    let (fixture, mappings) = (Fixture::new().await, trigger(TO));
    let target = fixture.target("crm", TargetRouting::of_chunks(10)).await;
    order(&fixture, &mappings, 1).await;
    let claimed = fixture.claim(Uuid::now_v7(), target, 1).await.remove(0);
    let one = SelectedDeliveries::One(claimed.delivery.id);
    assert_eq!(fixture.store.deliveries_discard(fixture.environment, one, 1, None).await.unwrap(), 1);
    let fixture = fixture.reopen().await;
    assert!(fixture.claim(Uuid::now_v7(), target, 1).await.is_empty());
    assert_eq!(fixture.deliveries().await[0].delivery.status, DeliveryStatus::Canceled);
}
