//! Skipped recipients are counted, and the last of them named.

use inlet_core::log::Outcome;
use inlet_store::{EventQuery, SkippedRecipients};

use super::support::{Event, Fixture, mapping};

#[tokio::test]
async fn skipped_recipients_are_counted_and_the_last_are_named() {
    let fixture = Fixture::new().await;
    let skipped = async || fixture.store.skipped_recipients(fixture.source_environment).await.unwrap();
    assert_eq!(skipped().await, SkippedRecipients::default());
    let parameters = r#"{"key":"k","recipients":"data.to","data":{"sum":"data.totl"}}"#;
    let mappings = [mapping("t", "workflows_trigger", parameters, 1)];
    let to = |recipients: &str| format!(r#"{{"userId":"u","data":{{"to":{recipients}}}}}"#);
    let none = fixture.commit(Event::new("t", &to(r#"["a","b"]"#)).mappings(&mappings)).await;
    assert_eq!(none.outcome, Outcome::Skipped);
    let some = fixture.commit(Event::new("t", &to(r#"[{"id":"known"},"c"]"#)).mappings(&mappings)).await;
    assert_eq!(some.outcome, Outcome::Executed);
    let all = fixture.commit(Event::new("t", &to(r#"["known"]"#)).mappings(&mappings)).await;
    let again = fixture.commit(Event::new("t", &to(r#"["a"]"#)).mappings(&mappings)).await;

    let expected = [(again.id, "a"), (some.id, "c"), (none.id, "b")].map(|(event, id)| (event, id.to_owned()));
    assert_eq!(skipped().await, SkippedRecipients { count: 4, last: expected.to_vec() });
    let stored = fixture.event(some.id).await;
    assert_eq!((stored.outcome, stored.skipped_recipients), (Outcome::Executed, 1));
    let [warning] = &stored.actions[0].warnings[..] else { panic!("{:?}", stored.actions[0].warnings) };
    assert!(warning.contains("`data.totl`"), "{warning}");
    assert_eq!(fixture.event(all.id).await.skipped_recipients, 0);
    let query =
        EventQuery { outcomes: vec![Outcome::Skipped], ..EventQuery::newest(vec![fixture.source_environment], 10) };
    let found: Vec<_> = fixture.store.events(&query).await.unwrap().items.iter().map(|event| event.id).collect();
    assert_eq!(found, [again.id, none.id]);
}

#[tokio::test]
async fn no_more_than_ten_are_named() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":"data.to"}"#, 1)];
    for event in 0..4 {
        let to: Vec<String> = (0..5).map(|recipient| format!("\"u{event}-{recipient}\"")).collect();
        let body = format!(r#"{{"userId":"u","data":{{"to":[{}]}}}}"#, to.join(","));
        fixture.commit(Event::new("t", &body).mappings(&mappings)).await;
    }
    let skipped = fixture.store.skipped_recipients(fixture.source_environment).await.unwrap();
    let named: Vec<&str> = skipped.last.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!((skipped.count, named.len(), named[0], named[9]), (20, 10, "u3-0", "u2-4"));
}
