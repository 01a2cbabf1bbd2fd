//! Counting received events by type.

use super::support::{Event, Fixture};

#[tokio::test]
async fn types_are_counted_with_their_last_time() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.store.source_status(fixture.source_environment).await.unwrap().events_count, 0);
    for event_type in ["b", "a", "b", ""] {
        fixture.commit(Event::new(event_type, r#"{"data":{}}"#)).await;
    }
    let counts = fixture.store.event_types(fixture.source_environment).await.unwrap();
    let shown: Vec<_> = counts.iter().map(|count| (count.event_type.as_str(), count.count)).collect();
    assert_eq!(shown, [("a", 1), ("b", 2)], "items without a type have none to show");
    assert_eq!(counts[0].last_received_at_ms, 1_700_000_000_200);
    let status = fixture.store.source_status(fixture.source_environment).await.unwrap();
    assert_eq!((status.events_count, status.last_event_received_ms), (4, Some(1_700_000_000_200)));
}

#[tokio::test]
async fn ten_thousand_types_and_then_others() {
    let fixture = Fixture::new().await;
    let many = |range: std::ops::Range<usize>| {
        range.map(|number| Event::new("t", r#"{"data":{}}"#).prepare(&fixture).with_type(format!("type {number}")))
    };
    fixture.store.commit(fixture.job(many(0..9_999).collect())).await.unwrap();
    let fixture = fixture.reopen().await;
    let long = Event::new("t", r#"{"data":{}}"#).prepare(&fixture).with_type("x".repeat(1025));
    let mut items: Vec<_> = vec![long];
    for number in [9_999, 10_000, 10_001, 5] {
        items.push(Event::new("t", r#"{"data":{}}"#).prepare(&fixture).with_type(format!("type {number}")));
    }
    fixture.store.commit(fixture.job(items)).await.unwrap();
    let counts = fixture.store.event_types(fixture.source_environment).await.unwrap();
    assert_eq!(counts.len(), 10_001);
    let of = |event_type: &str| counts.iter().find(|count| count.event_type == event_type).map(|count| count.count);
    assert_eq!((of("type 9999"), of("type 10000"), of("type 5"), of("other")), (Some(1), None, Some(2), Some(3)));
}

trait WithType {
    fn with_type(self, event_type: String) -> Self;
}

impl WithType for inlet_core::settle::Prepared {
    fn with_type(mut self, event_type: String) -> Self {
        self.log.event_type = event_type;
        self
    }
}
