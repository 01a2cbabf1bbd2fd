//! Operational events: how often they are raised, how many are kept, and their sending.

use std::time::Duration;

use inlet_core::operational::{EventEnvironment, OperationalEvent, OperationalEventType, RaiseRule};
use inlet_store::{
    Cursor, OperationalAttempt, OperationalEventQuery, OperationalEventRecord, OperationalEventStatus, Raised, Store,
};

use super::support::Fixture;

fn event(fixture: &Fixture, subject: &str) -> OperationalEvent {
    let environment = Some(EventEnvironment { id: fixture.environment, slug: "development".to_owned() });
    OperationalEvent::new(OperationalEventType::TargetDisabled, environment, subject, "it answered 410")
}

async fn list(store: &Store) -> Vec<OperationalEventRecord> {
    let query = OperationalEventQuery { environment_ids: None, event_type: None, cursor: Cursor::Start, limit: 2000 };
    store.operational_events(&query).await.unwrap().items
}

#[tokio::test]
async fn one_of_a_type_and_a_subject_is_raised_in_an_hour_over_restarts_too() {
    let fixture = Fixture::new().await;
    let raise = async |fixture: &Fixture, subject: &str, rule| {
        fixture.store.operational_event_raise(event(fixture, subject), rule).await.unwrap()
    };
    let Raised::New(first) = raise(&fixture, "target/crm", RaiseRule::Rarely).await else { panic!("it is the first") };
    assert!(matches!(raise(&fixture, "target/mail", RaiseRule::Rarely).await, Raised::New(id) if id > first));
    let fixture = fixture.reopen().await;
    for _ in 0..2 {
        let Raised::TooSoon { wait } = raise(&fixture, "target/crm", RaiseRule::Rarely).await else {
            panic!("too soon")
        };
        assert!(wait <= Duration::from_secs(3600) && wait > Duration::from_secs(3000), "{wait:?}");
    }
    assert!(matches!(raise(&fixture, "target/crm", RaiseRule::OpensCondition).await, Raised::TooSoon { .. }));
    assert_eq!(fixture.store.operational_conditions().await.unwrap(), [], "what is not raised opens nothing");
    let stored = fixture.store.operational_event(first).await.unwrap().unwrap();
    assert_eq!((stored.repeats, stored.status), (2, OperationalEventStatus::Pending));
    let Raised::New(third) = raise(&fixture, "target/crm", RaiseRule::Always).await else { panic!("always") };
    let third = fixture.store.operational_event(third).await.unwrap().unwrap();
    assert!(third.data.contains(r#""repeated":2"#), "{}", third.data);
    assert_eq!(list(&fixture.store).await.len(), 3);
}

#[tokio::test]
async fn a_condition_is_open_until_it_is_closed() {
    let fixture = Fixture::new().await;
    let opened = event(&fixture, "target/crm");
    fixture.store.operational_event_raise(opened.clone(), RaiseRule::OpensCondition).await.unwrap();
    let fixture = fixture.reopen().await;
    let open = fixture.store.operational_conditions().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].event_type, open[0].subject.as_str()), (OperationalEventType::TargetDisabled, "target/crm"));
    assert_eq!(open[0].environment_id, Some(fixture.environment));
    fixture.store.operational_conditions_close(open).await.unwrap();
    assert_eq!(fixture.store.operational_conditions().await.unwrap(), []);
}

#[tokio::test]
async fn the_newest_thousand_are_kept_and_what_was_dropped_unsent_is_told() {
    let fixture = Fixture::new().await;
    for number in 0..1000 {
        let event = event(&fixture, &format!("target/{number}"));
        fixture.store.operational_event_raise(event, RaiseRule::Rarely).await.unwrap();
    }
    // The oldest is sent, the two after it are not.
    let oldest = list(&fixture.store).await.pop().unwrap();
    fixture.store.operational_attempt_end(oldest.id, OperationalAttempt::Delivered).await.unwrap();
    for (number, dropped) in [(1000, None), (1001, Some(r#""dropped":1"#)), (1002, Some(r#""dropped":1"#))] {
        let event = event(&fixture, &format!("target/{number}"));
        fixture.store.operational_event_raise(event, RaiseRule::Rarely).await.unwrap();
        let events = list(&fixture.store).await;
        assert_eq!(events.len(), 1000);
        assert_eq!(events[0].subject, format!("target/{number}"));
        match dropped {
            Some(text) => assert!(events[0].data.contains(text), "{}", events[0].data),
            None => assert!(!events[0].data.contains("dropped"), "{}", events[0].data),
        }
    }
}

#[tokio::test]
async fn an_event_is_due_until_it_is_delivered_or_given_up_or_there_is_no_webhook() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    assert_eq!(store.operational_events_due_in().await.unwrap(), None);
    for subject in ["a", "b", "c"] {
        store.operational_event_raise(event(&fixture, subject), RaiseRule::Rarely).await.unwrap();
    }
    assert_eq!(store.operational_events_due_in().await.unwrap(), Some(Duration::ZERO));
    let due = store.operational_events_due(10).await.unwrap();
    assert_eq!(due.iter().map(|due| due.record.subject.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let reason = || "the target answered 500".to_owned();
    let attempts = [
        OperationalAttempt::Delivered,
        OperationalAttempt::Retry { after: Duration::from_secs(3600), reason: reason() },
        OperationalAttempt::Dead { reason: reason() },
    ];
    for (due, attempt) in due.iter().zip(attempts) {
        store.operational_attempt_end(due.record.id, attempt).await.unwrap();
    }
    assert_eq!(store.operational_events_due(10).await.unwrap(), []);
    assert_eq!(store.operational_events_pending().await.unwrap(), 1);
    let statuses: Vec<_> = list(store).await.iter().map(|event| event.status).collect();
    use OperationalEventStatus::{Dead, Delivered, Pending, Unsent};
    assert_eq!(statuses, [Dead, Pending, Delivered]);
    store.operational_events_leave_unsent().await.unwrap();
    let events = list(store).await;
    assert_eq!(events.iter().map(|event| event.status).collect::<Vec<_>>(), [Dead, Unsent, Delivered]);
    assert_eq!(events.iter().map(|event| event.attempts).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(store.operational_events_pending().await.unwrap(), 0);
}
