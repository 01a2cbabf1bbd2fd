//! Texts that JSON can write and a database may not: a NUL, and half of a surrogate pair.

use inlet_core::log::Outcome;
use inlet_store::{ActionFilter, Cursor, EventQuery, RecipientFilter};

use super::support::{Event, Fixture, Unlimited, mapping};

/// Texts within JSON strings.
const ODD: [&str; 5] = [r"a\u0000b", r"a\ud800b", r"a\udc00b", r"\udc00\ud800", r"a\\u0000 \\ud800 \ud83d\ude00 b"];

#[tokio::test]
async fn they_are_stored_read_and_searched() {
    let fixture = Fixture::new().await;
    let trigger = r#"{"key":"k","recipients":"data.to","cancellation_key":"data.key","data":{"text":"data.text"}}"#;
    let cancel = r#"{"key":"k","cancellation_key":"data.key","recipients":"data.to"}"#;
    let mappings =
        [mapping("order", "workflows_trigger", trigger, 1), mapping("withdraw", "workflows_cancel", cancel, 2)];
    for odd in ODD {
        let item = format!(
            r#"{{"userId":"u","data":{{"name":"{odd} name","email":"{odd}@example.com","text":"{odd}","key":"{odd}",
                "to":[{{"id":"plain","name":"{odd} name","email":"{odd}@example.com"}},"unknown"]}}}}"#
        );
        for event_type in ["order", "withdraw"] {
            let event = Event { identifies: true, ..Event::new(event_type, &item) };
            let settled = fixture.commit(event.mappings(&mappings)).await;
            // A key that is no text is none, which a cancellation needs.
            let is_taken = settled.outcome == Outcome::Executed || event_type == "withdraw";
            assert!(is_taken, "{odd}: {settled:?}");
            let stored = fixture.event(settled.id).await;
            assert!(!stored.actions.is_empty(), "{odd}");
        }
        // What looks into stored JSON reads all of it.
        for recipient in ["plain", "unknown"] {
            let recipient = Some(RecipientFilter { collection: None, id: recipient.to_owned() });
            let query = EventQuery { recipient, ..EventQuery::newest(vec![fixture.source_environment], 10) };
            fixture.store.actions(&query, Cursor::Start, 10, &Unlimited).await.unwrap().unwrap();
            fixture.store.events(&query).await.unwrap();
        }
        let workflow = EventQuery {
            action: Some(ActionFilter { workflow: Some("k".to_owned()), ..ActionFilter::default() }),
            ..EventQuery::newest(vec![fixture.source_environment], 10)
        };
        assert!(!fixture.store.events(&workflow).await.unwrap().items.is_empty(), "{odd}");
        let found =
            fixture.store.users_by_text(fixture.environment, "name", Cursor::Start, 10, &Unlimited).await.unwrap();
        assert!(!found.unwrap().users.is_empty(), "{odd}");
        while fixture.store.continue_cancellation().await.unwrap() {}
    }
}
